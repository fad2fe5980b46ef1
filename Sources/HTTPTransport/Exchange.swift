import Synchronization

/// One request and what has come back for it so far: written by the transfer's thread, read by one consumer.
final class Exchange: Recipient {
    enum Delivery: Sendable {
        /// The consumer wants the whole response at once.
        case whole
        /// The consumer takes the body piece by piece.
        case stream
    }

    /// A streamed body waits here up to so many bytes; then the transfer pauses until half of it was taken.
    static let streamBufferLimit = 256 * 1024
    /// A whole body larger than this is refused. A page of 500 large objects stays far below it.
    static let wholeBodyLimit = 512 * 1024 * 1024

    let request: HTTPRequest
    let delivery: Delivery
    /// Whether a streamed body's sender has credit, which is given back as the consumer takes; otherwise a transfer is
    /// paused and resumed.
    let paysOnTaking: Bool
    private let state = Mutex(State())

    fileprivate struct State {
        var head: ResponseHead?
        var chunks: [[UInt8]] = []
        var buffered = 0
        var trailers = HTTPHeaders()
        var measurement: HTTPMeasurement?
        var isPaused = false
        /// Taken by the consumer, and not given back to the sender as credit yet.
        var owed = 0
        var end: Result<Void, any Error>?
        var waiter: Waiter?
    }

    fileprivate enum Awaited { case head, chunk, end }

    fileprivate struct Waiter {
        let awaited: Awaited
        let continuation: CheckedContinuation<Void, Never>
    }

    init(_ request: HTTPRequest, delivery: Delivery, onCredit: Bool = false) {
        self.request = request
        self.delivery = delivery
        paysOnTaking = onCredit && delivery == .stream
    }

    var repeatable: HTTPRequest? { request }
}

/// The transfer's side.
extension Exchange {
    func receive(_ head: ResponseHead) {
        update { $0.head = head }
    }

    func receive(trailer: HTTPHeaders.Field) {
        state.withLock { $0.trailers.fields.append(trailer) }
    }

    func receive(_ measurement: HTTPMeasurement) {
        state.withLock { $0.measurement = measurement }
    }

    /// Takes a piece of the body, or refuses it for now: `paused` means that the same piece must be offered again
    /// after the consumer asked for more.
    func offer(_ bytes: UnsafeRawBufferPointer) -> Acceptance {
        var acceptance = Acceptance.accepted
        update { state in
            switch delivery {
            case .whole:
                guard state.buffered + bytes.count <= request.bodyLimit ?? Self.wholeBodyLimit else {
                    acceptance = .refused
                    return
                }
                if state.chunks.isEmpty { state.chunks.append([]) }
                state.chunks[0].append(contentsOf: bytes)
            case .stream:
                guard state.buffered == 0 || state.buffered + bytes.count <= Self.streamBufferLimit else {
                    acceptance = .paused
                    state.isPaused = true
                    return
                }
                state.chunks.append(Array(bytes))
            }
            state.buffered += bytes.count
        }
        return acceptance
    }

    /// Ends the exchange; the first end stands.
    func finish(_ result: Result<Void, any Error>) {
        update { state in
            if state.end == nil { state.end = result }
        }
    }

    private func update(_ change: (inout State) -> Void) {
        let waiter: Waiter? = state.withLock { state in
            change(&state)
            guard let waiter = state.waiter, state.satisfies(waiter.awaited) else { return nil }
            state.waiter = nil
            return waiter
        }
        waiter?.continuation.resume()
    }
}

/// The consumer's side. One consumer at a time.
extension Exchange {
    func response() async throws -> HTTPResponse {
        await wait(for: .end)
        return try state.withLock { state in
            try state.end?.get()
            let head = state.head ?? ResponseHead(status: 0)
            return HTTPResponse(
                status: head.status, headers: head.headers, body: state.chunks.first ?? [], trailers: state.trailers,
                measurement: state.measurement)
        }
    }

    func head() async throws -> ResponseHead {
        await wait(for: .head)
        return try state.withLock { state in
            if let head = state.head { return head }
            try state.end?.get()
            return ResponseHead(status: 0)
        }
    }

    /// The next piece, nil at the end; and whether the transfer waits to be resumed, or to be paid.
    func chunk() async throws -> (chunk: [UInt8]?, wantsMore: Bool) {
        await wait(for: .chunk)
        return try state.withLock { state in
            // What arrived before the connection broke is still delivered, unless the consumer itself gave up.
            if case .failure(let error) = state.end, state.chunks.isEmpty || error.isCancellation { throw error }
            guard !state.chunks.isEmpty else { return (nil, false) }
            let chunk = state.chunks.removeFirst()
            state.buffered -= chunk.count
            state.owed += chunk.count
            if paysOnTaking { return (chunk, state.owed >= Self.streamBufferLimit / 4) }
            let wantsMore = state.isPaused && state.buffered <= Self.streamBufferLimit / 2
            if wantsMore { state.isPaused = false }
            return (chunk, wantsMore)
        }
    }

    /// What the sender is to be given back now, in bytes.
    func collectOwed() -> Int {
        state.withLock { state in
            defer { state.owed = 0 }
            return state.owed
        }
    }

    private func wait(for awaited: Awaited) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isReady = state.withLock { state in
                // A second consumer would find the first one's continuation here; neither may be lost.
                if state.satisfies(awaited) || state.waiter != nil { return true }
                state.waiter = Waiter(awaited: awaited, continuation: continuation)
                return false
            }
            if isReady { continuation.resume() }
        }
    }
}

extension Exchange.State {
    fileprivate func satisfies(_ awaited: Exchange.Awaited) -> Bool {
        switch awaited {
        case .head: head != nil || end != nil
        case .chunk: !chunks.isEmpty || end != nil
        case .end: end != nil
        }
    }
}

extension Error {
    /// Whether it was the consumer who gave up.
    fileprivate var isCancellation: Bool { (self as? HTTPTransportError)?.code == .cancelled }
}
