import KubeClient
import KubeObjects
import TenantAPI
import Testing

/// One tenant of an `AdminCluster`, as its user sees it.
struct Tenant: Sendable {
    let cluster: AdminCluster
    let name: String

    var key: ObjectKey { ObjectKey(namespace: FleetScript.namespace, name: name) }

    /// A tenant that sleeps, with `change` laid over it as a merge patch.
    func apply(_ change: String = "{}") async throws {
        let patch = try #require(try YAML.parse(change).first)
        let base = FleetScript.tenant(name, label: "any").json
        _ = try await cluster.api.apply(KubeObject(MergePatch.apply(patch, to: base)), .tenantControlPlanes)
    }

    func change(_ change: String) async throws {
        let patch = try #require(try YAML.parse(change).first)
        _ = try await cluster.api.patch(.tenantControlPlanes, key, .merge(patch))
    }

    func delete() async throws {
        try await cluster.api.delete(.tenantControlPlanes, key)
        try await eventually("\(name) is gone") { try await object() == nil }
    }

    func object() async throws -> KubeObject? { try await cluster.api.find(.tenantControlPlanes, key) }

    func phase() async throws -> String? {
        try await object()?[path: "status", "kubernetesResources", "version", "status"]?.string
    }

    /// `True Reason`, or the like; nil when there is no such condition.
    func condition(_ type: String) async throws -> String? {
        try await entry(type).map { "\($0["status"]?.string ?? "") \($0["reason"]?.string ?? "")" }
    }

    func message(_ type: String) async throws -> String { try await entry(type)?["message"]?.string ?? "" }

    private func entry(_ type: String) async throws -> JSON? {
        (try await object()?[path: "status", "conditions"]?.array ?? []).first { $0["type"]?.string == type }
    }

    func waitUntilSleeping(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("\(name) sleeps", sourceLocation: sourceLocation) {
            let condition = try await condition("DatastoreReady")
            return try await phase() == "Sleeping" && condition == "True Provisioned"
        }
    }

    func wait(
        for expected: String, of type: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventually("\(type) of \(name) is \(expected)", sourceLocation: sourceLocation) {
            try await condition(type) == expected
        }
    }

    /// `schema` or `user`, as the status records them.
    func recorded(_ field: String) async throws -> String {
        try #require(try await object()?[path: "status", "storage", "setup", field]?.string)
    }

    func secret(_ suffix: String) async throws -> KubeObject? {
        try await cluster.api.find(.secrets, ObjectKey(namespace: key.namespace, name: "\(name)-\(suffix)"))
    }
}
