import Sockets

/// Why the tunnel, or one connection to a server, cannot be had.
package struct TunnelError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// A setting that cannot work; the message names it.
        case invalidConfiguration
        /// The credentials provider threw, or gave what libssl cannot read.
        case credentials
        /// The server's name has no address.
        case unresolvedHost
        /// No TCP connection came about, or the CONNECT proxy refused.
        case connectFailed
        /// The handshake failed: unknown authority, wrong name, no `h2`, our certificate refused.
        case tlsFailed
        /// The server did not accept the token that it was shown.
        case unauthenticated
        /// The server refused the stream for another reason.
        case refused
        /// The server answered with something that is not the protocol.
        case protocolViolation
        /// No answer within the time that was given to it.
        case timedOut
        /// The connection broke, or the server closed it.
        case connectionLost
        /// The tunnel is being stopped.
        case shutDown
    }

    package let code: Code
    /// What happened with which server, and the way out where there is one. Never a token or a key.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}

extension TunnelError {
    init(_ failure: SocketFailure) {
        let code: Code =
            switch failure.code {
            case .credentials: .credentials
            case .tlsFailed: .tlsFailed
            case .connectionLost: .connectionLost
            }
        self.init(code, failure.message)
    }
}
