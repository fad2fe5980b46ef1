import PKI

/// What a joining machine knows a tenant's certificate authority by: the SHA-256 of its DER subject public key info
/// (`--discovery-token-ca-cert-hash`). It outlives the certificate's renewal with the same key.
package struct AuthorityPin: Sendable, Hashable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    package let hex: String

    package init(of authority: Certificate) { hex = authority.publicKeySHA256Hex }

    /// Reads `sha256:` and 64 hexadecimal digits, either in any case.
    package init(_ text: String) throws(JoinInputError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw JoinInputError(
                .pin,
                parts.count < 2
                    ? "CA pin \"\(text)\" does not say how it was made: write sha256:\(text)"
                    : "CA pin \"\(text)\" has several colons: write sha256: and 64 hexadecimal digits")
        }
        guard parts[0].lowercased() == "sha256" else {
            throw JoinInputError(.pin, "CA pin \"\(text)\" is made by \"\(parts[0])\": give one made by sha256")
        }
        let digits = parts[1].lowercased()
        let isHexadecimal = digits.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
        guard isHexadecimal else {
            throw JoinInputError(.pin, "CA pin \"\(text)\" has something else than hexadecimal digits after the colon")
        }
        guard digits.utf8.count == 64 else {
            throw JoinInputError(
                .pin, "CA pin \"\(text)\" has \(digits.utf8.count) hexadecimal digits, and a SHA-256 has 64")
        }
        hex = digits
    }

    package var description: String { "sha256:\(hex)" }
}
