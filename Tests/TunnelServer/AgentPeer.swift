import CLibNGHTTP2
import CLibSSL
import Glibc
import Konnectivity
import Sockets

/// One agent's connection to the server: TLS and HTTP/2 from the other side.
package final class AgentPeer {
    let descriptor: Int32
    unowned let core: ServerCore
    private let ssl: OpaquePointer
    private var session: OpaquePointer?
    private var stream: Int32 = 0
    private var request: [String: String] = [:]
    private var assembler = MessageAssembler()
    private var wire = ByteQueue()
    private var isDeferred = false
    /// The status to end the stream with, once what waits is sent.
    private var refusal: (status: String, message: String)?
    var out = ByteQueue()
    var isDraining = false
    package private(set) var isOpen = false
    package private(set) var isOver = false

    package var agentID: String { request["agentid"] ?? "" }
    package var identifiers: String { request["agentidentifiers"] ?? "" }
    var authorization: String? { request["authorization"] }
    var wantsToWrite: Bool { !wire.isEmpty }

    init(_ descriptor: Int32, _ context: OpaquePointer, _ core: ServerCore) {
        self.descriptor = descriptor
        self.core = core
        ssl = SSL_new(context)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        // What is little is on its way all the same.
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
        SSL_set_fd(ssl, descriptor)
        SSL_set_accept_state(ssl)
    }

    deinit {
        nghttp2_session_del(session)
        SSL_free(ssl)
        close(descriptor)
    }

    static func context(
        _ identity: KonnectivityServer.Identity, demandsCertificate: Bool
    ) throws -> OpaquePointer {
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw KonnectivityServerError("no TLS context can be made")
        }
        _ = kmj_ssl_prepare(context)
        func read<Value>(_ pem: [UInt8], _ body: (OpaquePointer?) -> Value) -> Value {
            let bio = BIO_new(BIO_s_mem())
            defer { BIO_free(bio) }
            _ = BIO_write(bio, pem, Int32(pem.count))
            return body(bio)
        }
        let certificate = read(identity.certificate) { PEM_read_bio_X509($0, nil, nil, nil) }
        let key = read(identity.key) { PEM_read_bio_PrivateKey($0, nil, nil, nil) }
        let authority = read(identity.authority) { PEM_read_bio_X509($0, nil, nil, nil) }
        guard SSL_CTX_use_certificate(context, certificate) == 1, SSL_CTX_use_PrivateKey(context, key) == 1 else {
            throw KonnectivityServerError("the server's certificate and key cannot be used")
        }
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority)
        X509_free(certificate)
        X509_free(authority)
        EVP_PKEY_free(key)
        if demandsCertificate {
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        SSL_CTX_set_alpn_select_cb(
            context,
            { _, out, outLength, offered, length, _ in
                // The agent offers h2 and nothing else.
                guard let offered, length == 3, offered[1] == UInt8(ascii: "h") else {
                    return SSL_TLSEXT_ERR_ALERT_FATAL
                }
                out?.pointee = offered + 1
                outLength?.pointee = 2
                return SSL_TLSEXT_ERR_OK
            }, nil)
        return context
    }

    func turn() {
        if session == nil {
            let result = SSL_do_handshake(ssl)
            guard result == 1 else {
                let error = SSL_get_error(ssl, result)
                if error != SSL_ERROR_WANT_READ, error != SSL_ERROR_WANT_WRITE { end() }
                return
            }
            begin()
        }
        var buffer = [UInt8](repeating: 0, count: 16384)
        while !isOver {
            let count = SSL_read(ssl, &buffer, Int32(buffer.count))
            guard count > 0 else {
                if SSL_get_error(ssl, count) != SSL_ERROR_WANT_READ { end() }
                break
            }
            if nghttp2_session_mem_recv(session, buffer, Int(count)) != Int(count) { end() }
        }
        flush()
    }

    func send(_ packet: Packet) { sendRaw(packet.frame) }

    /// Bytes as they are, well formed or not.
    package func sendRaw(_ bytes: [UInt8]) {
        out.append(bytes)
        if isDeferred {
            isDeferred = false
            nghttp2_session_resume_data(session, stream)
        }
    }

    package func goAway(_ code: UInt32, _ text: String) {
        nghttp2_submit_goaway(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code, Array(text.utf8), text.utf8.count)
        flush()
    }

    /// Ends the stream with a status.
    package func refuse(_ status: String, _ message: String) {
        refusal = (status, message)
        sendRaw([])
        flush()
    }

    func flush() {
        guard let session, !isOver else { return }
        while true {
            if wire.isEmpty {
                var bytes: UnsafePointer<UInt8>?
                let count = nghttp2_session_mem_send(session, &bytes)
                guard count > 0, let bytes else { return }
                wire.append(UnsafeBufferPointer(start: bytes, count: count))
            }
            let count = wire.withUnsafeBytes { SSL_write(ssl, $0.baseAddress, Int32(clamping: $0.count)) }
            guard count > 0 else {
                if SSL_get_error(ssl, count) != SSL_ERROR_WANT_WRITE { end() }
                return
            }
            wire.consume(Int(count))
        }
    }

    func end() {
        isOver = true
        isOpen = false
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    // MARK: HTTP/2

    private static func from(_ context: UnsafeMutableRawPointer?) -> AgentPeer? {
        context.map { Unmanaged<AgentPeer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func begin() {
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        defer { nghttp2_session_callbacks_del(callbacks) }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameLength, value, valueLength, _, context in
            guard let peer = AgentPeer.from(context), let frame, let name, let value else { return 0 }
            peer.stream = frame.pointee.hd.stream_id
            let key = String(decoding: UnsafeBufferPointer(start: name, count: nameLength), as: UTF8.self)
            peer.request[key] = String(
                decoding: UnsafeBufferPointer(start: value, count: valueLength), as: UTF8.self)
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, context in
            guard let peer = AgentPeer.from(context), let frame else { return 0 }
            if UInt32(frame.pointee.hd.type) == NGHTTP2_HEADERS.rawValue { peer.answer() }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, _, bytes, count, context in
            guard let peer = AgentPeer.from(context), let bytes else { return 0 }
            do {
                try peer.assembler.take(UnsafeBufferPointer(start: bytes, count: count)) { message in
                    if let packet = try? Packet(decoding: message) { peer.core.receive(packet, from: peer) }
                }
            } catch {
                peer.end()
            }
            return 0
        }
        nghttp2_session_server_new(&session, callbacks, Unmanaged.passUnretained(self).toOpaque())
        let settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: 1 << 20)
        ]
        nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count)
    }

    private func answer() {
        let settings = core.settings
        if settings.isMute { return }
        guard request[":path"] == "/AgentService/Connect", request["content-type"] == "application/grpc" else {
            return submit([(":status", "404")], isEnd: true)
        }
        if let token = settings.token, authorization != "Bearer \(token)" {
            return submit(
                [
                    (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "2"),
                    ("grpc-message", "Failed to validate authentication context%2C the token is not known"),
                ],
                isEnd: true)
        }
        let introduction = settings.headers ?? [("serverid", settings.id), ("servercount", settings.count)]
        isOpen = true
        submit([(":status", "200"), ("content-type", "application/grpc")] + introduction, isEnd: false)
    }

    private func submit(_ headers: [(String, String)], isEnd: Bool) {
        withVector(headers) { vector, count in
            if isEnd {
                nghttp2_submit_response(session, stream, vector, count, nil)
                return
            }
            var provider = nghttp2_data_provider()
            provider.read_callback = { _, _, buffer, length, flags, _, context in
                guard let peer = AgentPeer.from(context), let buffer else { return 0 }
                if peer.out.isEmpty, let refusal = peer.refusal {
                    flags?.pointee |=
                        UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue) | UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
                    peer.withVector([("grpc-status", refusal.status), ("grpc-message", refusal.message)]) {
                        nghttp2_submit_trailer(peer.session, peer.stream, $0, $1)
                        return
                    }
                    return 0
                }
                guard !peer.out.isEmpty else {
                    peer.isDeferred = true
                    return ssize_t(NGHTTP2_ERR_DEFERRED.rawValue)
                }
                let count = min(length, peer.out.count)
                peer.out.withUnsafeBytes { bytes in
                    if let base = bytes.baseAddress { memcpy(buffer, base, count) }
                }
                peer.out.consume(count)
                return count
            }
            nghttp2_submit_response(session, stream, vector, count, &provider)
        }
    }

    private func withVector(_ headers: [(String, String)], _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Void) {
        var bytes = headers.flatMap { Array($0.0.utf8) + Array($0.1.utf8) }
        bytes.withUnsafeMutableBufferPointer { buffer in
            var next = buffer.baseAddress
            let vector = headers.map { name, value in
                let start = next
                next = start.map { $0 + name.utf8.count + value.utf8.count }
                return nghttp2_nv(
                    name: start, value: start.map { $0 + name.utf8.count }, namelen: name.utf8.count,
                    valuelen: value.utf8.count, flags: 0)
            }
            vector.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
        }
    }
}
