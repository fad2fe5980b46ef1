/// Carries requests. The one implementation of the product is `CurlTransport`; tests may put faults in front of it.
package protocol HTTPTransport: Sendable {
    /// Sends, and waits for the whole response. Any status is a response; errors are of the transport alone.
    /// Cancelling the task ends the transfer.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse

    /// Sends, and returns once the status and headers are there. The body comes as the consumer asks for it: a slow
    /// consumer slows the server instead of filling memory. Dropping the body, or cancelling, ends the transfer.
    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse
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
