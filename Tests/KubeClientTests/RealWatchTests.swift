import Foundation
import HTTPTransport
import KubeObjects
import Synchronization
import Testing

@testable import KubeClient

extension RealAPI {
    /// What a watch told, as text, to be waited for.
    struct Told: Sendable {
        let stream: AsyncStream<(text: String, object: KubeObject?)>
        private let task: Task<Void, any Error>

        init(_ client: KubeClient, _ type: ResourceType, namespace: String, metadataOnly: Bool = false) {
            let (stream, continuation) = AsyncStream<(text: String, object: KubeObject?)>.makeStream()
            self.stream = stream
            task = Task {
                try await client.watch(type, namespace: namespace, metadataOnly: metadataOnly) { event in
                    switch event {
                    case .relisted(let all, _):
                        let names = all.map(\.name).filter { !$0.hasPrefix("kube-") }
                        continuation.yield(("listed \(names.joined(separator: " "))", nil))
                    case .changed(let object): continuation.yield(("changed \(object.name)", object))
                    case .deleted(let object): continuation.yield(("deleted \(object.name)", object))
                    }
                }
            }
        }

        /// Waits until `text` is told; what came before it, with it.
        func until(_ text: String) async -> [String] {
            var told: [String] = []
            for await event in stream {
                told.append(event.text)
                if event.text == text { break }
            }
            return told
        }

        /// Ends the watch, and gives the error it ended with.
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

    @Suite("watching")
    struct Watching {
        @Test("Every change is told in order, and cancelling ends the watch")
        func changes() async throws {
            let (client, _, namespace) = try await fixture()
            _ = try await client.create(.configMap("old", namespace: namespace), .configMaps)
            let told = Told(client, .configMaps, namespace: namespace)
            #expect(await told.until("listed old") == ["listed old"])
            let created = try await client.create(.configMap("a", ["k": "1"], namespace: namespace), .configMaps)
            _ = try await client.patch(.configMaps, created.key, .merge(["data": ["k": "2"]]))
            try await client.delete(.configMaps, created.key)
            let events = await told.until("deleted a").filter { !$0.contains("kube-") }
            #expect(events == ["changed a", "changed a", "deleted a"])
            #expect(await told.end() != nil)
        }

        @Test("A place that the server forgot is listed anew, and what changed meanwhile is told")
        func forgotten() async throws {
            let (client, plane, namespace) = try await fixture()
            _ = try await client.create(.configMap("old", namespace: namespace), .configMaps)
            // Version 1 was before the server began to remember: it answers 410.
            let transport = TamperingTransport(plane.transport) { index, request in
                guard index < 2 else { return request }
                var request = request
                request.url = request.url.replacing(/resourceVersion=[0-9]+/, with: "resourceVersion=1")
                return request
            }
            let told = Told(plane.client(over: transport), .configMaps, namespace: namespace)
            #expect(await told.until("listed old") == ["listed old"])
            #expect(await told.until("listed old") == ["listed old"])
            #expect(await told.until("listed old") == ["listed old"])
            _ = try await client.create(.configMap("new", namespace: namespace), .configMaps)
            #expect(await told.until("changed new").last == "changed new")
            _ = await told.end()
        }

        @Test("A stream that breaks after every piece loses nothing and repeats nothing")
        func broken() async throws {
            let (client, plane, namespace) = try await fixture()
            let transport = TamperingTransport(plane.transport, piecesBeforeBreak: 1)
            let told = Told(plane.client(over: transport), .secrets, namespace: namespace)
            #expect(await told.until("listed ") == ["listed "])
            for index in 0..<5 {
                let secret = ResourceType.secrets.object(ObjectKey(namespace: namespace, name: "s\(index)"))
                _ = try await client.create(secret, .secrets)
            }
            #expect(await told.until("changed s4") == (0..<5).map { "changed s\($0)" })
            _ = await told.end()
        }

        @Test("A watch of metadata alone brings no data, and the kind that was asked for")
        func metadataOnly() async throws {
            let (client, _, namespace) = try await fixture()
            let told = Told(client, .secrets, namespace: namespace, metadataOnly: true)
            #expect(await told.until("listed ") == ["listed "])
            var secret = ResourceType.secrets.object(ObjectKey(namespace: namespace, name: "s"))
            secret["stringData"] = ["password": "x"]
            _ = try await client.create(secret, .secrets)
            let object = await told.stream.first { $0.text == "changed s" }?.object
            #expect(object?.kind == "Secret")
            #expect(object?.apiVersion == "v1")
            #expect(object?.uid.isEmpty == false)
            #expect(object?["data"] == nil)
            _ = await told.end()
        }
    }
}
