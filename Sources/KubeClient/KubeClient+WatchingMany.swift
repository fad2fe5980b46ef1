import HTTPTransport
import KubeObjects
import Logging

/// What is watched of a kind, in all namespaces.
package struct WatchedKind: Sendable, Hashable {
    let type: ResourceType
    let labelSelector: LabelSelector
    let metadataOnly: Bool

    package init(_ type: ResourceType, labelSelector: LabelSelector = LabelSelector(), metadataOnly: Bool = false) {
        self.type = type
        self.labelSelector = labelSelector
        self.metadataOnly = metadataOnly
    }
}

extension KubeClient {
    /// Watches several kinds as `watch` does one, in a single task: where thousands of watches are quiet, a task for
    /// each would be most of what they cost. `receive` is told one event at a time, of each kind in order, and no server
    /// sends more than a stream's credit ahead of it. Of a kind that is named twice the last counts. Ends by cancellation
    /// only, or by what `receive` throws.
    package func watch(
        _ kinds: [WatchedKind], receive: (ResourceType, WatchEvent) async throws -> Void
    ) async throws {
        var set = WatchSet(kinds, client: self)
        let (signals, mailbox) = AsyncStream.makeStream(of: WatchSet.Signal.self)
        try await withThrowingDiscardingTaskGroup { group in
            // What a watch needs next may take a while; the others go on meanwhile.
            func prepare(_ preparation: WatchSet.Preparation) {
                group.addTask { mailbox.yield(await preparation.run()) }
            }
            for preparation in set.begin() { prepare(preparation) }
            for await signal in signals {
                if let preparation = try await set.take(signal, mailbox, receive) { prepare(preparation) }
            }
            group.cancelAll()
        }
        try Task.checkCancellation()
    }
}

/// Several watches of one API server: what each waits for, and what it wants next.
struct WatchSet {
    /// Large ones stand elsewhere: a mailbox keeps the room that it once needed.
    enum Signal: Sendable {
        indirect case listed(ResourceType, ListResult)
        indirect case prepared(ResourceType, HTTPRequest)
        case failed(ResourceType, any Error)
        /// From the stream that was opened with this number.
        case stream(ResourceType, Int, StreamSignal)
    }

    /// What a watch needs before it can go on.
    struct Preparation: Sendable {
        let kind: WatchedKind
        let step: WatchMachine.Step
        let client: KubeClient

        func run() async -> Signal {
            let type = kind.type
            do {
                switch step {
                case .list(let delay):
                    if delay > .zero { try await client.sleep(delay) }
                    let list = try await client.list(
                        type, namespace: nil, labelSelector: kind.labelSelector, metadataOnly: kind.metadataOnly)
                    return .listed(type, list)
                case .watch(let version, let delay):
                    if delay > .zero { try await client.sleep(delay) }
                    let call = Call.watch(
                        type, since: version, labelSelector: kind.labelSelector, metadataOnly: kind.metadataOnly)
                    return .prepared(type, try await client.request(call))
                }
            } catch {
                return .failed(type, error)
            }
        }
    }

    private struct Watch {
        let kind: WatchedKind
        var machine = WatchMachine()
        var splitter = LineSplitter()
        var stream: (any OpenStream)?
        /// Of the stream that is listened to: what an earlier one still says is not heard.
        var number = 0
        /// Of a refusal, whose text is collected.
        var refusal: (status: Int, headers: HTTPHeaders, body: [UInt8])?
    }

    private let client: KubeClient
    private var watches: [ResourceType: Watch]

    /// Of a refusal's text no more is read, in bytes.
    private static let refusalLimit = 1 << 16

    init(_ kinds: [WatchedKind], client: KubeClient) {
        self.client = client
        watches = Dictionary(kinds.map { ($0.type, Watch(kind: $0)) }) { $1 }
    }

    func begin() -> [Preparation] { watches.keys.compactMap(next) }

    private func next(_ type: ResourceType) -> Preparation? {
        guard let watch = watches[type] else { return nil }
        return Preparation(
            kind: watch.kind, step: watch.machine.next(jitter: Double.random(in: 0..<1)), client: client)
    }

    /// Takes note of a signal; gives what is to be prepared because of it.
    mutating func take(
        _ signal: Signal, _ mailbox: AsyncStream<Signal>.Continuation,
        _ receive: (ResourceType, WatchEvent) async throws -> Void
    ) async throws -> Preparation? {
        switch signal {
        case .listed(let type, let list):
            watches[type]?.machine.listed(resourceVersion: list.resourceVersion)
            try await receive(type, .relisted(list.items, resourceVersion: list.resourceVersion))
            return next(type)
        case .prepared(let type, let request):
            open(type, request, mailbox)
            return nil
        case .failed(let type, let error):
            let failure = try await client.interruption(error, of: type)
            watches[type]?.machine.failed(failure)
            return next(type)
        case .stream(let type, let number, let signal):
            guard watches[type]?.number == number else { return nil }
            do {
                return try await take(type, signal, receive) ? next(type) : nil
            } catch let error as StreamEnd {
                close(type)
                let failure = try await client.interruption(error.cause, of: type)
                watches[type]?.machine.failed(failure)
                return next(type)
            }
        }
    }

    private mutating func open(
        _ type: ResourceType, _ request: HTTPRequest, _ mailbox: AsyncStream<Signal>.Continuation
    ) {
        let number = (watches[type]?.number ?? 0) + 1
        watches[type]?.number = number
        watches[type]?.splitter = LineSplitter()
        let stream = client.transport.open(request) { mailbox.yield(.stream(type, number, $0)) }
        watches[type]?.stream = stream
    }

    private mutating func close(_ type: ResourceType) {
        watches[type]?.number += 1
        watches[type]?.stream = nil
        watches[type]?.refusal = nil
    }

    /// True when the stream is over as it should be.
    private mutating func take(
        _ type: ResourceType, _ signal: StreamSignal, _ receive: (ResourceType, WatchEvent) async throws -> Void
    ) async throws -> Bool {
        switch signal {
        case .head(let status, let headers):
            if status != 200 { watches[type]?.refusal = (status, headers, []) }
            return false
        case .chunk(let bytes):
            try await take(type, bytes, receive)
            watches[type]?.stream?.took(bytes.count)
            return false
        case .end(let error):
            if let refusal = watches[type]?.refusal {
                let response = HTTPResponse(status: refusal.status, headers: refusal.headers, body: refusal.body)
                throw StreamEnd(cause: KubeError(response, request: "GET \(type.path(namespace: nil))"))
            }
            if let error { throw StreamEnd(cause: error) }
            close(type)
            watches[type]?.machine.ended()
            return true
        }
    }

    private mutating func take(
        _ type: ResourceType, _ bytes: [UInt8], _ receive: (ResourceType, WatchEvent) async throws -> Void
    ) async throws {
        if let body = watches[type]?.refusal?.body {
            if body.count < Self.refusalLimit { watches[type]?.refusal?.body.append(contentsOf: bytes) }
            return
        }
        guard let lines = watches[type]?.splitter.append(bytes) else {
            throw StreamEnd(cause: KubeError(.malformed, "\(type): a line of the watch is too long"))
        }
        for line in lines {
            guard let json = client.watchLine(line, of: type) else { continue }
            let event: WatchEvent?
            do {
                event = try watches[type]?.machine.received(json, type: type)
            } catch {
                throw StreamEnd(cause: error)
            }
            if let event { try await receive(type, event) }
        }
    }

    /// The end of one stream, as opposed to what a consumer throws, which ends them all.
    private struct StreamEnd: Error {
        let cause: any Error
    }
}
