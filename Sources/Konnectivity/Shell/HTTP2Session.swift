import CLibNGHTTP2
import Glibc
import Sockets

/// One HTTP/2 connection with one gRPC stream on it, as the client. Bytes in, events out, bytes out; touches no socket.
/// Not safe across threads.
final class HTTP2Session {
    enum Event {
        case headers([(name: String, value: String)], isTrailers: Bool)
        case message(ArraySlice<UInt8>)
        case pingAcknowledged
        case goingAway(code: UInt32, text: String)
        /// The stream is over.
        case closed(code: UInt32)
        case malformed(WireError)
    }

    struct Request {
        var authority: String
        var path: String
        var headers: [(name: String, value: String)]
        /// Never compressed into the connection's table.
        var authorization: String?
    }

    private var session: OpaquePointer?
    private var stream: Int32 = -1
    private var assembler = MessageAssembler()
    private var events: [Event] = []
    private var fields: [(name: String, value: String)] = []
    private var fieldBytes = 0
    private var hasHeaders = false
    /// gRPC frames that wait for the stream's credit.
    private var outgoing = ByteQueue()
    private var isDeferred = false
    /// Bytes that are ready for the wire.
    private(set) var wire = ByteQueue()
    /// Payload that came and was not paid back as credit.
    private var unpaid = 0
    /// Counts up with each byte of payload that left `outgoing`.
    private(set) var movedBytes: UInt64 = 0

    /// `wire` takes no more payload above this: what is in it cannot be overtaken.
    private static let wireLimit = 64 * 1024
    /// Response headers larger than this are refused.
    private static let headerLimit = 64 * 1024

    /// Bytes that wait to be sent.
    var waiting: Int { outgoing.count + wire.count }

    init(_ request: Request) throws(TunnelError) {
        var callbacks: OpaquePointer?
        var option: OpaquePointer?
        guard nghttp2_session_callbacks_new(&callbacks) == 0, nghttp2_option_new(&option) == 0 else {
            throw TunnelError(.connectFailed, "no memory for an HTTP/2 session")
        }
        defer {
            nghttp2_session_callbacks_del(callbacks)
            nghttp2_option_del(option)
        }
        Self.register(callbacks)
        // Credit is paid back when targets have room, not when bytes arrive.
        nghttp2_option_set_no_auto_window_update(option, 1)
        let context = Unmanaged.passUnretained(self).toOpaque()
        guard nghttp2_session_client_new2(&session, callbacks, context, option) == 0 else {
            throw TunnelError(.connectFailed, "no memory for an HTTP/2 session")
        }
        try open(request)
    }

    deinit { nghttp2_session_del(session) }

