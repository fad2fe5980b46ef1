/// Whom a transfer's thread tells how the answer comes in.
protocol Recipient: AnyObject, Sendable {
    func receive(_ head: ResponseHead)
    func offer(_ bytes: UnsafeRawBufferPointer) -> Acceptance
    func receive(trailer: HTTPHeaders.Field)
    /// Ends it; the first end stands.
    func finish(_ result: Result<Void, any Error>)
    /// Whether what was accepted is paid for only once the consumer has taken it.
    var paysOnTaking: Bool { get }
    /// Sends this once more when a server turned it away without a look; nil leaves that to the consumer.
    var repeatable: HTTPRequest? { get }
}

/// What became of a piece of a body.
enum Acceptance { case accepted, paused, refused }
