import Foundation
import HTTPTransport
import KubeObjects
import Synchronization
import Testing

@testable import KubeClient

/// Against the upstream binaries, one control plane for all of them.
@Suite(
    "Against the real API server", .enabled(if: ControlPlane.isInstalled, "needs /usr/local/kubebuilder/bin"),
    .controlPlane, .timeLimit(.minutes(5)))
enum RealAPI {}

extension RealAPI {
    /// A client and a namespace for one test.
    static func fixture(_ fieldManager: String = "tests") async throws -> (KubeClient, ControlPlane, String) {
        let plane = try #require(ControlPlane.current)
        let client = plane.client(fieldManager)
        let namespace = "t-\(UInt64.random(in: 0...UInt64.max))"
        _ = try await client.create(
            ResourceType.namespaces.object(ObjectKey(namespace: nil, name: namespace)), .namespaces)
        return (client, plane, namespace)
    }

    static func deployment(_ name: String, in namespace: String, replicas: Int? = 1) -> KubeObject {
        var object = ResourceType.deployments.object(ObjectKey(namespace: namespace, name: name))
        object["spec"] = [
            "selector": ["matchLabels": ["app": "a"]],
            "template": [
                "metadata": ["labels": ["app": "a"]],
                "spec": ["containers": [["name": "c", "image": "i"]]],
            ],
        ]
        if let replicas { object[path: "spec", "replicas"] = JSON(replicas) }
        return object
    }

    @Suite("reading and writing")
    struct ReadingAndWriting {
        @Test("What is not there is nil; what is there cannot be created again")
        func create() async throws {
            let (client, _, namespace) = try await fixture()
            let object = KubeObject.configMap("a", ["k": "v"], namespace: namespace)
            #expect(try await client.find(.configMaps, object.key) == nil)
            let created = try await client.create(object, .configMaps)
            #expect(!created.uid.isEmpty)
            #expect(try await client.get(.configMaps, object.key) == created)
            let error = await #expect(throws: KubeError.self) { try await client.create(object, .configMaps) }
            #expect(error?.isAlreadyExists == true && error?.isConflict == false)
            let invalid = await #expect(throws: KubeError.self) {
                try await client.create(.configMap("In Valid", namespace: namespace), .configMaps)
            }
            #expect(invalid?.isInvalid == true)
            #expect(invalid?.details?["causes"]?.array?.isEmpty == false)
        }

        @Test("A list in pages is whole, selected and of one moment; metadata alone comes without data")
        func list() async throws {
            let (client, _, namespace) = try await fixture()
            for index in 0..<8 {
                var object = KubeObject.configMap("m\(index)", ["k": "v"], namespace: namespace)
                object.labels = ["half": "\(index % 2)", "odd name": "x"].filter { $0.key == "half" }
                _ = try await client.create(object, .configMaps)
            }
            let selector = try LabelSelector(parsing: "half in (0, 2)")
            let all = try await client.list(.configMaps, namespace: namespace, limit: 3)
            #expect(all.items.map(\.name).filter { $0.hasPrefix("m") } == (0..<8).map { "m\($0)" })
            #expect(all.items.allSatisfy { $0.kind == "ConfigMap" && $0.apiVersion == "v1" })
            #expect(!all.resourceVersion.isEmpty)
            let half = try await client.list(
                .configMaps, namespace: namespace, labelSelector: selector, limit: 1, metadataOnly: true)
            #expect(half.items.map(\.name) == ["m0", "m2", "m4", "m6"])
            #expect(half.items.allSatisfy { $0["data"] == nil && $0.kind == "ConfigMap" && $0.labels == ["half": "0"] })
            let one = try await client.list(
                .configMaps, namespace: nil,
                fieldSelector: FieldSelector(equals: ["metadata.name": "m3", "metadata.namespace": namespace]))
            #expect(one.items.map(\.key) == [ObjectKey(namespace: namespace, name: "m3")])
        }

        @Test("Of two writers with one version the second is told of the conflict")
        func updateConflict() async throws {
            let (client, _, namespace) = try await fixture()
            let created = try await client.create(.configMap("a", ["k": "1"], namespace: namespace), .configMaps)
            var changed = created
            changed["data"] = ["k": "2"]
            #expect(try await client.update(changed, .configMaps)["data"] == ["k": "2"])
            let error = await #expect(throws: KubeError.self) { try await client.update(changed, .configMaps) }
            #expect(error?.isConflict == true)
        }

