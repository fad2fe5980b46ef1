import Foundation
import HTTPTransport
import KubeObjects
import Synchronization
import Testing

@testable import KubeClient

@Suite("Sending requests", .timeLimit(.minutes(5)))
struct SendingTests {
    private let key = ObjectKey(namespace: "default", name: "a")

    @Test("A busy server is waited for as long as it says, within reason, whatever was asked of it")
    func retryAfter() async throws {
        let transport = ScriptedTransport { index, _ in
            switch index {
            case 0: .status(429, headers: ["Retry-After": "7"])
            case 1: .status(429, headers: ["Retry-After": "4000"])
            default: .json(KubeObject.configMap("a").json)
            }
        }
        let pauses = Pauses()
        _ = try await KubeClient.scripted(transport, pauses).create(.configMap("a"), .configMaps)
        #expect(pauses.taken == [.seconds(7), .seconds(30)])
        #expect(transport.requests.count == 3)
    }

    @Test("A server that is leaving is asked again, whatever was asked of it, when it says so")
    func leaving() async throws {
        let transport = ScriptedTransport { index, _ in
            index == 0 ? .status(503, headers: ["Retry-After": "1"]) : .json(KubeObject.configMap("a").json)
        }
        let pauses = Pauses()
        _ = try await KubeClient.scripted(transport, pauses).create(.configMap("a"), .configMaps)
        #expect(pauses.taken == [.seconds(1)])
    }

    @Test("What may be repeated is, five times in all, with growing pauses", arguments: [500, 502, 503, 504, 0])
    func repeated(code: Int) async throws {
        let transport = ScriptedTransport { _, _ in
            if code == 0 { throw HTTPTransportError(.connectionLost, "lost") }
            return .status(code)
        }
        let pauses = Pauses()
        let client = KubeClient.scripted(transport, pauses)
        await #expect(throws: KubeError.self) { try await client.get(.configMaps, key) }
        #expect(transport.requests.count == 5)
        #expect(pauses.taken == [200, 400, 800, 1600].map { .milliseconds($0) })
        // What may have happened already is asked once.
        await #expect(throws: KubeError.self) { try await client.create(.configMap("a"), .configMaps) }
        await #expect(throws: KubeError.self) { try await client.patch(.configMaps, key, .json([])) }
        #expect(transport.requests.count == 7)
    }

