/// Why a connection cannot be had, or broke.
package struct SocketFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// Certificates or a key that libssl cannot read or use.
        case credentials
        /// The handshake failed: unknown authority, wrong name, our certificate refused.
        case tlsFailed
        /// The connection broke.
        case connectionLost
    }

    package let code: Code
    /// What happened; never a key.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
