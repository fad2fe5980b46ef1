import Synchronization

/// Requests over HTTP/2 on libnghttp2 and libssl: one connection an origin, on which a quiet stream costs two kilobytes,
/// where libcurl's costs twenty. What it does not carry (plain HTTP, proxies, servers without HTTP/2) goes to libcurl. One
/// thread drives all connections. Letting go of the transport ends it like `shutdown()`.
package final class HTTP2Transport: HTTPTransport {
    private let loop = HTTP2Loop()
    private let others: any HTTPTransport

    /// - Parameter others: carries what this one does not.
    package init(others: some HTTPTransport = CurlTransport()) {
        self.others = others
        loop.start()
    }

    deinit { loop.shutdown() }

    /// Fails everything in flight here, and every later request, with `.shutDown`; closes all connections. Returns at
    /// once. What the other transport carries is its own matter.
    package func shutdown() { loop.shutdown() }

    /// Whether the request is worth trying here.
    private func carries(_ request: HTTPRequest) -> Bool { Origin(request).map { !loop.isHTTP1Only($0) } ?? false }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard carries(request) else { return try await others.send(request) }
        let exchange = Exchange(request, delivery: .whole)
        let serial = loop.begin(request, exchange)
        do {
            return try await withTaskCancellationHandler {
                try await exchange.response()
            } onCancel: {
                loop.send(.cancel(serial))
            }
        } catch is HTTP1Only {
            return try await others.send(request)
        }
    }

    package func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        guard carries(request) else { return try await others.stream(request) }
        let exchange = Exchange(request, delivery: .stream, onCredit: true)
        let reader = StreamReader(exchange, loop, loop.begin(request, exchange))
        do {
            let head = try await withTaskCancellationHandler {
                try await exchange.head()
            } onCancel: {
                reader.cancel()
            }
            return HTTPStreamingResponse(
                status: head.status, headers: head.headers, body: HTTPBody { try await reader.next() })
        } catch is HTTP1Only {
            return try await others.stream(request)
        }
    }

    package func open(
        _ request: HTTPRequest, _ receive: @escaping @Sendable (StreamSignal) -> Void
    ) -> any OpenStream {
        guard carries(request) else { return others.open(request, receive) }
        let stream = ListenedStream(loop)
        let others = others
        stream.begin(
            request,
            Listener(receive) { [weak stream] in
                // The server turned out to have no HTTP/2.
                stream?.replace(with: others.open(request, receive))
            })
        return stream
    }
}

/// The consumer's end of a streamed body. When the last reference to it goes, so does the request.
private final class StreamReader: Sendable {
    private let exchange: Exchange
    private let loop: HTTP2Loop
    private let serial: UInt64

    init(_ exchange: Exchange, _ loop: HTTP2Loop, _ serial: UInt64) {
        self.exchange = exchange
        self.loop = loop
        self.serial = serial
    }

    deinit { cancel() }

    func cancel() { loop.send(.cancel(serial)) }

    func next() async throws -> [UInt8]? {
        let (chunk, isOwed) = try await withTaskCancellationHandler {
            try await exchange.chunk()
        } onCancel: {
            cancel()
        }
        if isOwed { loop.send(.pay(serial, exchange.collectOwed())) }
        return chunk
    }
}

/// Passes on what comes.
private final class Listener: Recipient {
    private let receive: @Sendable (StreamSignal) -> Void
    /// Until it is known that the server speaks HTTP/2: it holds the whole request.
    private let goElsewhere: Mutex<(@Sendable () -> Void)?>
    private let isOver = Atomic(false)

    init(_ receive: @escaping @Sendable (StreamSignal) -> Void, goElsewhere: @escaping @Sendable () -> Void) {
        self.receive = receive
        self.goElsewhere = Mutex(goElsewhere)
    }

    var paysOnTaking: Bool { true }
    /// A watch knows best where to take up again.
    var repeatable: HTTPRequest? { nil }

    func receive(_ head: ResponseHead) {
        goElsewhere.withLock { $0 = nil }
        receive(.head(status: head.status, headers: head.headers))
    }

    func offer(_ bytes: UnsafeRawBufferPointer) -> Acceptance {
        receive(.chunk(Array(bytes)))
        return .accepted
    }

    func receive(trailer: HTTPHeaders.Field) {}

    func finish(_ result: Result<Void, any Error>) {
        guard isOver.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
        switch result {
        case .success: receive(.end(nil))
        case .failure(is HTTP1Only): goElsewhere.withLock { $0.take() }?()
        case .failure(let error): receive(.end(error))
        }
    }
}

/// A stream of this transport's, or the other's once it has gone there.
private final class ListenedStream: OpenStream {
    private struct State {
        var serial: UInt64 = 0
        var other: (any OpenStream)?
        var isCancelled = false
        /// Taken and not paid yet, in bytes: a command for each small piece would cost more than it is worth.
        var owed = 0
    }

    private let loop: HTTP2Loop
    private let state = Mutex(State())

    init(_ loop: HTTP2Loop) { self.loop = loop }

    deinit { cancel() }

    func begin(_ request: HTTPRequest, _ listener: Listener) {
        let serial = loop.begin(request, listener)
        state.withLock { $0.serial = serial }
    }

    func replace(with other: any OpenStream) {
        let isLate = state.withLock { state in
            state.other = other
            return state.isCancelled
        }
        if isLate { other.cancel() }
    }

    func took(_ count: Int) {
        let (other, owed, serial) = state.withLock { state -> ((any OpenStream)?, Int, UInt64) in
            state.owed += count
            guard state.other != nil || state.owed >= Exchange.streamBufferLimit / 4 else { return (nil, 0, 0) }
            defer { state.owed = 0 }
            return (state.other, state.owed, state.serial)
        }
        guard owed > 0 else { return }
        if let other { other.took(owed) } else { loop.send(.pay(serial, owed)) }
    }

    func cancel() {
        let (other, serial) = state.withLock { state in
            state.isCancelled = true
            return (state.other, state.serial)
        }
        if let other { other.cancel() } else { loop.send(.cancel(serial)) }
    }
}
