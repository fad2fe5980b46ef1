import CLibCurl
import Glibc

/// One libcurl transfer. Made, driven and freed on the loop's thread; only its exchange crosses threads.
final class Transfer {
    let handle: OpaquePointer
    let exchange: Exchange
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var connectList: UnsafeMutablePointer<curl_slist>?
    private var parser = ResponseHeadParser()
    /// What went wrong in a callback, which libcurl can only report as an aborted transfer.
    private var failure: HTTPTransportError?

    /// A host that does not answer is given up on after this long, whatever the request's own timeout.
    private static let connectTimeoutMilliseconds = 10_000
    /// Unacknowledged data breaks a connection after this long, where the kernel would wait for a quarter of an hour.
    private static let userTimeoutMilliseconds: UInt32 = 30_000

    /// What libcurl reads into for a stream, in bytes: it keeps the buffer for as long as the transfer lasts, and a fleet
    /// has thousands of watches on which nothing happens.
    private static let streamBuffer = 2048

    /// Whether a connection of its own was asked for.
    private let isApart: Bool
    private var hasAnswer = false
    /// What was agreed on, of a measured transfer.
    private var session: NegotiatedTLS?

    init(_ exchange: Exchange, apart: Bool = false) throws(HTTPTransportError) {
        guard let handle = curl_easy_init() else {
            throw HTTPTransportError(.invalidRequest, "libcurl has no memory for another request")
        }
        self.handle = handle
        self.exchange = exchange
        isApart = apart
        do throws(HTTPTransportError) {
            try configure()
        } catch {
            release()
            throw error
        }
    }

    deinit { release() }

    private var isReleased = false

    private func release() {
        if isReleased { return }
        isReleased = true
        curl_easy_cleanup(handle)
        curl_slist_free_all(headerList)
        curl_slist_free_all(connectList)
    }

    func attach(to multi: OpaquePointer) throws(HTTPTransportError) {
        let code = curl_multi_add_handle(multi, handle)
        guard code == CURLM_OK else {
            throw HTTPTransportError(.invalidRequest, String(cString: curl_multi_strerror(code)))
        }
    }

    func detach(from multi: OpaquePointer) { curl_multi_remove_handle(multi, handle) }

    /// Whether the request met an HTTP/2 connection that its server was just leaving, and wants another one.
    ///
    /// A server that leaves finishes the streams it has taken and looks at no other; libcurl reports those as a failure
    /// of the session instead of sending them again, as it does with HTTP/1.
    func isTurnedAway(_ code: CURLcode) -> Bool {
        code == CURLE_HTTP2 && !isApart && !hasAnswer && failure == nil && kmj_curl_opened_connections(handle) == 0
    }

    func resume() { curl_easy_pause(handle, CURLPAUSE_CONT) }

    func finish(_ code: CURLcode) {
        if let failure {
            exchange.finish(.failure(failure))
        } else if code == CURLE_OK, !parser.isComplete {
            // libcurl takes a connection that ends between two header lines for a response without a body.
            exchange.finish(.failure(HTTPTransportError(.connectionLost, "\(origin): the response has no end")))
        } else if code == CURLE_OK {
            if exchange.request.isMeasured { exchange.receive(measured()) }
            exchange.finish(.success(()))
        } else {
            let text = String(cString: curl_easy_strerror(code))
            exchange.finish(.failure(HTTPTransportError(Self.meaning(of: code), "\(origin): \(text)")))
        }
    }

