import CLibNGHTTP2
import Glibc
import Sockets

/// One HTTP/2 connection with any number of requests on it, as the client. Bytes in, answers to recipients, bytes out;
/// touches no socket. Not safe across threads.
final class HTTP2Streams {
    private var session: OpaquePointer?
    private let origin: Origin
    private var carried: [Int32: CarriedRequest] = [:]
    /// The server takes no further requests here.
    private(set) var isLeaving = false
    /// What is over since somebody looked, with what came of it.
    private var over: [(CarriedRequest, Ending)] = []

    enum Ending {
        case done
        /// The server did not look at it, and says so: it may be sent to another connection.
        case turnedAway
        case failed(HTTPTransportError)
    }

    /// What a server may send on one stream before its consumer has taken anything. No more is ever kept.
    private static let streamWindow = UInt32(Exchange.streamBufferLimit)
    /// Of the connection: streams hold each other up only beyond this.
    private static let connectionWindow: Int32 = 16 * 1024 * 1024
    /// Bytes of headers that each side keeps to speak of them more shortly. A connection carries a few streams that last
    /// for minutes: what they would save is less than what the tables hold, on both sides.
    private static let headerTable = 0
    /// What is assumed until the server says how many streams it takes; Go's servers take 250, kube-apiserver 100.
    private static let usualStreams: UInt32 = 100

