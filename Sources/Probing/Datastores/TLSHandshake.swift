import CLibSSL
import Glibc
import PKI

/// A handshake that looks at what the server shows and believes nothing of it: nothing is sent afterwards.
enum TLSHandshake {
    /// PEM of the server's own certificate; nil where the handshake does not get as far as that.
    static func certificate(of connection: SocketConnection, host: String, _ deadline: Deadline) -> [UInt8]? {
        guard let context = SSL_CTX_new(TLS_client_method()) else { return nil }
        defer { SSL_CTX_free(context) }
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        guard let session = SSL_new(context) else { return nil }
        defer {
            SSL_free(session)
            ERR_clear_error()
        }
        guard SSL_set_fd(session, connection.socket) == 1 else { return nil }
        // An address is no name.
        if !host.contains(":"), host.contains(where: { $0.isLetter }) { _ = kmj_ssl_set_server_name(session, host) }
        while true {
            let code = SSL_connect(session)
            if code == 1 { break }
            // A server that demands a certificate of ours has shown its own by the time it refuses.
            let event: Int32
            switch SSL_get_error(session, code) {
            case SSL_ERROR_WANT_READ: event = Int32(POLLIN)
            case SSL_ERROR_WANT_WRITE: event = Int32(POLLOUT)
            default: return pem(of: session)
            }
            guard connection.wait(for: event, deadline) else { return pem(of: session) }
        }
        return pem(of: session)
    }

    private static func pem(of session: OpaquePointer) -> [UInt8]? {
        guard let certificate = SSL_get1_peer_certificate(session) else { return nil }
        defer { X509_free(certificate) }
        guard let output = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(output) }
        guard PEM_write_bio_X509(output, certificate) == 1 else { return nil }
        var start: UnsafeMutablePointer<CChar>?
        let length = kmj_bio_contents(output, &start)
        guard length > 0, let start else { return nil }
        return Array(UnsafeRawBufferPointer(start: start, count: length))
    }
}
