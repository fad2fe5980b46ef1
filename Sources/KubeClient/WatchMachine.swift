import KubeObjects

/// What a watch tells its consumer.
package enum WatchEvent: Sendable {
    /// Everything there is; what the consumer knew and is not here is gone.
    case relisted([KubeObject], resourceVersion: String)
    case changed(KubeObject)
    case deleted(KubeObject)
}

/// Why a watch lost its place, so that everything has to be listed again.
package enum RelistReason: String, Sendable, Hashable, CaseIterable {
    /// The server has forgotten the place (410): it was away for long, or compacted in between.
    case expired
    /// The server refused, in a way that it would only repeat.
    case refused
}

/// A watch as a state machine: list, watch from there, resume where a stream ended, list again when the server has
/// forgotten that place. Pure: it says what to do next and is told how it went.
struct WatchMachine: Sendable {
    enum State: Sendable, Equatable {
        /// Nothing is known: next is `watching`.
        case listing
        /// Everything up to `resourceVersion` was told: next is `watching` again, or `listing` after a 410.
        case watching(resourceVersion: String)
    }

    enum Step: Sendable, Equatable {
        case list(after: Duration)
        case watch(resourceVersion: String, after: Duration)
    }

    private(set) var state = State.listing
    /// In a row, without an event in between.
    private var failures = 0
    /// How often in a row the server had forgotten our place, without an event in between.
    private var relists = 0
    /// Whether the stream that is open, or was last, said anything.
    private var hasSpoken = false

    /// Delays double from here to the most; `jitter` in 0..<1 spreads them over the upper half.
    static let firstDelay = Duration.milliseconds(200)
    static let longestDelay = Duration.seconds(30)
    /// Streams that end without a word, as they do where nothing happens, are opened again within two seconds.
    private static let silentFailures = 4

    func next(jitter: Double) -> Step {
        let delay = delay(jitter: jitter)
        switch state {
        case .listing: return .list(after: delay)
        case .watching(let version): return .watch(resourceVersion: version, after: delay)
        }
    }

    private func delay(jitter: Double) -> Duration {
        guard failures > 0 else { return .zero }
        let full = min(Self.firstDelay * (1 << min(failures - 1, 16)), Self.longestDelay)
        return full * (0.5 + jitter / 2)
    }

    mutating func listed(resourceVersion: String) {
        state = .watching(resourceVersion: resourceVersion)
        failures = 0
        hasSpoken = false
    }

    /// A line of the stream. Nil when there is nothing to tell: a bookmark, or a line that is no event.
    mutating func received(_ line: JSON, type: ResourceType) throws(KubeError) -> WatchEvent? {
        let object = KubeObject(line["object"] ?? .null).identified(as: type)
        switch line["type"]?.string {
        case "ADDED", "MODIFIED":
            advance(to: object.resourceVersion)
            return .changed(object)
        case "DELETED":
            advance(to: object.resourceVersion)
            return .deleted(object)
        case "BOOKMARK":
            advance(to: object.resourceVersion)
            return nil
        case "ERROR": throw KubeError(watchStatus: line["object"] ?? .null)
        default: return nil
        }
    }

    private mutating func advance(to version: String) {
        guard !version.isEmpty else { return }
        state = .watching(resourceVersion: version)
        failures = 0
        relists = 0
        hasSpoken = true
    }

    /// The server ended the stream as it does after its timeout.
    mutating func ended() {
        // One that ends as soon as it is opened must not be opened in a circle.
        failures = hasSpoken ? 0 : min(failures + 1, Self.silentFailures)
        hasSpoken = false
    }

    /// A place that was forgotten, and any refusal that would only be repeated, is left by listing again.
    /// - Returns: why, where there was a place that is lost by it.
    @discardableResult
    mutating func failed(_ error: KubeError) -> RelistReason? {
        hasSpoken = false
        let hadPlace = state != .listing
        guard error.isGone else {
            failures += 1
            guard !error.isRetryable else { return nil }
            state = .listing
            return hadPlace ? .refused : nil
        }
        state = .listing
        // The list is wanted at once; only a server that answers 410 again and again is given time.
        failures = relists
        relists += 1
        return hadPlace ? .expired : nil
    }
}

/// Splits a stream of bytes into lines; a line, or a character, may come in several pieces.
struct LineSplitter: Sendable {
    private var pending: [UInt8] = []
    /// No object is larger than etcd takes; a line beyond this is no event.
    static let limit = 32 * 1024 * 1024

    /// The lines that are complete now. Nil when a line grew beyond the limit.
    mutating func append(_ bytes: [UInt8]) -> [[UInt8]]? {
        var lines: [[UInt8]] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            let line = pending + rest[..<end]
            pending = []
            if !line.isEmpty { lines.append(line) }
            rest = rest[(end + 1)...]
        }
        pending += rest
        return pending.count <= Self.limit ? lines : nil
    }
}
