/// Requests on libcurl. One thread drives every transfer of one transport; requests to one origin with equal TLS
/// settings share a connection, over HTTP/2 many at a time. Letting go of the transport ends it like `shutdown()`.
package final class CurlTransport: HTTPTransport {
    private let loop: TransferLoop

    /// - Parameter maxConnectionsPerHost: how many connections the whole responses to one host share when it speaks
    ///   HTTP/1.1; further requests wait. Streams do not count against it: a watch holds its connection for minutes.
    /// - Parameter keptConnections: how many connections to all hosts together stay open for a next request; those that
    ///   were used longest ago make room. Nil leaves it to libcurl: four for each request under way.
    package init(maxConnectionsPerHost: Int = 8, keptConnections: Int? = nil) {
        loop = TransferLoop(maxConnectionsPerHost: maxConnectionsPerHost, keptConnections: keptConnections)
        loop.start()
    }

    deinit { loop.shutdown() }

    /// Fails everything in flight, and every later request, with `.shutDown`; closes all connections. Returns at once.
    package func shutdown() { loop.shutdown() }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let exchange = Exchange(request, delivery: .whole)
        loop.begin(exchange)
        return try await withTaskCancellationHandler {
            try await exchange.response()
        } onCancel: {
            loop.cancel(exchange)
        }
    }

    package func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        let exchange = Exchange(request, delivery: .stream)
        loop.begin(exchange)
        let reader = BodyReader(exchange, loop)
        let head = try await withTaskCancellationHandler {
            try await exchange.head()
        } onCancel: {
            reader.cancel()
        }
        return HTTPStreamingResponse(
            status: head.status, headers: head.headers, body: HTTPBody { try await reader.next() })
    }
}

/// The consumer's end of a streamed body. When the last reference to it goes, so does the transfer.
private final class BodyReader: Sendable {
    private let exchange: Exchange
    private let loop: TransferLoop

    init(_ exchange: Exchange, _ loop: TransferLoop) {
        self.exchange = exchange
        self.loop = loop
    }

    deinit { cancel() }

    func cancel() { loop.cancel(exchange) }

    func next() async throws -> [UInt8]? {
        let (chunk, wantsMore) = try await withTaskCancellationHandler {
            try await exchange.chunk()
        } onCancel: {
            cancel()
        }
        if wantsMore { loop.resume(exchange) }
        return chunk
    }
}
