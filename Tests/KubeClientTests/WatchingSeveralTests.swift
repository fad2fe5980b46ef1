import Foundation
import HTTPTransport
import KubeObjects
import Logging
import Synchronization
import Testing

@testable import KubeClient

/// What a watch of several kinds told, as text, to be waited for.
private struct ToldOfSeveral: Sendable {
    private let stream: AsyncStream<String>
    private let task: Task<Void, any Error>

    init(_ client: KubeClient, _ types: Set<ResourceType>, labels: [String: String] = [:]) {
        let (stream, continuation) = AsyncStream<String>.makeStream()
        self.stream = stream
        task = Task {
            let selector = LabelSelector(equals: labels)
            let kinds = types.map { WatchedKind($0, labelSelector: selector, metadataOnly: true) }
            try await client.watch(kinds) { type, event in
                switch event {
                case .relisted(let all, _):
                    continuation.yield("\(type.kind) listed \(all.map(\.name).joined(separator: " "))")
                case .changed(let object): continuation.yield("\(type.kind) changed \(object.name)")
                case .deleted(let object): continuation.yield("\(type.kind) deleted \(object.name)")
                }
            }
        }
    }

    /// Waits until all of `texts` were told, and gives what was.
    func until(_ texts: [String]) async -> [String] {
        await until { told in texts.allSatisfy(told.contains) }
    }

    func until(_ holds: ([String]) -> Bool) async -> [String] {
        var told: [String] = []
        for await text in stream {
            told.append(text)
            if holds(told) { break }
        }
        return told
    }

    func end() async -> (any Error)? {
        task.cancel()
        do {
            try await task.value
            return nil
        } catch {
            return error
        }
    }
}

extension RealAPI {
    @Suite("watching several kinds in one task")
    struct WatchingSeveral {
        @Test("Every change of every kind is told, over one connection, and cancelling ends all")
        func changes() async throws {
            let (client, plane, namespace) = try await fixture()
            let labels = ["test": namespace]
            let told = ToldOfSeveral(
                plane.client(over: HTTP2Transport()), [.configMaps, .secrets, .serviceAccounts], labels: labels)
            _ = await told.until(["ConfigMap listed ", "Secret listed ", "ServiceAccount listed "])
            for type in [ResourceType.configMaps, .secrets, .serviceAccounts] {
                for name in ["a", "b"] {
                    var object = type.object(ObjectKey(namespace: namespace, name: name))
                    object.labels = labels
                    _ = try await client.create(object, type)
                }
                try await client.delete(type, ObjectKey(namespace: namespace, name: "a"))
            }
            let events = await told.until(["ConfigMap deleted a", "Secret deleted a", "ServiceAccount deleted a"])
            for kind in ["ConfigMap", "Secret", "ServiceAccount"] {
                // A controller may write to a service account in between.
                let own = events.filter { $0.hasPrefix(kind) }.filter { !$0.hasPrefix("ServiceAccount changed") }
                if kind != "ServiceAccount" {
                    #expect(own == ["\(kind) changed a", "\(kind) changed b", "\(kind) deleted a"])
                }
            }
            #expect(await told.end() is CancellationError)
        }

        @Test("Streams that break after every piece, and places that were forgotten, lose nothing")
        func broken() async throws {
            let (client, plane, namespace) = try await fixture()
            let labels = ["test": namespace]
            let transport = TamperingTransport(plane.transport, piecesBeforeBreak: 1) { index, request in
                // Version 1 was before the server began to remember: it answers 410.
                guard index < 4 else { return request }
                var request = request
                request.url = request.url.replacing(/resourceVersion=[0-9]+/, with: "resourceVersion=1")
                return request
            }
            let told = ToldOfSeveral(plane.client(over: transport), [.configMaps, .secrets], labels: labels)
            _ = await told.until(["ConfigMap listed ", "Secret listed "])
            for index in 0..<5 {
                for type in [ResourceType.configMaps, .secrets] {
                    var object = type.object(ObjectKey(namespace: namespace, name: "o\(index)"))
                    object.labels = labels
                    _ = try await client.create(object, type)
                }
            }
            // What was made while a place was looked for is told by a list, anything else by itself.
            let wanted = ["ConfigMap", "Secret"].flatMap { kind in (0..<5).map { (kind, "o\($0)") } }
            _ = await told.until { told in
                wanted.allSatisfy { kind, name in told.contains { $0.hasPrefix(kind) && $0.contains(name) } }
            }
            _ = await told.end()
        }
    }
}