    private func open(_ request: Request) throws(TunnelError) {
        let settings = [
            nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(ReceiveWindow.smallest)
            ),
        ]
        var code = nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count)
        if code == 0 {
            code = nghttp2_session_set_local_window_size(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, ReceiveWindow.smallest)
        }
        guard code == 0 else { throw Self.failure("HTTP/2 settings", code) }
        var headers = [
            HeaderField(":method", "POST"), HeaderField(":scheme", "https"), HeaderField(":path", request.path),
            HeaderField(":authority", request.authority), HeaderField("te", "trailers"),
            HeaderField("content-type", "application/grpc"), HeaderField("user-agent", "kamaji-agent"),
        ]
        headers += request.headers.map { HeaderField($0.name, $0.value) }
        if let authorization = request.authorization {
            headers.append(HeaderField("authorization", authorization, isSecret: true))
        }
        stream = submit(headers)
        guard stream > 0 else { throw Self.failure("the request", stream) }
    }

    private func submit(_ headers: [HeaderField]) -> Int32 {
        let session = session
        return HeaderField.withVector(of: headers) { vector in
            var provider = nghttp2_data_provider()
            provider.read_callback = { _, _, _, length, flags, _, context in
                guard let session = HTTP2Session.from(context) else {
                    return ssize_t(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
                }
                return session.offer(length, flags)
            }
            return nghttp2_submit_request(session, nil, vector.baseAddress, vector.count, &provider, nil)
        }
    }

    private static func failure(_ what: String, _ code: Int32) -> TunnelError {
        TunnelError(.protocolViolation, "\(what): \(String(cString: nghttp2_strerror(code)))")
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> HTTP2Session? {
        context.map { Unmanaged<HTTP2Session>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: In

    /// Takes what came from the wire, and says what it meant.
    func receive(_ bytes: UnsafeBufferPointer<UInt8>) throws(TunnelError) -> [Event] {
        let count = nghttp2_session_mem_recv(session, bytes.baseAddress, bytes.count)
        defer { events = [] }
        guard count == bytes.count else { throw Self.failure("HTTP/2", Int32(clamping: count)) }
        return events
    }

    /// Gives the sender its credit back for all payload that came.
    func payBack() {
        guard unpaid > 0 else { return }
        _ = nghttp2_session_consume(session, stream, unpaid)
        unpaid = 0
    }

    func setWindow(_ size: Int32) {
        let flags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        _ = nghttp2_session_set_local_window_size(session, flags, 0, size)
        _ = nghttp2_session_set_local_window_size(session, flags, stream, size)
    }

    private static func register(_ callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_send_callback(callbacks) { _, data, length, _, context in
            guard let session = HTTP2Session.from(context), let data else {
                return ssize_t(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
            }
            guard session.wire.count < HTTP2Session.wireLimit else { return ssize_t(NGHTTP2_ERR_WOULDBLOCK.rawValue) }
            session.wire.append(UnsafeBufferPointer(start: data, count: length))
            return length
        }
        nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, _, head, length, _, context in
            guard let session = HTTP2Session.from(context), let head else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            guard session.wire.count < HTTP2Session.wireLimit else { return NGHTTP2_ERR_WOULDBLOCK.rawValue }
            session.wire.append(UnsafeBufferPointer(start: head, count: 9))
            session.outgoing.move(length, to: &session.wire)
            session.movedBytes += UInt64(length)
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, data, length, context in
            guard let session = HTTP2Session.from(context), let data else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            session.takeData(stream, UnsafeBufferPointer(start: data, count: length))
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameLength, value, valueLength, _, context in
            guard let session = HTTP2Session.from(context), let frame, let name, let value else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            session.takeHeader(
                frame.pointee.hd.stream_id, UnsafeBufferPointer(start: name, count: nameLength),
                UnsafeBufferPointer(start: value, count: valueLength))
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, context in
            guard let session = HTTP2Session.from(context), let frame else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            session.takeFrame(frame.pointee)
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, context in
            guard let session = HTTP2Session.from(context) else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
            if stream == session.stream { session.events.append(.closed(code: code)) }
            return 0
        }
    }

    private func takeData(_ stream: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
        unpaid += bytes.count
        guard stream == self.stream else { return }
        do throws(WireError) {
            try assembler.take(bytes) { (message) throws(WireError) in events.append(.message(message)) }
        } catch {
            events.append(.malformed(error))
        }
    }

    private func takeHeader(_ stream: Int32, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        fieldBytes += name.count + value.count
        guard stream == self.stream, fieldBytes <= Self.headerLimit else { return }
        fields.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
    }

    private func takeFrame(_ frame: nghttp2_frame) {
        // The server has ended its side. Ours stays open, so nghttp2 does not take the stream for closed yet.
        let isEnd = frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        defer {
            let type = UInt32(frame.hd.type)
            if isEnd, frame.hd.stream_id == stream, type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_DATA.rawValue {
                events.append(.closed(code: 0))
            }
        }
        switch UInt32(frame.hd.type) {
        case NGHTTP2_HEADERS.rawValue where frame.hd.stream_id == stream:
            events.append(.headers(fields, isTrailers: hasHeaders))
            // What comes before the final response (1xx) is followed by the headers proper.
            let isInterim = fields.first { $0.name == ":status" }?.value.hasPrefix("1") ?? false
            if !isInterim { hasHeaders = true }
            fields = []
            fieldBytes = 0
        case NGHTTP2_PING.rawValue where frame.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0:
            events.append(.pingAcknowledged)
        case NGHTTP2_GOAWAY.rawValue:
            let text = UnsafeBufferPointer(
                start: frame.goaway.opaque_data, count: min(frame.goaway.opaque_data_len, 256))
            events.append(
                .goingAway(code: frame.goaway.error_code, text: String(decoding: text, as: UTF8.self)))
        default: break
        }
    }

    // MARK: Out

    func send(_ frame: [UInt8]) {
        outgoing.append(frame)
        wakeStream()
    }

    /// A frame whose payload lies elsewhere.
    func send(_ head: [UInt8], _ payload: UnsafeBufferPointer<UInt8>) {
        outgoing.append(head)
        outgoing.append(payload)
        wakeStream()
    }

    func ping() { _ = nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil) }

    /// Ends the connection in an orderly manner, once `pump` and the wire have taken what is left.
    func terminate() { _ = nghttp2_session_terminate_session(session, UInt32(NGHTTP2_NO_ERROR.rawValue)) }

    /// Fills `wire` with what may be sent now. True when there is something in it.
    func pump() throws(TunnelError) -> Bool {
        let code = nghttp2_session_send(session)
        guard code == 0 else { throw Self.failure("HTTP/2", code) }
        return !wire.isEmpty
    }

    /// The wire took `count` bytes.
    func sent(_ count: Int) { wire.consume(count) }

    private func wakeStream() {
        guard isDeferred else { return }
        isDeferred = false
        _ = nghttp2_session_resume_data(session, stream)
    }

    private func offer(_ length: Int, _ flags: UnsafeMutablePointer<UInt32>?) -> ssize_t {
        guard !outgoing.isEmpty else {
            isDeferred = true
            return ssize_t(NGHTTP2_ERR_DEFERRED.rawValue)
        }
        flags?.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_COPY.rawValue)
        return min(length, outgoing.count)
    }
}
