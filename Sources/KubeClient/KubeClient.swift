import FoundationEssentials
import HTTPTransport
import KubeObjects
import Logging

/// A client of one API server. Copies share the transport, its connections and the slots for requests.
package struct KubeClient: Sendable {
    package let connection: ClusterConnection
    package let transport: any HTTPTransport
    /// Who owns the fields that `apply` writes.
    package let fieldManager: String
    let credentials: CredentialSource
    let slots: RequestSlots
    let sleep: @Sendable (Duration) async throws -> Void
    let log: Logger

    /// Requests under way at once; an API server's own fairness gives one user little more.
    static let concurrency = 64

    /// How long one request is tried.
    package struct Patience: Sendable, Hashable {
        /// How often a request that may be sent again is sent in all.
        package var attempts: Int
        /// Of one attempt, at most.
        package var timeout: Duration

        package init(attempts: Int = 5, timeout: Duration = .seconds(30)) {
            self.attempts = attempts
            self.timeout = timeout
        }
    }

    let patience: Patience

    package init(
        connection: ClusterConnection, transport: any HTTPTransport, fieldManager: String, log: Logger,
        patience: Patience = Patience(), now: @escaping @Sendable () -> Date = { Date() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.connection = connection
        self.transport = transport
        self.fieldManager = fieldManager
        self.patience = patience
        credentials = CredentialSource(connection.credential, now: now)
        slots = RequestSlots(count: Self.concurrency)
        self.sleep = sleep
        self.log = log
    }

    /// Sends one request and gives the object in the answer. What may safely be repeated is, when the server is busy
    /// (429, with its Retry-After), failing (500, 502 to 504) or gone for the moment; a refused credential is renewed
    /// once.
    func send(_ call: Call) async throws -> JSON {
        var renewed = false
        var attempt = 1
        while true {
            do {
                let response = try await slots.run { try await transport.send(try await request(call)) }
                guard (200..<300).contains(response.status) else {
                    throw KubeError(response, request: call.summary)
                }
                do {
                    return try JSON(parsing: response.body)
                } catch {
                    throw KubeError(.malformed, "\(call.summary): \(error)")
                }
            } catch let error as HTTPTransportError where error.code != .cancelled {
                let wrapped = KubeError(.transport(error), "\(call.summary): \(error.message)")
                guard call.mayRepeat(after: wrapped), attempt < patience.attempts else { throw wrapped }
            } catch let error as KubeError {
                if error.isUnauthorized, !renewed {
                    renewed = true
                    await credentials.invalidate()
                    continue
                }
                guard call.mayRepeat(after: error), attempt < patience.attempts else { throw error }
                if case .status(_, _, .some(let wait)) = error.cause {
                    // A server that names a time is believed, within reason.
                    try await sleep(min(wait, .seconds(30)))
                    attempt += 1
                    continue
                }
            }
            try await sleep(.milliseconds(100 * (1 << attempt)))
            attempt += 1
        }
    }

    /// The request on the wire, with the credential of this moment.
    func request(_ call: Call) async throws -> HTTPRequest {
        let credential = try await credentials.current()
        var request = HTTPRequest(
            call.method, connection.server + call.path + call.queryText, body: call.body?.encoded(),
            tls: connection.tls, timeout: call.timeout ?? patience.timeout, proxy: connection.proxy)
        request.headers["Accept"] = call.accept
        request.headers["User-Agent"] = fieldManager
        if call.body != nil { request.headers["Content-Type"] = call.contentType }
        if let authorization = credential.authorization { request.headers["Authorization"] = authorization }
        if let certificate = credential.certificate, let key = credential.key {
            request.tls.clientCertificate = certificate
            request.tls.clientKey = key
        }
        return request
    }
}

/// One call of the API, as a value.
struct Call: Sendable {
    var method: String
    var path: String
    var query: [(String, String)] = []
    var body: JSON?
    var contentType = "application/json"
    var accept = "application/json"
    /// Nil is the client's patience.
    var timeout: Duration?
    /// Whether sending it twice ends as sending it once. A lost answer to one that is not may hide its success.
    var isIdempotent = true

    /// Without the query, which may hold selectors but nothing that helps to find the mistake.
    var summary: String { "\(method) \(path)" }

    var queryText: String {
        query.isEmpty
            ? "" : "?" + query.map { "\($0.0)=\(Self.escaped($0.1))" }.joined(separator: "&")
    }

    /// Percent-encodes everything but RFC 3986's unreserved characters.
    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                output.append(byte)
            default: output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    func mayRepeat(after error: KubeError) -> Bool {
        // The server did not begin on a request that it turned away. One that is leaving turns away with a 503 and, as
        // any that wants to be asked again, names a time.
        if error.code == 429 { return true }
        if error.code == 503, case .status(_, _, .some) = error.cause { return true }
        return isIdempotent && error.isRetryable
    }
}
