import Foundation
import HTTPTransport
import KubeObjects
import Logging
import Synchronization
import Testing

@testable import KubeClient

/// Answers each request with what a test says, and remembers them.
final class ScriptedTransport: HTTPTransport {
    private let log = Mutex<[HTTPRequest]>([])
    private let answer: @Sendable (Int, HTTPRequest) async throws -> HTTPResponse

    /// - Parameter answer: is told how many requests came before.
    init(_ answer: @escaping @Sendable (Int, HTTPRequest) async throws -> HTTPResponse) { self.answer = answer }

    var requests: [HTTPRequest] { log.withLock { $0 } }

    private func remember(_ request: HTTPRequest) -> Int {
        log.withLock { log in
            log.append(request)
            return log.count - 1
        }
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse { try await answer(remember(request), request) }

    /// Gives the body line by line, as a watch comes.
    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        let response = try await answer(remember(request), request)
        let lines = Mutex(response.body.split(separator: 0x0A).map { Array($0) + [0x0A] }[...])
        return HTTPStreamingResponse(
            status: response.status, headers: response.headers,
            body: HTTPBody { lines.withLock { $0.popFirst() } })
    }
}

/// The pauses that a client asked for, taken without waiting.
final class Pauses: Sendable {
    private let all = Mutex<[Duration]>([])

    var taken: [Duration] { all.withLock { $0 } }

    func take(_ pause: Duration) throws {
        try Task.checkCancellation()
        all.withLock { $0.append(pause) }
    }
}

extension HTTPResponse {
    static func json(_ json: JSON, status: Int = 200, headers: HTTPHeaders = [:]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: json.encoded())
    }

    static func status(
        _ code: Int, reason: String = "", message: String = "no", headers: HTTPHeaders = [:]
    ) -> HTTPResponse {
        .json(
            [
                "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": JSON(code),
                "reason": .string(reason), "message": .string(message),
            ], status: code, headers: headers)
    }

    static func lines(_ lines: [JSON]) -> HTTPResponse {
        HTTPResponse(status: 200, body: lines.flatMap { $0.encoded() + [0x0A] })
    }
}

extension Logger {
    static let silent = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
}

extension KubeClient {
    static func scripted(
        _ transport: some HTTPTransport, _ pauses: Pauses = Pauses(),
        credential: ClusterConnection.Credential = .none
    ) -> KubeClient {
        KubeClient(
            connection: ClusterConnection(server: "https://api.example:6443/", credential: credential),
            transport: transport, fieldManager: "tests", log: .silent, sleep: { try pauses.take($0) })
    }
}

extension KubeObject {
    static func configMap(_ name: String, _ data: [String: String] = [:], namespace: String = "default") -> KubeObject {
        var object = ResourceType.configMaps.object(ObjectKey(namespace: namespace, name: name))
        if !data.isEmpty { object["data"] = JSON(data) }
        return object
    }
}

/// A folder of its own for one test; gone with the last reference to it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("\(NSTemporaryDirectory())/client-tests-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func file(_ name: String, _ text: String, executable: Bool = false) throws -> String {
        let file = "\(path)/\(name)"
        let folder = URL(filePath: file).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: file))
        try FileManager.default.setAttributes(
            [.posixPermissions: executable ? 0o700 : 0o600], ofItemAtPath: file)
        return file
    }

    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(path)/\(name)")), as: UTF8.self)
    }
}