    /// Scheme, host and port: all of a URL that may stand in an error. Of a UNIX socket its path, for the host in such a
    /// URL says nothing.
    private(set) lazy var origin: String = {
        if let path = exchange.request.unixSocket { return "unix:\(path)" }
        let parts = exchange.request.url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return "request" }
        let host = parts[2].split(separator: "@").last ?? ""
        return "\(parts[0])//\(host.split(separator: "?").first ?? "")"
    }()

    private static func meaning(of code: CURLcode) -> HTTPTransportError.Code {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .unresolvedHost
        case CURLE_COULDNT_CONNECT: .connectFailed
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            .tlsFailed
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_OUT_OF_MEMORY:
            .invalidRequest
        default: .connectionLost
        }
    }

    // MARK: Options

    private func configure() throws(HTTPTransportError) {
        let request = exchange.request
        try set(CURLOPT_NOSIGNAL, 1)
        if isApart { try set(CURLOPT_FRESH_CONNECT, 1) }
        if exchange.delivery == .stream { try set(CURLOPT_BUFFERSIZE, Self.streamBuffer) }
        if request.isMeasured { try configureMeasuring() }
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try configureTarget(request)
        try configureVersion(request)
        try configureTrust(request.tls)
        try configureBody(request)
        if let socket = request.unixSocket { try set(CURLOPT_UNIX_SOCKET_PATH, socket) }
        try configureProxy(request.proxy)
        try set(CURLOPT_CONNECTTIMEOUT_MS, Self.connectTimeoutMilliseconds)
        if let timeout = request.timeout {
            let (seconds, fraction) = timeout.components
            try set(CURLOPT_TIMEOUT_MS, max(1, Int(seconds) * 1000 + Int(fraction / 1_000_000_000_000_000)))
        }
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_TCP_KEEPIDLE, 30)
        try set(CURLOPT_TCP_KEEPINTVL, 10)
        try check(
            kmj_curl_set_socket_setup(handle) { _, socket, _ in
                var milliseconds = Transfer.userTimeoutMilliseconds
                let size = socklen_t(MemoryLayout<UInt32>.size)
                // Where the kernel refuses (it never should) the connection is as good as without.
                setsockopt(socket, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, size)
                return CURL_SOCKOPT_OK
            })
        try configureCallbacks()
    }

    /// A server that is known by another name than it is reached by: the name goes into the URL, and with it into SNI
    /// and the check of the certificate; the connection goes where it went.
    private func configureTarget(_ request: HTTPRequest) throws(HTTPTransportError) {
        guard let name = request.tls.serverName, let target = URLTarget(request.url) else {
            return try set(CURLOPT_URL, request.url)
        }
        try set(CURLOPT_URL, target.url(host: name))
        connectList = curl_slist_append(nil, "\(name):\(target.port):\(target.host):\(target.port)")
        try check(kmj_curl_set_list(handle, CURLOPT_CONNECT_TO, connectList))
    }

    private func configureProxy(_ proxy: String?) throws(HTTPTransportError) {
        // Said outright, even where it is nothing: what is left unsaid libcurl takes from the environment.
        try set(CURLOPT_PROXY, proxy ?? "")
        try set(CURLOPT_NOPROXY, "")
        // The proxy's answer to CONNECT is not the response.
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    }

    private func configureVersion(_ request: HTTPRequest) throws(HTTPTransportError) {
        let isPlain = request.url.hasPrefix("http://")
        if request.version == .http2, isPlain {
            try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
        } else {
            try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        }
        // Wait for a connection that can carry this request beside others, rather than open one more.
        try set(CURLOPT_PIPEWAIT, 1)
    }

    private func configureTrust(_ tls: TLSSettings) throws(HTTPTransportError) {
        try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        if let authorities = tls.certificateAuthorities {
            try set(CURLOPT_CAINFO_BLOB, authorities)
            // Without this the system's authorities would be trusted beside ours.
            try check(kmj_curl_set_pointer(handle, CURLOPT_CAPATH, nil))
        }
        if let certificate = tls.clientCertificate, let key = tls.clientKey {
            try set(CURLOPT_SSLCERTTYPE, "PEM")
            try set(CURLOPT_SSLCERT_BLOB, certificate)
            try set(CURLOPT_SSLKEYTYPE, "PEM")
            try set(CURLOPT_SSLKEY_BLOB, key)
        }
        if tls.acceptsAnyCertificate {
            try set(CURLOPT_SSL_VERIFYPEER, 0)
            try set(CURLOPT_SSL_VERIFYHOST, 0)
        }
    }

    private func configureMeasuring() throws(HTTPTransportError) {
        try set(CURLOPT_FRESH_CONNECT, 1)
        try set(CURLOPT_FORBID_REUSE, 1)
        // A session that is taken up again shows no certificates.
        try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        try set(CURLOPT_PIPEWAIT, 0)
        try set(CURLOPT_CERTINFO, 1)
    }

    private func measured() -> HTTPMeasurement {
        var measurement = HTTPMeasurement(of: handle)
        measurement.tlsVersion = session?.version ?? ""
        measurement.cipher = session?.cipher ?? ""
        return measurement
    }

    private func configureBody(_ request: HTTPRequest) throws(HTTPTransportError) {
        for field in request.headers.fields {
            guard !field.value.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) else {
                throw HTTPTransportError(.invalidRequest, "header \(field.name) holds a line break")
            }
            // libcurl sends a header without a value only when it ends in a semicolon.
            append(header: field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // A body that waits for leave to be sent costs a round trip.
        append(header: "Expect:")
        switch (request.method, request.body) {
        case ("GET", nil): break
        case ("HEAD", nil): try set(CURLOPT_NOBODY, 1)
        case (_, nil) where request.method != "POST" && request.method != "PUT" && request.method != "PATCH": break
        case (_, let body):
            let bytes = body ?? []
            try check(kmj_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count)))
            let code = bytes.withUnsafeBytes { buffer -> CURLcode in
                guard let base = buffer.baseAddress else {
                    return kmj_curl_set_string(handle, CURLOPT_COPYPOSTFIELDS, "")
                }
                return kmj_curl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, base)
            }
            try check(code)
            if request.headers["content-type"] == nil { append(header: "Content-Type:") }
        }
        if request.method != "HEAD" { try set(CURLOPT_CUSTOMREQUEST, request.method) }
        try check(kmj_curl_set_list(handle, CURLOPT_HTTPHEADER, headerList))
    }

    private func append(header: String) {
        if let longer = curl_slist_append(headerList, header) { headerList = longer }
    }

    private func set(_ option: CURLoption, _ value: Int) throws(HTTPTransportError) {
        try check(kmj_curl_set_long(handle, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(HTTPTransportError) {
        guard !value.utf8.contains(0) else { throw HTTPTransportError(.invalidRequest, "a zero byte in the request") }
        try check(kmj_curl_set_string(handle, option, value))
    }

    private func set(_ option: CURLoption, _ bytes: [UInt8]) throws(HTTPTransportError) {
        let code = bytes.withUnsafeBytes { kmj_curl_set_blob(handle, option, $0.baseAddress, $0.count) }
        try check(code)
    }

    private func check(_ code: CURLcode) throws(HTTPTransportError) {
        guard code == CURLE_OK else {
            throw HTTPTransportError(.invalidRequest, String(cString: curl_easy_strerror(code)))
        }
    }

    // MARK: Callbacks

    private func configureCallbacks() throws(HTTPTransportError) {
        // The loop keeps self for as long as the handle is attached.
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(
            kmj_curl_set_header_reader(
                handle,
                { bytes, size, count, context in
                    guard let context, let bytes else { return 0 }
                    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                    return transfer.read(header: UnsafeRawBufferPointer(start: bytes, count: size * count))
                }, context))
        try check(
            kmj_curl_set_writer(
                handle,
                { bytes, size, count, context in
                    guard let context, let bytes else { return 0 }
                    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                    return transfer.read(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
                }, context))
    }

    /// Returns how many bytes were taken; another number ends the transfer.
    private func read(header line: UnsafeRawBufferPointer) -> Int {
        if !hasAnswer, exchange.request.isMeasured { session = NegotiatedTLS(of: handle) }
        hasAnswer = true
        switch parser.read(line) {
        case .head(let head):
            if exchange.request.version == .http2, !head.isHTTP2 {
                failure = HTTPTransportError(.connectFailed, "\(origin): the server does not speak HTTP/2")
                return 0
            }
            exchange.receive(head)
        case .trailer(let field): exchange.receive(trailer: field)
        case nil: break
        }
        return line.count
    }

    private func read(body bytes: UnsafeRawBufferPointer) -> Int {
        switch exchange.offer(bytes) {
        case .accepted: return bytes.count
        case .paused: return Int(CURL_WRITEFUNC_PAUSE)
        case .refused:
            failure = HTTPTransportError(.bodyTooLarge, "\(origin): the response is too large")
            return 0
        }
    }
}
