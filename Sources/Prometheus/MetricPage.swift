import Synchronization

/// A page of metrics that is kept written out: objects bring their samples when they change, and a scrape copies.
///
/// A scrape sees every object as it was at one moment; an object that leaves takes all of its series with it at once.
package final class MetricPage: Sendable {
    private struct State {
        var families: [String: FamilyBlocks] = [:]
        /// In which families each source has lines.
        var sources: [SampleSource: Set<String>] = [:]
        /// How many lines there are, by aspect.
        var lineCounts: [String: Int] = [:]
        /// By family.
        var dropped: [String: Int] = [:]
    }

    private struct Header: Sendable {
        let plain: [UInt8]
        let compressed: DeflatePiece
    }

    private let definitions: [String: MetricDefinition]
    private let headers: [ExpositionFormat: [String: Header]]
    private let endings: [ExpositionFormat: DeflatePiece]
    private let familyLimit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - definitions: every metric that samples may be of; those of another are dropped.
    ///   - familyLimit: series that a family may have; a source whose lines would exceed it has none there.
    package init(_ definitions: [MetricDefinition], familyLimit: Int = .max) {
        self.familyLimit = familyLimit
        self.definitions = Dictionary(definitions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var headers: [ExpositionFormat: [String: Header]] = [:]
        var endings: [ExpositionFormat: DeflatePiece] = [:]
        for format in ExpositionFormat.allCases {
            endings[format] = DeflatePiece(storing: format.ending)
            for definition in definitions {
                let plain = definition.header(format)
                headers[format, default: [:]][definition.name] = Header(
                    plain: plain, compressed: DeflatePiece(compressing: plain))
            }
        }
        self.headers = headers
        self.endings = endings
    }

    /// Puts a source's samples in place of its former ones. What is the same stays as it is.
    package func set(_ source: SampleSource, _ samples: SampleSet) {
        state.withLock { set(source, samples, &$0) }
    }

    /// Changes many sources at one moment: no scrape sees some of it. Sources that are nil leave.
    package func replace(_ changes: [SampleSource: SampleSet?]) {
        state.withLock { state in
            for (source, samples) in changes { set(source, samples ?? SampleSet(), &state) }
        }
    }

    private func set(_ source: SampleSource, _ samples: SampleSet, _ state: inout State) {
        var names: Set<String> = []
        for (name, lines) in samples.lines where definitions[name] != nil {
            let free = familyLimit - (state.families[name]?.lineCount ?? 0)
            // Lines are counted only where it may be too many.
            if free < lines.count {
                let (count, former) = (lines.count { $0 == 0x0A }, state.families[name]?.lineCount(of: source) ?? 0)
                guard count - former <= free else {
                    state.dropped[name, default: 0] += count
                    continue
                }
            }
            names.insert(name)
            lay(lines, of: source, in: name, &state)
        }
        for name in state.sources[source] ?? [] where !names.contains(name) { lay(nil, of: source, in: name, &state) }
        state.sources[source] = names.isEmpty ? nil : names
    }

    private func lay(_ lines: [UInt8]?, of source: SampleSource, in name: String, _ state: inout State) {
        let before = state.families[name]?.lineCount ?? 0
        state.families[name, default: FamilyBlocks()].set(source, lines)
        let change = (state.families[name]?.lineCount ?? 0) - before
        if change != 0 { state.lineCounts[source.aspect, default: 0] += change }
    }

    /// Takes every sample of these objects away at once.
    package func remove(objects: Set<String>) {
        state.withLock { state in
            for source in state.sources.keys where objects.contains(source.object) {
                set(source, SampleSet(), &state)
            }
        }
    }

    /// How often a series was left out since this page was made, by family; each family is there.
    package var dropped: [String: Int] {
        state.withLock { $0.dropped }.merging(definitions.keys.map { ($0, 0) }) { count, _ in count }
    }

    /// How many series there are.
    package var seriesCount: Int { state.withLock { $0.families.values.reduce(0) { $0 + $1.lineCount } } }

    /// The same, by the aspect of their sources.
    package var seriesCounts: [String: Int] { state.withLock { $0.lineCounts } }

    /// Compresses what changed since the last time. Meant for a task of its own, once in a second at most: a scrape in
    /// between sends changed blocks uncompressed rather than wait.
    package func compress() {
        let dirty = state.withLock { state in
            state.families.flatMap { name, family in
                family.blocks.enumerated().filter { $0.element.compressed == nil }.map {
                    (name: name, index: $0.offset, version: $0.element.version, bytes: $0.element.bytes)
                }
            }
        }
        for block in dirty {
            let piece = DeflatePiece(compressing: block.bytes)
            state.withLock { $0.families[block.name]?.settle(block.index, version: block.version, piece) }
        }
    }

    /// The page.
    /// - Parameters:
    ///   - fresh: families that are made for this scrape, such as what the process says of itself.
    ///   - isCached: whether what is compressed already is copied; else the page is compressed in one piece.
    ///   - filter: which families are wanted.
    package func render(
        _ format: ExpositionFormat, gzip: Bool, fresh: [MetricFamily] = [], isCached: Bool = true,
        filter: (String) -> Bool = { _ in true }
    ) -> [UInt8] {
        let families = state.withLock { $0.families }.filter { !$0.value.blocks.isEmpty && filter($0.key) }
        let fresh = Dictionary(
            fresh.filter { !$0.isEmpty && filter($0.name) && families[$0.name] == nil }.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first })
        let names = (Array(families.keys) + fresh.keys).sorted()
        if gzip, isCached { return compressed(names, families, fresh, format) }
        let page = plain(names, families, fresh, format)
        guard gzip else { return page }
        var member = GzipMember()
        member.append(DeflatePiece(compressing: page))
        return member.finished()
    }

    private func plain(
        _ names: [String], _ families: [String: FamilyBlocks], _ fresh: [String: MetricFamily],
        _ format: ExpositionFormat
    ) -> [UInt8] {
        var page: [UInt8] = []
        page.reserveCapacity(families.values.reduce(64 * 1024) { $0 + $1.byteCount + 256 })
        for name in names {
            if let family = families[name], let header = headers[format]?[name] {
                page.append(contentsOf: header.plain)
                for block in family.blocks { page.append(contentsOf: block.bytes) }
            } else if let family = fresh[name] {
                page.append(contentsOf: family.rendered(format))
            }
        }
        page.append(contentsOf: format.ending)
        return page
    }

    private func compressed(
        _ names: [String], _ families: [String: FamilyBlocks], _ fresh: [String: MetricFamily],
        _ format: ExpositionFormat
    ) -> [UInt8] {
        var member = GzipMember()
        member.reserve(
            families.values.reduce(32 * 1024) { total, family in
                total + family.blocks.reduce(256) { $0 + ($1.compressed?.bytes.count ?? $1.bytes.count + 16) }
            })
        for name in names {
            if let family = families[name], let header = headers[format]?[name] {
                member.append(header.compressed)
                for block in family.blocks { member.append(block.compressed ?? DeflatePiece(storing: block.bytes)) }
            } else if let family = fresh[name] {
                member.append(DeflatePiece(compressing: family.rendered(format), level: 1))
            }
        }
        if let ending = endings[format] { member.append(ending) }
        return member.finished()
    }
}