    init(to origin: Origin) throws(HTTPTransportError) {
        self.origin = origin
        var callbacks: OpaquePointer?
        var option: OpaquePointer?
        guard nghttp2_session_callbacks_new(&callbacks) == 0, nghttp2_option_new(&option) == 0 else {
            throw Self.failure(origin, "no memory for an HTTP/2 session")
        }
        defer {
            nghttp2_session_callbacks_del(callbacks)
            nghttp2_option_del(option)
        }
        Self.register(callbacks)
        nghttp2_option_set_no_auto_window_update(option, 1)
        // Streams that are over are of no further use to a client.
        nghttp2_option_set_no_closed_streams(option, 1)
        nghttp2_option_set_max_deflate_dynamic_table_size(option, Self.headerTable)
        let context = Unmanaged.passUnretained(self).toOpaque()
        guard nghttp2_session_client_new2(&session, callbacks, context, option) == 0 else {
            throw Self.failure(origin, "no memory for an HTTP/2 session")
        }
        let settings = [
            nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: Self.streamWindow),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE.rawValue), value: UInt32(Self.headerTable)),
        ]
        let flags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        guard nghttp2_submit_settings(session, flags, settings, settings.count) == 0,
            nghttp2_session_set_local_window_size(session, flags, 0, Self.connectionWindow) == 0
        else { throw Self.failure(origin, "HTTP/2 settings") }
    }

    deinit { nghttp2_session_del(session) }

    private static func failure(_ origin: Origin, _ text: String) -> HTTPTransportError {
        HTTPTransportError(.connectionLost, "\(origin.name): \(text)")
    }

    var count: Int { carried.count }

    /// Whether another request would only wait for those that are under way.
    var isFull: Bool {
        let most = nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
        return carried.count >= Int(most == UInt32.max ? Self.usualStreams : most)
    }

    /// Nothing is to be read or written any more.
    var isOver: Bool { nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0 }

    // MARK: Requests

    func submit(_ entry: CarriedRequest) throws(HTTPTransportError) {
        guard let request = entry.request else { return }
        let fields = try request.headerFields(to: origin)
        let stream = submit(fields, hasBody: request.body?.isEmpty == false)
        guard stream > 0 else {
            // The numbers of this connection are used up, most likely.
            isLeaving = true
            over.append((entry, .turnedAway))
            return
        }
        entry.begin(stream: stream)
        carried[stream] = entry
    }

    private func submit(_ fields: [HeaderField], hasBody: Bool) -> Int32 {
        let session = session
        return HeaderField.withVector(of: fields) { vector in
            guard hasBody else {
                return nghttp2_submit_request(session, nil, vector.baseAddress, vector.count, nil, nil)
            }
            var provider = nghttp2_data_provider()
            provider.read_callback = { _, stream, buffer, length, flags, _, context in
                guard let buffer, let entry = HTTP2Streams.from(context)?.carried[stream] else {
                    return ssize_t(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
                }
                let (count, isAll) = entry.fill(UnsafeMutableBufferPointer(start: buffer, count: length))
                if isAll { flags?.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue) }
                return count
            }
            return nghttp2_submit_request(session, nil, vector.baseAddress, vector.count, &provider, nil)
        }
    }

    /// Forgets the request, and tells the server to.
    func cancel(_ stream: Int32) {
        carried[stream] = nil
        reset(stream)
    }

    private func reset(_ stream: Int32) {
        _ = nghttp2_submit_rst_stream(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, UInt32(NGHTTP2_CANCEL.rawValue))
    }

    /// The consumer has taken so much: the server may send as much again.
    func pay(_ stream: Int32, _ count: Int) {
        guard count > 0 else { return }
        _ = nghttp2_session_consume_stream(session, stream, count)
    }

    /// Everything that is under way, which is forgotten.
    func abandon() -> [CarriedRequest] {
        defer { carried = [:] }
        return Array(carried.values)
    }

    /// What is over since the last call.
    func collect() -> [(CarriedRequest, Ending)] {
        defer { over = [] }
        return over
    }

    /// Ends the connection in an orderly manner once what is to be sent was sent.
    func terminate() {
        isLeaving = true
        _ = nghttp2_session_terminate_session(session, UInt32(NGHTTP2_NO_ERROR.rawValue))
    }

    // MARK: Bytes

    func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTPTransportError) {
        let base = bytes.bindMemory(to: UInt8.self).baseAddress
        let count = nghttp2_session_mem_recv(session, base, bytes.count)
        guard count == bytes.count else {
            throw Self.failure(origin, "HTTP/2: \(String(cString: nghttp2_strerror(Int32(clamping: count))))")
        }
    }

    /// What goes out next, good until the next call; empty when there is nothing.
    func nextBytes() throws(HTTPTransportError) -> UnsafeRawBufferPointer {
        var bytes: UnsafePointer<UInt8>?
        let count = nghttp2_session_mem_send(session, &bytes)
        guard count >= 0 else {
            throw Self.failure(origin, "HTTP/2: \(String(cString: nghttp2_strerror(Int32(clamping: count))))")
        }
        return UnsafeRawBufferPointer(start: bytes, count: count)
    }

    // MARK: What nghttp2 tells

    private static func from(_ context: UnsafeMutableRawPointer?) -> HTTP2Streams? {
        context.map { Unmanaged<HTTP2Streams>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func register(_ callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameLength, value, valueLength, _, context in
            guard let streams = HTTP2Streams.from(context), let frame else {
                return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
            }
            let name = UnsafeBufferPointer(start: name, count: nameLength)
            let value = UnsafeBufferPointer(start: value, count: valueLength)
            streams.carried[frame.pointee.hd.stream_id]?
                .take(name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self))
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, data, length, context in
            HTTP2Streams.from(context)?.take(stream, UnsafeRawBufferPointer(start: data, count: length))
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, context in
            if let frame { HTTP2Streams.from(context)?.take(frame.pointee) }
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, context in
            HTTP2Streams.from(context)?.close(stream, code)
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, _, context in
            guard let frame, UInt32(frame.pointee.hd.type) == NGHTTP2_HEADERS.rawValue else { return 0 }
            HTTP2Streams.from(context)?.turnAway(frame.pointee.hd.stream_id)
            return 0
        }
    }

    private func take(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) {
        _ = nghttp2_session_consume_connection(session, bytes.count)
        guard let entry = carried[stream] else { return }
        switch entry.recipient.offer(bytes) {
        case .accepted:
            if !entry.recipient.paysOnTaking { pay(stream, bytes.count) }
        case .paused, .refused:
            // Within its credit nothing has to wait: this is more than the recipient wants at all.
            carried[stream] = nil
            over.append(
                (entry, .failed(HTTPTransportError(.bodyTooLarge, "\(origin.name): the response is too large"))))
            reset(stream)
        }
    }

    private func take(_ frame: nghttp2_frame) {
        let type = UInt32(frame.hd.type)
        if type == NGHTTP2_GOAWAY.rawValue { isLeaving = true }
        guard type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_DATA.rawValue,
            let entry = carried[frame.hd.stream_id]
        else { return }
        if type == NGHTTP2_HEADERS.rawValue { entry.endOfFields() }
        if frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 { entry.hasEnded = true }
    }

    private func close(_ stream: Int32, _ code: UInt32) {
        guard let entry = carried.removeValue(forKey: stream) else { return }
        if entry.hasEnded, entry.hasHead {
            over.append((entry, .done))
        } else if code == NGHTTP2_REFUSED_STREAM.rawValue, !entry.hasHead {
            over.append((entry, .turnedAway))
        } else {
            let reason = String(cString: nghttp2_http2_strerror(code))
            over.append((entry, .failed(Self.failure(origin, "the server ended the response: \(reason)"))))
        }
    }

    private func turnAway(_ stream: Int32) {
        guard let entry = carried.removeValue(forKey: stream) else { return }
        over.append((entry, .turnedAway))
    }
}
