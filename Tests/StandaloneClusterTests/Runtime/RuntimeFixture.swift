import APIMachinery
import FoundationEssentials
import KubeObjects
import Logging

@testable import StandaloneCluster

/// An API on a file of its own, and parts of the runtime on it, for as long as `body` runs.
struct RuntimeFixture: Sendable {
    static let options = WriteOptions(fieldManager: "test")

    let api: ClusterAPI

    /// - Parameter parts: each runs beside `body` until that returns.
    @discardableResult
    static func run<Result: Sendable>(
        in scratch: ScratchDirectory? = nil, _ parts: [@Sendable (ClusterAPI, Logger) async -> Void],
        _ body: @Sendable (RuntimeFixture) async throws -> Result
    ) async throws -> Result {
        let scratch = try scratch ?? ScratchDirectory()
        var log = Logger(label: "test")
        log.logLevel = .error
        guard let services = ServiceAddresses(cidr: "127.96.0.0/16") else { throw FixtureError("no service block") }
        let store = try ObjectStore(path: scratch.file("state.db"), settings: .init(historyLimit: 10_000))
        defer { store.close() }
        let api = ClusterAPI(
            store: store, services: services, rootCertificateAuthority: nil, now: { Date() }, log: log)
        let namespace = ResourceType.namespaces.object(ObjectKey(namespace: nil, name: "default"))
        await api.ensure(namespace, .namespaces, options)
        let logger = log
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for part in parts { group.addTask { await part(api, logger) } }
            group.addTask { await LifecycleController(api: api, log: logger).run() }
            defer { group.cancelAll() }
            return try await body(RuntimeFixture(api: api))
        }
    }

    @discardableResult
    func create(_ type: ResourceType, _ object: KubeObject) async throws -> KubeObject {
        try await api.create(type, object, namespace: object.namespace, Self.options).object
    }

    /// Changes an object from what it is when it is written.
    func change(
        _ type: ResourceType, _ name: String, subresource: String = "", _ edit: (inout KubeObject) -> Void
    ) async throws {
        let key = ObjectKey(namespace: "default", name: name)
        while true {
            var object = try await api.get(type, key)
            edit(&object)
            do throws(APIStatus) {
                _ = try await api.update(type, key, object, subresource: subresource, Self.options)
                return
            } catch {
                guard error.reason == "Conflict" else { throw error }
            }
        }
    }

    /// What `find` gives, as soon as it gives something, looked for after every change of one of `types`.
    func awaited<Result: Sendable>(
        _ type: ResourceType, _ find: (RuntimeFixture) async throws -> Result?
    ) async throws -> Result {
        var session = try await api.watch(type, after: nil)
        while true {
            if let found = try await find(self) { return found }
            guard try await session.next() != nil else { throw FixtureError("the watch on \(type) ended") }
        }
    }

    func items(_ type: ResourceType) async throws -> [KubeObject] { try await api.list(type).items }
}

struct FixtureError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
