import HTTPTransport
import Synchronization

/// A transport whose line is cut: after so many requests nothing goes through, or nothing comes back.
final class CuttingTransport: HTTPTransport {
    enum Cut: CaseIterable {
        /// The next request is not carried out.
        case beforeRequest
        /// The last request is carried out, and its answer lost.
        case beforeAnswer
    }

    private let inner: any HTTPTransport
    private let limit: Int
    private let cut: Cut
    private let count = Mutex(0)

    init(_ inner: any HTTPTransport, after limit: Int, _ cut: Cut) {
        self.inner = inner
        self.limit = limit
        self.cut = cut
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let index = count.withLock { count in
            count += 1
            return count
        }
        if index <= limit { return try await inner.send(request) }
        if index == limit + 1, cut == .beforeAnswer { _ = try await inner.send(request) }
        throw HTTPTransportError(.connectionLost, "cut by the test")
    }

    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse { try await inner.stream(request) }
}