    @Test("A refusal is final", arguments: [400, 403, 404, 409, 410, 422, 501])
    func refused(code: Int) async throws {
        let transport = ScriptedTransport { _, _ in .status(code, reason: "R", message: "in the server's words") }
        let error = await #expect(throws: KubeError.self) {
            try await KubeClient.scripted(transport).get(.configMaps, key)
        }
        #expect(error?.code == code)
        #expect(error?.message == "in the server's words")
        #expect(transport.requests.count == 1)
    }

    @Test("A refused credential is renewed once")
    func unauthorized() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("token", "old")
        let transport = ScriptedTransport { _, request in
            if request.headers["authorization"] == "Bearer new" { return .json(KubeObject.configMap("a").json) }
            try folder.file("token", "new")
            return .status(401)
        }
        _ = try await KubeClient.scripted(transport, credential: .tokenFile(file)).create(.configMap("a"), .configMaps)
        #expect(transport.requests.map { $0.headers["Authorization"] } == ["Bearer old", "Bearer new"])

        let hopeless = ScriptedTransport { _, _ in .status(401) }
        await #expect(throws: KubeError.self) {
            try await KubeClient.scripted(hopeless, credential: .token("x")).get(.configMaps, key)
        }
        #expect(hopeless.requests.count == 2)
    }

    @Test("An answer that is no object is an error with its beginning, not a crash")
    func malformed() async throws {
        for (status, body) in [(200, "<html>"), (404, "<html>not here"), (500, "")] {
            let transport = ScriptedTransport { _, _ in HTTPResponse(status: status, body: Array(body.utf8)) }
            let error = await #expect(throws: KubeError.self) {
                try await KubeClient.scripted(transport).get(.configMaps, key)
            }
            #expect(error?.message.contains("GET /api/v1/namespaces/default/configmaps/a") == true)
            if status == 404 { #expect(error?.message.contains("not here") == true) }
        }
    }

    @Test("Selectors are percent-encoded, and a page's continue token is sent back")
    func query() async throws {
        let transport = ScriptedTransport { index, _ in
            var list: JSON = [
                "items": [["metadata": ["name": .string("\(index)")]]], "metadata": ["resourceVersion": "9"],
            ]
            if index == 0 { list[path: "metadata", "continue"] = "a+b/=" }
            return .json(list)
        }
        let list = try await KubeClient.scripted(transport).list(
            .deployments, namespace: nil, labelSelector: LabelSelector(parsing: "a in (x,y)"),
            fieldSelector: FieldSelector(parsing: "metadata.name=ä"), limit: 1)
        #expect(list.items.map(\.name) == ["0", "1"])
        #expect(list.items.allSatisfy { $0.kind == "Deployment" && $0.apiVersion == "apps/v1" })
        #expect(list.resourceVersion == "9")
        let query = "labelSelector=a%20in%20%28x%2Cy%29&fieldSelector=metadata.name%3D%C3%A4&limit=1"
        let base = "https://api.example:6443/apis/apps/v1/deployments?\(query)"
        #expect(transport.requests.map(\.url) == [base, "\(base)&continue=a%2Bb%2F%3D"])
    }

    @Test("A list that the server forgot between two pages is begun anew, but not for ever")
    func forgottenList() async throws {
        let transport = ScriptedTransport { index, request in
            if request.url.contains("continue=") { return .status(410, reason: "Expired") }
            let token: JSON = index < 4 ? "t" : ""
            return .json(["items": [["metadata": ["name": "a"]]], "metadata": ["continue": token]])
        }
        let list = try await KubeClient.scripted(transport).list(.configMaps, namespace: "n")
        #expect(list.items.count == 1)
        #expect(transport.requests.count == 5)
        let hopeless = ScriptedTransport { _, request in
            request.url.contains("continue=") ? .status(410) : .json(["items": [], "metadata": ["continue": "t"]])
        }
        await #expect(throws: KubeError.self) {
            try await KubeClient.scripted(hopeless).list(.configMaps, namespace: "n")
        }
        #expect(hopeless.requests.count == 8)
    }

    @Test("A watch outlives everything that goes wrong on its way, and tells what it missed")
    func watchSurvives() async throws {
        @Sendable func event(_ type: String, _ name: String, _ version: String) -> JSON {
            [
                "type": .string(type),
                "object": ["metadata": ["name": .string(name), "resourceVersion": .string(version)]],
            ]
        }
        let transport = ScriptedTransport { index, request in
            switch index {
            case 0: .json(["items": [], "metadata": ["resourceVersion": "1"]])
            case 1: .lines([event("ADDED", "a", "2"), "broken in between", event("BOOKMARK", "", "5")])
            case 2: throw HTTPTransportError(.connectionLost, "lost")
            case 3: .status(503)
            case 4: .lines([event("MODIFIED", "a", "6"), ["type": "ERROR", "object": ["code": 410]]])
            case 5: .json(["items": [event("", "b", "8")["object"] ?? [:]], "metadata": ["resourceVersion": "9"]])
            default: .lines([event("DELETED", "b", "10")])
            }
        }
        let told = Mutex<[String]>([])
        await #expect(throws: CancellationError.self) {
            try await KubeClient.scripted(transport).watch(.configMaps) { event in
                let text =
                    switch event {
                    case .relisted(let objects, let version): "\(objects.map(\.name)) at \(version)"
                    case .changed(let object): "changed \(object.name)"
                    case .deleted(let object): "deleted \(object.name)"
                    }
                told.withLock { $0.append(text) }
                if text == "deleted b" { throw CancellationError() }
            }
        }
        #expect(
            told.withLock { $0 } == ["[] at 1", "changed a", "changed a", "[\"b\"] at 9", "deleted b"])
        let versions = transport.requests.map {
            $0.url.split(separator: "&").first { $0.hasPrefix("resourceVersion=") }
        }
        #expect(
            versions.map { $0.map(String.init) }
                == [nil, "1", "5", "5", "5", nil, "9"].map { $0.map { "resourceVersion=\($0)" } })
    }

    @Test("A watch whose credential cannot be read goes on when it can")
    func watchWithoutCredential() async throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/token"
        let transport = ScriptedTransport { _, _ in .json(["items": [], "metadata": ["resourceVersion": "1"]]) }
        let client = KubeClient(
            connection: ClusterConnection(server: "https://api.example", credential: .tokenFile(file)),
            transport: transport, fieldManager: "tests", log: .silent,
            sleep: { _ in try folder.file("token", "there now") })
        await #expect(throws: CancellationError.self) {
            try await client.watch(.configMaps) { _ in throw CancellationError() }
        }
        #expect(transport.requests.map { $0.headers["Authorization"] } == ["Bearer there"])
    }
}
