import CLibSSL

/// Whom a session trusts and who it is, as PEM.
package struct TLSMaterial: Sendable, Hashable {
    /// Nil trusts what the system trusts.
    package var certificateAuthorities: [UInt8]?
    /// Leaf first; goes with `clientKey`.
    package var clientCertificate: [UInt8]?
    package var clientKey: [UInt8]?
    /// Takes any certificate, under any name.
    package var acceptsAnyCertificate: Bool

    package init(
        certificateAuthorities: [UInt8]? = nil, clientCertificate: [UInt8]? = nil, clientKey: [UInt8]? = nil,
        acceptsAnyCertificate: Bool = false
    ) {
        self.certificateAuthorities = certificateAuthorities
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
        self.acceptsAnyCertificate = acceptsAnyCertificate
    }
}

extension TLSMaterial: CustomStringConvertible, CustomReflectable {
    /// Says what is set, never what it is.
    package var description: String {
        "TLSMaterial(ca: \(certificateAuthorities != nil), certificate: \(clientCertificate != nil))"
    }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// PEM as libssl reads it.
enum PEM {
    static func certificates(_ pem: [UInt8], of what: String) throws(SocketFailure) -> [OpaquePointer] {
        guard let bio = buffer(pem) else { throw SocketFailure(.credentials, "no memory for \(what)") }
        defer { BIO_free(bio) }
        var found: [OpaquePointer] = []
        while let certificate = PEM_read_bio_X509(bio, nil, nil, nil) { found.append(certificate) }
        // The end of the text is reported as an error too.
        ERR_clear_error()
        guard !found.isEmpty else { throw SocketFailure(.credentials, "\(what): no PEM certificate in it") }
        return found
    }

    /// The caller frees it. An encrypted key has no passphrase here; without a callback libssl would ask the terminal.
    static func privateKey(_ pem: [UInt8]) -> OpaquePointer? {
        guard let bio = buffer(pem) else { return nil }
        defer { BIO_free(bio) }
        return PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
    }

    private static func buffer(_ bytes: [UInt8]) -> OpaquePointer? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        _ = BIO_write(bio, bytes, Int32(clamping: bytes.count))
        return bio
    }
}
