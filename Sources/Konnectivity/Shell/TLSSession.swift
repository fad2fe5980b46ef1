import CLibSSL
import Glibc

/// TLS over a socket that never blocks, as the client. Not safe across threads; the socket stays the caller's.
final class TLSSession {
    private let ssl: OpaquePointer

    /// - Parameters:
    ///   - host: whose certificate is accepted: a name or an address.
    init(descriptor: Int32, host: String, credentials: TunnelCredentials) throws(TunnelError) {
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw Self.failure("no TLS context") }
        // The session holds the context from here on.
        defer { SSL_CTX_free(context) }
        guard kmj_ssl_prepare(context) == 1 else { throw Self.failure("cannot ask for TLS 1.2") }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        try Self.trust(credentials.certificateAuthorities, context)
        try Self.present(credentials, context)
        // ALPN's own form: each name after its length (RFC 7301, 3.1).
        let protocols: [UInt8] = [2, UInt8(ascii: "h"), UInt8(ascii: "2")]
        guard SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count)) == 0 else {
            throw Self.failure("cannot offer h2")
        }
        guard let ssl = SSL_new(context) else { throw Self.failure("no TLS session") }
        self.ssl = ssl
        let parameters = SSL_get0_param(ssl)
        let isNamed: Bool
        if IPAddress(host) != nil {
            isNamed = X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1
        } else {
            X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            isNamed =
                kmj_ssl_set_server_name(ssl, host) == 1
                && X509_VERIFY_PARAM_set1_host(parameters, host, host.utf8.count) == 1
        }
        guard isNamed, SSL_set_fd(ssl, descriptor) == 1 else {
            throw Self.failure("the server name \"\(host)\" cannot be checked")
        }
        SSL_set_connect_state(ssl)
    }

    deinit { SSL_free(ssl) }

    private static func trust(_ authorities: [UInt8]?, _ context: OpaquePointer) throws(TunnelError) {
        guard let authorities else {
            guard SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw failure("the system's authorities cannot be read")
            }
            return
        }
        let certificates = try certificates(authorities, of: "the authorities")
        defer { certificates.forEach { X509_free($0) } }
        for certificate in certificates {
            guard X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1 else {
                throw failure("an authority cannot be trusted")
            }
        }
    }

    private static func present(_ credentials: TunnelCredentials, _ context: OpaquePointer) throws(TunnelError) {
        guard let chain = credentials.clientCertificate, let keyPEM = credentials.clientKey else {
            guard credentials.clientCertificate == nil, credentials.clientKey == nil else {
                throw TunnelError(.credentials, "a client certificate and its key go together; one of them is missing")
            }
            return
        }
        let certificates = try certificates(chain, of: "the client certificate")
        defer { certificates.forEach { X509_free($0) } }
        for (index, certificate) in certificates.enumerated() {
            let code =
                index == 0
                ? SSL_CTX_use_certificate(context, certificate) : kmj_ssl_add_chain_certificate(context, certificate)
            guard code == 1 else { throw failure("the client certificate cannot be used", code: .credentials) }
        }
        guard let bio = buffer(keyPEM) else { throw failure("no memory for the client key") }
        defer { BIO_free(bio) }
        // An encrypted key has no passphrase here; without a callback libssl would ask the terminal.
        guard let key = PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil) else {
            throw failure("the client key cannot be read", code: .credentials)
        }
        defer { EVP_PKEY_free(key) }
        guard SSL_CTX_use_PrivateKey(context, key) == 1, SSL_CTX_check_private_key(context) == 1 else {
            throw failure("the client key is not the certificate's", code: .credentials)
        }
    }

    private static func buffer(_ bytes: [UInt8]) -> OpaquePointer? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        _ = BIO_write(bio, bytes, Int32(clamping: bytes.count))
        return bio
    }

    private static func certificates(_ pem: [UInt8], of what: String) throws(TunnelError) -> [OpaquePointer] {
        guard let bio = buffer(pem) else { throw failure("no memory for \(what)") }
        defer { BIO_free(bio) }
        var found: [OpaquePointer] = []
        while let certificate = PEM_read_bio_X509(bio, nil, nil, nil) { found.append(certificate) }
        // The end of the text is reported as an error too.
        ERR_clear_error()
        guard !found.isEmpty else { throw TunnelError(.credentials, "\(what): no PEM certificate in it") }
        return found
    }

    private static func failure(_ what: String, code: TunnelError.Code = .tlsFailed) -> TunnelError {
        let error = ERR_peek_last_error()
        ERR_clear_error()
        guard error != 0, let reason = ERR_reason_error_string(error) else { return TunnelError(code, what) }
        return TunnelError(code, "\(what): \(String(cString: reason))")
    }

    // MARK: Doing

    /// True when the handshake is over, with `h2` agreed on; false when it waits for the other side.
    func handshake() throws(TunnelError) -> Bool {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        guard result == 1 else {
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return false
            default: throw handshakeFailure()
            }
        }
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        guard let name, length == 2, name[0] == UInt8(ascii: "h"), name[1] == UInt8(ascii: "2") else {
            throw TunnelError(.tlsFailed, "the server does not speak HTTP/2: it did not take the offer of h2")
        }
        return true
    }

    private func handshakeFailure() -> TunnelError {
        let verdict = SSL_get_verify_result(ssl)
        guard verdict == Int(X509_V_OK) else {
            ERR_clear_error()
            let reason = String(cString: X509_verify_cert_error_string(verdict))
            return TunnelError(.tlsFailed, "the server's certificate is refused: \(reason)")
        }
        if ERR_peek_last_error() == 0 { return TunnelError(.tlsFailed, "the server closed during the TLS handshake") }
        return Self.failure("TLS handshake")
    }

    /// - Returns: `.failed(0)` for a failure of TLS itself.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> SocketCalls.Transfer {
        ERR_clear_error()
        var count = 0
        let result = SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
        return result == 1 ? .moved(count) : outcome(result)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> SocketCalls.Transfer {
        guard bytes.count > 0 else { return .moved(0) }
        ERR_clear_error()
        var count = 0
        let result = SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count)
        return result == 1 ? .moved(count) : outcome(result)
    }

    private func outcome(_ result: Int32) -> SocketCalls.Transfer {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .ended
        case SSL_ERROR_SYSCALL: return .failed(errno)
        default: return .failed(0)
        }
    }

    /// What a read or write failed with, when the system's error says nothing: an alert most often.
    func lastFailure() -> TunnelError { Self.failure("TLS", code: .connectionLost) }

    /// Says good-bye; no answer is waited for.
    func shutdown() { _ = SSL_shutdown(ssl) }
}
