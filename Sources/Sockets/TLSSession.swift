import CLibSSL
import Glibc

/// TLS over a socket that never blocks, as the client. Not safe across threads; the socket stays the caller's.
///
/// An idle session is small: all share one context, and what only the handshake needs (authorities, our certificate and
/// key) is given back after it.
package final class TLSSession {
    package enum Handshake: Sendable, Hashable {
        /// Waits for the other side.
        case underWay
        /// Over, with this protocol of those that were offered; nil when the server took none.
        case done(protocol: String?)
    }

    private let ssl: OpaquePointer

    /// - Parameters:
    ///   - host: whose certificate is accepted: a name or an address.
    ///   - protocols: offered by ALPN, the best first.
    package init(
        descriptor: Int32, host: String, material: TLSMaterial, protocols: [String]
    ) throws(SocketFailure) {
        ERR_clear_error()
        guard let context = Shared.context?.pointer, let ssl = SSL_new(context) else {
            throw Self.failure("no TLS session")
        }
        self.ssl = ssl
        try Self.trust(material, ssl)
        try Self.present(material, ssl)
        // ALPN's own form: each name after its length (RFC 7301, 3.1).
        let offer = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        guard SSL_set_alpn_protos(ssl, offer, UInt32(offer.count)) == 0 else {
            throw Self.failure("cannot offer \(protocols.joined(separator: ", "))")
        }
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

    /// What all sessions of the process share.
    private struct Shared: @unchecked Sendable {
        /// A context or a store of libssl, which counts its references under its own lock.
        let pointer: OpaquePointer

        static let context: Shared? = {
            guard let context = SSL_CTX_new(TLS_client_method()), kmj_ssl_prepare(context) == 1 else { return nil }
            return Shared(pointer: context)
        }()

        /// Hundreds of authorities: read once, and only by those who trust them.
        static let systemAuthorities: Shared? = {
            guard let store = X509_STORE_new(), X509_STORE_set_default_paths(store) == 1 else { return nil }
            return Shared(pointer: store)
        }()
    }

    private static func trust(_ material: TLSMaterial, _ ssl: OpaquePointer) throws(SocketFailure) {
        if material.acceptsAnyCertificate { return SSL_set_verify(ssl, SSL_VERIFY_NONE, nil) }
        SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
        guard let authorities = material.certificateAuthorities else {
            guard kmj_ssl_trust(ssl, Shared.systemAuthorities?.pointer) == 1 else {
                throw failure("the system's authorities cannot be read")
            }
            return
        }
        let certificates = try PEM.certificates(authorities, of: "the authorities")
        defer { certificates.forEach { X509_free($0) } }
        guard let store = X509_STORE_new() else { throw failure("no memory for the authorities") }
        // The session holds it from here on.
        defer { X509_STORE_free(store) }
        for certificate in certificates where X509_STORE_add_cert(store, certificate) != 1 {
            throw failure("an authority cannot be trusted")
        }
        guard kmj_ssl_trust(ssl, store) == 1 else { throw failure("the authorities cannot be trusted") }
    }

    private static func present(_ material: TLSMaterial, _ ssl: OpaquePointer) throws(SocketFailure) {
        guard let chain = material.clientCertificate, let keyPEM = material.clientKey else {
            guard material.clientCertificate == nil, material.clientKey == nil else {
                throw SocketFailure(
                    .credentials, "a client certificate and its key go together; one of them is missing")
            }
            return
        }
        let certificates = try PEM.certificates(chain, of: "the client certificate")
        defer { certificates.forEach { X509_free($0) } }
        for (index, certificate) in certificates.enumerated() {
            let code =
                index == 0 ? SSL_use_certificate(ssl, certificate) : kmj_ssl_add_chain_certificate(ssl, certificate)
            guard code == 1 else { throw failure("the client certificate cannot be used", code: .credentials) }
        }
        guard let key = PEM.privateKey(keyPEM) else {
            throw failure("the client key cannot be read", code: .credentials)
        }
        defer { EVP_PKEY_free(key) }
        guard SSL_use_PrivateKey(ssl, key) == 1, SSL_check_private_key(ssl) == 1 else {
            throw failure("the client key is not the certificate's", code: .credentials)
        }
    }

    private static func failure(_ what: String, code: SocketFailure.Code = .tlsFailed) -> SocketFailure {
        let error = ERR_peek_last_error()
        ERR_clear_error()
        guard error != 0, let reason = ERR_reason_error_string(error) else { return SocketFailure(code, what) }
        return SocketFailure(code, "\(what): \(String(cString: reason))")
    }

    // MARK: Doing

    package func handshake() throws(SocketFailure) -> Handshake {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        guard result == 1 else {
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .underWay
            default: throw handshakeFailure()
            }
        }
        SSL_certs_clear(ssl)
        _ = kmj_ssl_trust(ssl, nil)
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        let chosen = UnsafeBufferPointer(start: name, count: Int(length))
        return .done(protocol: chosen.isEmpty ? nil : String(decoding: chosen, as: UTF8.self))
    }

    private func handshakeFailure() -> SocketFailure {
        let verdict = SSL_get_verify_result(ssl)
        guard verdict == Int(X509_V_OK) else {
            ERR_clear_error()
            let reason = String(cString: X509_verify_cert_error_string(verdict))
            return SocketFailure(.tlsFailed, "the server's certificate is refused: \(reason)")
        }
        if ERR_peek_last_error() == 0 {
            return SocketFailure(.tlsFailed, "the server closed during the TLS handshake")
        }
        return Self.failure("TLS handshake")
    }

    /// - Returns: `.failed(0)` for a failure of TLS itself.
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> SocketCalls.Transfer {
        ERR_clear_error()
        var count = 0
        let result = SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
        return result == 1 ? .moved(count) : outcome(result)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) -> SocketCalls.Transfer {
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
    package func lastFailure() -> SocketFailure { Self.failure("TLS", code: .connectionLost) }

    /// Says good-bye; no answer is waited for.
    package func shutdown() { _ = SSL_shutdown(ssl) }
}
