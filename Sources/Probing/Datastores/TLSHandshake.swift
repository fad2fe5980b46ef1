import CLibSSL
import Glibc
import PKI

/// A handshake that looks at what the server shows and believes nothing of it: nothing secret is sent afterwards.
final class TLSHandshake: StoreChannel {
    private let connection: SocketConnection
    private let context: OpaquePointer
    private let session: OpaquePointer
    /// Whether it came to its end, so that more can be said.
    private(set) var isEstablished = false

    /// Nil where it could not begin.
    init?(over connection: SocketConnection, host: String, _ deadline: Deadline) {
        guard let context = SSL_CTX_new(TLS_client_method()) else { return nil }
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        guard let session = SSL_new(context) else {
            SSL_CTX_free(context)
            return nil
        }
        (self.connection, self.context, self.session) = (connection, context, session)
        guard SSL_set_fd(session, connection.socket) == 1 else { return nil }
        // An address is no name.
        if !host.contains(":"), host.contains(where: { $0.isLetter }) { _ = kmj_ssl_set_server_name(session, host) }
        // A server that demands a certificate of ours has shown its own by the time it refuses.
        isEstablished = attempt(deadline) { SSL_connect(session) } == 1
    }

    deinit {
        SSL_free(session)
        SSL_CTX_free(context)
        ERR_clear_error()
    }

    /// Repeats what waits for the other side; gives what it ended with.
    private func attempt(_ deadline: Deadline, _ step: () -> Int32) -> Int32 {
        while true {
            let code = step()
            if code > 0 { return code }
            let event: Int32
            switch SSL_get_error(session, code) {
            case SSL_ERROR_WANT_READ: event = Int32(POLLIN)
            case SSL_ERROR_WANT_WRITE: event = Int32(POLLOUT)
            default: return code
            }
            guard connection.wait(for: event, deadline) else { return code }
        }
    }

    func send(_ bytes: [UInt8], _ deadline: Deadline) -> Bool {
        let session = session
        return attempt(deadline) { SSL_write(session, bytes, Int32(bytes.count)) } == Int32(bytes.count)
    }

    func receive(_ count: Int, _ deadline: Deadline) -> [UInt8]? {
        let session = session
        var found: [UInt8] = []
        while found.count < count {
            var buffer = [UInt8](repeating: 0, count: count - found.count)
            let got = attempt(deadline) { SSL_read(session, &buffer, Int32(buffer.count)) }
            guard got > 0 else { return nil }
            found += buffer[..<Int(got)]
        }
        return found
    }

    /// PEM of the server's own certificate; nil where the handshake did not get as far as that.
    var certificate: [UInt8]? {
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
