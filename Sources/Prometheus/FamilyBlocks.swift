/// Whose samples they are, and where they stand in a page: by object, then by what was asked of it.
package struct SampleSource: Sendable, Hashable, Comparable {
    package let object: String
    package let aspect: String

    package init(_ object: String, _ aspect: String) {
        self.object = object
        self.aspect = aspect
    }

    package static func < (left: SampleSource, right: SampleSource) -> Bool {
        (left.object, left.aspect) < (right.object, right.aspect)
    }
}

/// The samples of one family, in order of their sources, in blocks: a change rewrites one block, and only that one is
/// compressed again.
struct FamilyBlocks: Sendable {
    /// Sources in a block, at most: ten kilobytes or so compress nearly as well as the whole (measured: 8.7 times in
    /// blocks of 64, 8.9 times in one piece).
    static let blockSize = 64

    struct Block: Sendable {
        var entries: [Entry] = []
        var bytes: [UInt8] = []
        /// Nil since the last change.
        var compressed: DeflatePiece?
        /// Another one after each change, of any block.
        var version: UInt64 = 0

        struct Entry: Sendable {
            let source: SampleSource
            /// Where its lines end in `bytes`.
            var end: Int
            var lineCount: Int
        }
    }

    private(set) var blocks: [Block] = []
    private(set) var lineCount = 0
    private var version: UInt64 = 0

    var byteCount: Int { blocks.reduce(0) { $0 + $1.bytes.count } }

    /// How many lines of it are a source's.
    func lineCount(of source: SampleSource) -> Int {
        let index = blockIndex(for: source)
        guard index < blocks.count else { return 0 }
        let place = Self.place(of: source, in: blocks[index].entries)
        return place.isThere ? blocks[index].entries[place.position].lineCount : 0
    }

    /// Lays a source's lines where they belong, in place of those that were there; nil takes them away.
    mutating func set(_ source: SampleSource, _ lines: [UInt8]?) {
        let index = blockIndex(for: source)
        if index == blocks.count {
            guard lines != nil else { return }
            blocks.append(Block())
        }
        let place = Self.place(of: source, in: blocks[index].entries)
        let start = place.position == 0 ? 0 : blocks[index].entries[place.position - 1].end
        let end = place.isThere ? blocks[index].entries[place.position].end : start
        guard lines != nil || place.isThere else { return }
        let added = lines ?? []
        if place.isThere, lines != nil, blocks[index].bytes[start..<end] == added[...] { return }
        let count = added.count { $0 == 0x0A }
        lineCount += count - (place.isThere ? blocks[index].entries[place.position].lineCount : 0)
        blocks[index].bytes.replaceSubrange(start..<end, with: added)
        let entry = Block.Entry(source: source, end: start + added.count, lineCount: count)
        switch (place.isThere, lines != nil) {
        case (true, true): blocks[index].entries[place.position] = entry
        case (true, false): blocks[index].entries.remove(at: place.position)
        default: blocks[index].entries.insert(entry, at: place.position)
        }
        let shift = added.count - (end - start)
        let first = place.position + (lines == nil ? 0 : 1)
        for later in first..<max(first, blocks[index].entries.count) { blocks[index].entries[later].end += shift }
        touch(index)
        if blocks[index].entries.isEmpty {
            blocks.remove(at: index)
        } else if blocks[index].entries.count > Self.blockSize {
            split(index)
        }
    }

    /// Takes over what a block compresses to, unless it changed in the meantime.
    mutating func settle(_ index: Int, version: UInt64, _ piece: DeflatePiece) {
        guard blocks.indices.contains(index), blocks[index].version == version else { return }
        blocks[index].compressed = piece
    }

    private mutating func touch(_ index: Int) {
        version += 1
        blocks[index].version = version
        blocks[index].compressed = nil
    }

    private mutating func split(_ index: Int) {
        let half = blocks[index].entries.count / 2
        let cut = blocks[index].entries[half - 1].end
        var upper = Block()
        upper.bytes = Array(blocks[index].bytes[cut...])
        upper.entries = blocks[index].entries[half...].map {
            Block.Entry(source: $0.source, end: $0.end - cut, lineCount: $0.lineCount)
        }
        blocks[index].bytes.removeSubrange(cut...)
        blocks[index].entries.removeSubrange(half...)
        blocks.insert(upper, at: index + 1)
        touch(index)
        touch(index + 1)
    }

    /// The block that the source is in or belongs into: the first whose last source does not stand before it, else the
    /// last of all.
    private func blockIndex(for source: SampleSource) -> Int {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            if let last = blocks[middle].entries.last, last.source < source { low = middle + 1 } else { high = middle }
        }
        return low == blocks.count && low > 0 ? low - 1 : low
    }

    private static func place(of source: SampleSource, in entries: [Block.Entry]) -> (position: Int, isThere: Bool) {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].source < source { low = middle + 1 } else { high = middle }
        }
        return (low, low < entries.count && entries[low].source == source)
    }
}
