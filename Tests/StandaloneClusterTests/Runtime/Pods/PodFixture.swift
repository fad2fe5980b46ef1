import APIMachinery
import FoundationEssentials
import KubeObjects
import Logging
import Testing

@testable import StandaloneCluster

/// A cluster API on a file of its own with a pod runner, for as long as `body` runs.
struct PodFixture: Sendable {
    let api: ClusterAPI
    let settings: RuntimeSettings
    let scratch: ScratchDirectory

    static let options = WriteOptions(fieldManager: "test")

    init() async throws {
        scratch = try ScratchDirectory()
        var log = Logger(label: "test")
        log.logLevel = .error
        api = ClusterAPI(
            store: try ObjectStore(path: scratch.file("state.db")),
            services: try #require(ServiceAddresses(cidr: "127.96.0.0/16")), rootCertificateAuthority: nil,
            now: { Date() }, log: log)
        // Suites run beside each other, and all loopback addresses are one machine's.
        let range = "127.\(Int.random(in: 112..<128)).\(Int.random(in: 0..<256)).0/24"
        settings = RuntimeSettings(
            directory: scratch.file("r"), embeddedEngine: scratch.file("engine"), podRange: range)
        _ = try await api.create(
            .namespaces, ResourceType.namespaces.object(ObjectKey(namespace: nil, name: "default")), namespace: nil,
            Self.options)
    }

    /// Runs the runner beside `body`, and returns when it has ended.
    func running<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        var log = Logger(label: "test")
        log.logLevel = .error
        let runner = PodRunner(api: api, settings: settings, log: log)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                await runner.run()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    func create(_ type: ResourceType, _ object: KubeObject) async throws {
        _ = try await api.create(type, object, namespace: "default", Self.options)
    }

    func createPod(
        _ name: String, _ containers: [JSON], volumes: [JSON] = [], initContainers: [JSON] = [],
        restartPolicy: String = "Always"
    ) async throws {
        var pod = ResourceType.pods.object(ObjectKey(namespace: "default", name: name))
        pod["spec"] = [
            "containers": .array(containers), "volumes": .array(volumes), "restartPolicy": .string(restartPolicy),
            "terminationGracePeriodSeconds": 1,
        ]
        if !initContainers.isEmpty { pod[path: "spec", "initContainers"] = .array(initContainers) }
        try await create(.pods, pod)
    }

    /// The pod as soon as `condition` holds of it.
    @discardableResult
    func pod(_ name: String, when condition: (KubeObject) -> Bool) async throws -> KubeObject {
        try await object(.pods, ObjectKey(namespace: "default", name: name), when: condition)
    }

    @discardableResult
    func object(
        _ type: ResourceType, _ key: ObjectKey, when condition: (KubeObject) -> Bool
    ) async throws -> KubeObject {
        let version = api.store.currentVersion
        if let found = try await api.find(type, key), condition(found) { return found }
        var session = try await api.watch(type, Selection(namespace: key.namespace), after: version)
        while let events = try await session.next() {
            for event in events where event.object.key == key && event.change != .deleted {
                if condition(event.object) { return event.object }
            }
        }
        throw CancellationError()
    }

    /// Returns when there is no such pod any more.
    func gone(_ name: String) async throws {
        let key = ObjectKey(namespace: "default", name: name)
        let version = api.store.currentVersion
        if try await api.find(.pods, key) == nil { return }
        var session = try await api.watch(.pods, after: version)
        while let events = try await session.next() {
            if events.contains(where: { $0.object.key == key && $0.change == .deleted }) { return }
        }
        throw CancellationError()
    }

    /// A file of one of a pod's volumes.
    func file(_ pod: KubeObject, volume: Int, _ name: String) -> String? {
        let path = "\(settings.directory)/v/\(VolumeStore.shortName(pod.uid))/\(volume)/\(name)"
        return FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    func log(_ pod: String, _ container: String) -> String? {
        FileManager.default.contents(atPath: "\(settings.directory)/logs/default_\(pod)/\(container).log").map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

func shell(_ script: String, name: String = "main", mounts: [JSON] = [], more: JSON = [:]) -> JSON {
    var container: JSON = [
        "name": .string(name), "image": "none", "command": ["sh", "-c", .string(script)],
        "volumeMounts": .array(mounts),
    ]
    for (key, value) in more.object ?? [:] { container[key] = value }
    return container
}

extension KubeObject {
    func condition(_ type: String) -> String? {
        (self[path: "status", "conditions"]?.array ?? []).first { $0["type"]?.string == type }?["status"]?.string
    }

    var isReady: Bool { condition("Ready") == "True" }

    func container(_ name: String) -> JSON {
        let statuses =
            (self[path: "status", "containerStatuses"]?.array ?? [])
            + (self[path: "status", "initContainerStatuses"]?.array ?? [])
        return statuses.first { $0["name"]?.string == name } ?? .null
    }
}