        @Test("Apply owns its fields: another is refused them, unless by force")
        func apply() async throws {
            let (client, plane, namespace) = try await fixture("first")
            let other = plane.client("second")
            _ = try await client.apply(.configMap("a", ["mine": "1", "gone": "x"], namespace: namespace), .configMaps)
            let theirs = KubeObject.configMap("a", ["mine": "2", "theirs": "3"], namespace: namespace)
            let error = await #expect(throws: KubeError.self) {
                try await other.apply(theirs, .configMaps, force: false)
            }
            #expect(error?.isConflict == true)
            #expect(error?.message.contains("first") == true)
            #expect(try await other.apply(theirs, .configMaps)["data"] == ["mine": "2", "theirs": "3", "gone": "x"])
            let rest = try await client.apply(.configMap("a", ["extra": "4"], namespace: namespace), .configMaps)
            #expect(rest["data"] == ["mine": "2", "theirs": "3", "extra": "4"])
        }

        @Test("Both kinds of patch change what they say")
        func patch() async throws {
            let (client, _, namespace) = try await fixture()
            let key = try await client.create(.configMap("a", ["a": "1", "b": "2"], namespace: namespace), .configMaps)
                .key
            let merged = try await client.patch(.configMaps, key, .merge(["data": ["a": nil, "c": "3"]]))
            #expect(merged["data"] == ["b": "2", "c": "3"])
            let operations: JSON = [
                ["op": "test", "path": "/data/b", "value": "2"], ["op": "replace", "path": "/data/b", "value": "9"],
            ]
            #expect(try await client.patch(.configMaps, key, .json(operations))["data"] == ["b": "9", "c": "3"])
            let error = await #expect(throws: KubeError.self) {
                try await client.patch(.configMaps, key, .json(operations))
            }
            #expect(error?.isInvalid == true)
        }

        @Test("Status and scale are written apart from the rest")
        func subresources() async throws {
            let (client, _, namespace) = try await fixture()
            var object = try await client.create(deployment("a", in: namespace), .deployments)
            #expect(try await client.scale(.deployments, object.key, replicas: 3) == 3)
            object = try await client.get(.deployments, object.key)
            #expect(object[path: "spec", "replicas"] == 3)
            object[path: "spec", "replicas"] = 7
            object["status"] = ["replicas": 2, "observedGeneration": 1]
            let written = try await client.updateStatus(object, .deployments)
            #expect(written[path: "status", "replicas"] == 2)
            #expect(written[path: "spec", "replicas"] == 3)
        }

        @Test("A deletion happens under its preconditions only, and waits for finalizers")
        func delete() async throws {
            let (client, _, namespace) = try await fixture()
            var object = KubeObject.configMap("a", namespace: namespace)
            object.finalizers = ["example.com/hold"]
            let created = try await client.create(object, .configMaps)
            for preconditions in [Preconditions(uid: "other"), Preconditions(resourceVersion: "1")] {
                let error = await #expect(throws: KubeError.self) {
                    try await client.delete(.configMaps, created.key, preconditions: preconditions)
                }
                #expect(error?.isConflict == true)
            }
            let right = Preconditions(uid: created.uid, resourceVersion: created.resourceVersion)
            try await client.delete(.configMaps, created.key, preconditions: right)
            var held = try await client.get(.configMaps, created.key)
            #expect(held.isBeingDeleted)
            held.finalizers = []
            _ = try await client.update(held, .configMaps)
            #expect(try await client.find(.configMaps, created.key) == nil)
            let error = await #expect(throws: KubeError.self) { try await client.delete(.configMaps, created.key) }
            #expect(error?.isNotFound == true)
        }

        @Test("The server says what it serves, and what it is")
        func discovery() async throws {
            let (client, _, _) = try await fixture()
            #expect(try await client.serves(.deployments))
            #expect(try await client.serves(.configMaps))
            #expect(try await !client.serves(.tenantControlPlanes))
            #expect(try await client.serverVersion()["major"]?.string == "1")
        }

        @Test("A token is read from its file again when the server refuses the one at hand")
        func tokenFile() async throws {
            let (_, plane, namespace) = try await fixture()
            let folder = try TemporaryFolder()
            let file = try folder.file("token", "wrong")
            let client = plane.client(credential: .tokenFile(file))
            let error = await #expect(throws: KubeError.self) {
                try await client.list(.configMaps, namespace: namespace)
            }
            #expect(error?.isUnauthorized == true)
            try folder.file("token", ControlPlane.token)
            _ = try await client.list(.configMaps, namespace: namespace)
        }
    }
}
