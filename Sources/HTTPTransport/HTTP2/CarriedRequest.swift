import CLibNGHTTP2

/// One request on its way, and its answer. Lives on the loop's thread; only its recipient crosses threads.
final class CarriedRequest {
    let serial: UInt64
    let recipient: any Recipient
    /// How often servers have turned it away.
    let refusals: Int
    /// Until it was handed to a connection's session.
    var request: HTTPRequest?
    /// Where it was handed to; nil while it waits for a connection.
    var stream: Int32?
    /// What has not been sent of the body.
    private var body: ArraySlice<UInt8> = []
    private var head = ResponseHead(status: 0, isHTTP2: true)
    private var trailers: [HTTPHeaders.Field] = []
    private var headerBytes = 0
    private(set) var hasHead = false
    /// Whether the server has said that its answer is whole.
    var hasEnded = false

    /// Answers with larger heads are cut off, in bytes.
    private static let headerLimit = 256 * 1024

    init(serial: UInt64, request: HTTPRequest, recipient: any Recipient, refusals: Int = 0) {
        self.serial = serial
        self.refusals = refusals
        self.request = request
        self.recipient = recipient
    }

    /// The session has taken the request's head.
    func begin(stream: Int32) {
        self.stream = stream
        body = (request?.body ?? [])[...]
        request = nil
    }

    /// A header field of the answer, or of what precedes or follows it.
    func take(name: String, value: String) {
        headerBytes += name.utf8.count + value.utf8.count
        guard headerBytes <= Self.headerLimit else { return }
        if hasHead {
            trailers.append(HTTPHeaders.Field(name, value))
        } else if name == ":status" {
            head.status = Int(value) ?? 0
        } else {
            head.headers.fields.append(HTTPHeaders.Field(name, value))
        }
    }

    /// A block of header fields is complete: interim (1xx), the answer's own, or trailers.
    func endOfFields() {
        if hasHead {
            for field in trailers { recipient.receive(trailer: field) }
            trailers = []
        } else if head.status >= 200 {
            hasHead = true
            recipient.receive(head)
            head = ResponseHead(status: head.status, isHTTP2: true)
        } else {
            head = ResponseHead(status: 0, isHTTP2: true)
        }
    }

    /// Fills the frame that goes out next with the body; says how much, and whether that was all.
    func fill(_ buffer: UnsafeMutableBufferPointer<UInt8>) -> (count: Int, isAll: Bool) {
        let piece = body.prefix(buffer.count)
        _ = buffer.update(fromContentsOf: piece)
        body = body.dropFirst(piece.count)
        // The last piece takes the memory with it.
        if body.isEmpty { body = [] }
        return (piece.count, body.isEmpty)
    }
}
