import HTTPTransport
import Synchronization

/// A transport with faults in front of it.
final class TamperingTransport: HTTPTransport {
    private let inner: any HTTPTransport
    private let isHanging = Mutex(false)
    private let watches = Mutex(0)
    private let tamper: @Sendable (Int, HTTPRequest) -> HTTPRequest
    /// Pieces of a stream after which it breaks.
    private let piecesBeforeBreak: Int?

    /// - Parameter tamper: what a watch asks for instead, given how many watches came before.
    init(
        _ inner: any HTTPTransport, piecesBeforeBreak: Int? = nil,
        tamper: @escaping @Sendable (Int, HTTPRequest) -> HTTPRequest = { $1 }
    ) {
        self.inner = inner
        self.piecesBeforeBreak = piecesBeforeBreak
        self.tamper = tamper
    }

    /// From now on no request is answered, but for being cancelled.
    func hang() { isHanging.withLock { $0 = true } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        if isHanging.withLock({ $0 }) {
            let (silence, continuation) = AsyncStream<Void>.makeStream()
            for await _ in silence {}
            withExtendedLifetime(continuation) {}
            throw HTTPTransportError(.cancelled, "cancelled")
        }
        return try await inner.send(request)
    }

    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        let index = watches.withLock { count in
            defer { count += 1 }
            return count
        }
        let response = try await inner.stream(tamper(index, request))
        guard let piecesBeforeBreak else { return response }
        let left = Mutex(piecesBeforeBreak)
        let body = response.body
        return HTTPStreamingResponse(
            status: response.status, headers: response.headers,
            body: HTTPBody {
                let mayGoOn = left.withLock { left in
                    left -= 1
                    return left >= 0
                }
                guard mayGoOn else { throw HTTPTransportError(.connectionLost, "broken by the test") }
                var iterator = body.makeAsyncIterator()
                return try await iterator.next()
            })
    }
}
