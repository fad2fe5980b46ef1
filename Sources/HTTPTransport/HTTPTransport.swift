/// Carries requests: `CurlTransport` all there are, `HTTP2Transport` thousands of streams that are quiet most of the
/// time. Tests may put faults in front of either.
package protocol HTTPTransport: Sendable {
    /// Sends, and waits for the whole response. Any status is a response; errors are of the transport alone.
    /// Cancelling the task ends the transfer.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse

    /// Sends, and returns once the status and headers are there. The body comes as the consumer asks for it: a slow
    /// consumer slows the server instead of filling memory. Dropping the body, or cancelling, ends the transfer.
    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse

    /// Sends, and tells what comes as it comes, in order, on a thread of the transport's; `receive` must not block.
    /// Nothing is told after the end. Letting go of the stream ends it.
    func open(_ request: HTTPRequest, _ receive: @escaping @Sendable (StreamSignal) -> Void) -> any OpenStream
}

/// What is told of an open stream.
package enum StreamSignal: Sendable {
    case head(status: Int, headers: HTTPHeaders)
    /// A piece of the body. The server may send more only as pieces are reported as taken.
    case chunk([UInt8])
    /// The last word; nil when the server ended the body.
    case end((any Error)?)
}

/// A stream that somebody listens to.
package protocol OpenStream: Sendable {
    /// So many bytes of pieces were looked at.
    func took(_ count: Int)

    func cancel()
}

package struct HTTPStreamingResponse: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    package let body: HTTPBody

    package init(status: Int, headers: HTTPHeaders, body: HTTPBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Chunks of a body, read once, by one consumer. Ends when the server ends it; throws when the connection breaks first.
package struct HTTPBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    private let next: @Sendable () async throws -> [UInt8]?

    package init(next: @escaping @Sendable () async throws -> [UInt8]?) { self.next = next }

    package func makeAsyncIterator() -> Iterator { Iterator(body: next) }

    package struct Iterator: AsyncIteratorProtocol {
        let body: @Sendable () async throws -> [UInt8]?

        package mutating func next() async throws -> [UInt8]? { try await body() }
    }
}

/// Why a request got no response.
package struct HTTPTransportError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case invalidRequest, unresolvedHost, connectFailed, tlsFailed, timedOut, connectionLost, cancelled, shutDown,
            bodyTooLarge
    }

    package let code: Code
    /// What the library said, and to which host; never a header, a body or a credential.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
