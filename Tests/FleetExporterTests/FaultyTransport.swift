import HTTPTransport
import Synchronization

/// The transport itself, but that some requests fail, or are never answered.
final class FaultyTransport: HTTPTransport {
    enum Fault: Sendable {
        case failure(HTTPTransportError)
        /// Until the task is cancelled.
        case silence
    }

    private let transport: any HTTPTransport
    private let judge = Mutex<@Sendable (HTTPRequest) -> Fault?>({ _ in nil })
    private let urls = Mutex<[String]>([])

    init(_ transport: any HTTPTransport) { self.transport = transport }

    /// From now on.
    func fail(_ judge: @escaping @Sendable (HTTPRequest) -> Fault?) { self.judge.withLock { $0 = judge } }

    /// Everything that was asked for.
    var asked: [String] { urls.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        urls.withLock { $0.append(request.url) }
        switch judge.withLock({ $0 })(request) {
        case .failure(let error): throw error
        case .silence:
            try await Task.sleep(for: .seconds(86_400))
            throw HTTPTransportError(.timedOut, "nobody answers")
        case nil: return try await transport.send(request)
        }
    }

    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse { try await transport.stream(request) }

    func open(_ request: HTTPRequest, _ receive: @escaping @Sendable (StreamSignal) -> Void) -> any OpenStream {
        transport.open(request, receive)
    }
}
