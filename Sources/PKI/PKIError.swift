/// Why something about a key, a certificate or a request could not be read, made or accepted.
package struct PKIError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// There is no PEM block of the kind that was asked for, or its armour or base64 is broken.
        case malformedPEM
        /// The armour is fine; what is inside is not such a key, certificate or request.
        case malformedContent
        /// A key that is encrypted, too short, or of a kind nothing here signs with.
        case unsupportedKey
        /// The private key is not the one of the certificate.
        case keyMismatch
        /// The certificate may not sign others.
        case notAnAuthority
        /// The authority's validity is over; it must be renewed before it can issue.
        case expiredAuthority
        /// A field of a profile or request that cannot be encoded; the message names it.
        case invalidProfile
        /// A signing request whose signature is not of its own key.
        case invalidSignature
        /// libcrypto refused; the message carries its reason.
        case libraryFailure
    }

    package let code: Code
    /// What is wrong with which thing, and the way out. Never key material.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