@Suite("Watching several kinds, against a script")
struct WatchingSeveralScriptTests {
    @Test("A kind that is refused is asked for again, and says so, while the others go on")
    func refusal() async throws {
        let refusals = Mutex(0)
        let transport = ScriptedTransport { _, request in
            let isWatch = request.url.contains("watch=true")
            if request.url.contains("/secrets"), isWatch,
                refusals.withLock({
                    $0 += 1; return $0
                }) <= 2
            {
                return .status(403, reason: "Forbidden")
            }
            guard isWatch else { return .json(["metadata": ["resourceVersion": "5"], "items": []]) }
            let name = request.url.contains("/secrets") ? "s" : "c"
            let event: JSON = [
                "type": "ADDED", "object": ["metadata": ["name": .string(name), "resourceVersion": "6"]],
            ]
            return HTTPResponse(status: 200, body: event.encoded() + [0x0A])
        }
        let client = KubeClient(
            connection: ClusterConnection(server: "https://x"), transport: transport, fieldManager: "test",
            log: Logger(label: "test"), sleep: { _ in try Task.checkCancellation() })
        let told = ToldOfSeveral(client, [.configMaps, .secrets])
        let events = await told.until(["ConfigMap changed c", "Secret changed s"])
        // Refused twice, the secrets were listed three times.
        #expect(events.count { $0 == "Secret listed " } == 3)
        #expect(await told.end() is CancellationError)
    }

    @Test("Of each kind is asked for what was chosen of it")
    func selections() async throws {
        struct Enough: Error {}
        let asked = Mutex<[String: (url: String, accept: String)]>([:])
        let transport = ScriptedTransport { _, request in
            if !request.url.contains("watch=true") {
                return .json(["metadata": ["resourceVersion": "5"], "items": []])
            }
            let accept = request.headers["accept"] ?? ""
            let kind = request.url.contains("/secrets") ? "secrets" : "configmaps"
            let count = asked.withLock { asked in
                asked[kind] = (request.url, accept)
                return asked.count
            }
            let event: JSON = ["type": "ADDED", "object": ["metadata": ["name": "x", "resourceVersion": "6"]]]
            return HTTPResponse(status: 200, body: count == 2 ? event.encoded() + [0x0A] : [])
        }
        let client = KubeClient(
            connection: ClusterConnection(server: "https://x"), transport: transport, fieldManager: "test",
            log: Logger(label: "test"), sleep: { _ in try Task.checkCancellation() })
        let kinds = [
            WatchedKind(.configMaps, labelSelector: LabelSelector(equals: ["a": "b"]), metadataOnly: true),
            WatchedKind(.secrets),
        ]
        await #expect(throws: Enough.self) {
            try await client.watch(kinds) { _, event in
                if case .changed = event { throw Enough() }
            }
        }
        let (maps, secrets) = asked.withLock { ($0["configmaps"], $0["secrets"]) }
        #expect(maps?.url.contains("labelSelector=a%3Db") == true && maps?.accept.contains("PartialObject") == true)
        #expect(secrets?.url.contains("labelSelector") == false && secrets?.accept.contains("PartialObject") == false)
    }

    @Test("What the consumer throws ends every watch")
    func consumer() async throws {
        struct Enough: Error {}
        let transport = ScriptedTransport { _, _ in .json(["metadata": ["resourceVersion": "5"], "items": []]) }
        let client = KubeClient(
            connection: ClusterConnection(server: "https://x"), transport: transport, fieldManager: "test",
            log: Logger(label: "test"))
        await #expect(throws: Enough.self) {
            try await client.watch([WatchedKind(.configMaps), WatchedKind(.secrets)]) { _, _ in throw Enough() }
        }
    }
}
