import Blueprint
import Datastores
import KubeClient
import KubeObjects
import TenantAPI

/// What is wrong with a fleet that should have converged; nothing when it has.
struct FleetVerdict: Sendable {
    let cluster: AdminCluster
    /// The label that each tenant's Deployment should have.
    let wanted: [String: String]

    private static let types: [ResourceType] = [.services, .secrets, .configMaps, .deployments]

    func faults() async throws -> [String] {
        let tenants = try await cluster.api.list(.tenantControlPlanes, namespace: nil).items
        let names = Set(tenants.map(\.name))
        var faults = wanted.keys.filter { !names.contains($0) }.map { "\($0) is gone" }
        faults += names.filter { wanted[$0] == nil }.map { "\($0) is still there" }
        for tenant in tenants { faults += try await self.faults(of: tenant) }
        faults += try await orphans(beside: tenants)
        faults += try await strangers(beside: tenants)
        return faults.sorted()
    }

    private func faults(of tenant: KubeObject) async throws -> [String] {
        var faults: [String] = []
        let status = tenant[path: "status", "kubernetesResources", "version", "status"]?.string
        if status != "Sleeping" { faults.append("\(tenant.name) is \(status ?? "without status")") }
        if tenant[path: "status", "observedGeneration"]?.integer != tenant.generation {
            faults.append("\(tenant.name): its last generation was not observed")
        }
        // What a tenant of one sleeping replica that nothing routes to does without.
        let optional: Set<Component> = [
            .disruptionBudget, .ingress, .route, .konnectivityRoute, .egressSelector, .konnectivityCertificate,
            .konnectivityKubeconfig,
        ]
        for component in Component.allCases where !optional.contains(component) {
            let key = ObjectKey(namespace: tenant.namespace, name: component.objectName(of: tenant.name))
            guard let object = try await cluster.api.find(component.type, key) else {
                faults.append("\(component.type.kind) \(key) is missing")
                continue
            }
            if !object.ownerReferences.contains(where: { $0.uid == tenant.uid }) {
                faults.append("\(component.type.kind) \(key) belongs to another")
            }
            if component == .deployment, object.labels["script"] != wanted[tenant.name] {
                faults.append("Deployment \(key) has label \(object.labels["script"] ?? "none")")
            }
        }
        return faults
    }

    /// Objects in the cluster that no living tenant owns.
    private func orphans(beside tenants: [KubeObject]) async throws -> [String] {
        let living = Set(tenants.map(\.uid))
        var found: [String] = []
        for type in Self.types {
            for object in try await cluster.api.list(type, namespace: FleetScript.namespace).items
            where object.labels[Keys.name] != nil
                && !object.ownerReferences.contains(where: { living.contains($0.uid) })
            {
                found.append("\(type.kind) \(object.key) is an orphan")
            }
        }
        return found
    }

    /// Users, roles and keys in etcd that no living tenant has.
    private func strangers(beside tenants: [KubeObject]) async throws -> [String] {
        func recorded(_ field: String) -> Set<String> {
            Set(tenants.compactMap { $0[path: "status", "storage", "setup", field]?.string })
        }
        let users = Set(try await cluster.etcd.users()).subtracting(["root"])
        let roles = Set(try await cluster.etcd.roles()).subtracting(["root"])
        var keys = try await cluster.etcd.keyCount()
        for schema in recorded("schema") { keys -= try await cluster.etcd.keyCount(of: schema) }
        return (keys == 0 ? [] : ["\(keys) keys in etcd are no living tenant's"])
            + users.symmetricDifference(recorded("user")).map { "etcd user \($0) and tenants differ" }
            + roles.symmetricDifference(recorded("schema")).map { "etcd role \($0) and tenants differ" }
    }
}

/// Every content that each Secret ever had, to see that nothing is issued twice.
actor SecretHistory {
    private var contents: [String: Set<JSON>] = [:]
    private var names: [String: String] = [:]

    /// Secrets of a kind that depends on nothing that the script changes.
    func note(_ secret: KubeObject) {
        guard secret.labels[Keys.name] != nil else { return }
        contents[secret.uid, default: []].insert(secret["data"] ?? .null)
        names[secret.uid] = "\(secret.key)"
    }

    var count: Int { contents.count }

    /// Names of those that had more than one.
    var reissued: [String] {
        contents.filter { $0.value.count > 1 }.compactMap { names[$0.key] }.sorted()
    }
}
