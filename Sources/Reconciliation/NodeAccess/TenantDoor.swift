import Blueprint
import HTTPTransport
import KubeClient
import KubeObjects
import TenantAPI

/// The way into a tenant for somebody who may read the admin cluster: its administrator's kubeconfig, whose server is
/// the address that machines outside reach.
package struct TenantDoor: Sendable {
    package let tenant: ObjectKey
    package let kubeconfig: Kubeconfig
    package let connection: ClusterConnection
    /// What the tenant's status says, for messages.
    private let phase: String

    /// - Parameter api: the admin cluster's.
    package static func find(_ tenant: ObjectKey, _ api: KubeClient) async throws -> TenantDoor {
        guard let object = try await api.find(.tenantControlPlanes, tenant) else {
            throw TenantDoorError(
                description: "there is no TenantControlPlane \(tenant): \"kubectl get tcp -A\" lists them, --namespace "
                    + "chooses where")
        }
        let phase = object[path: "status", "kubernetesResources", "version", "status"]?.string ?? ""
        let describe = "\"kubectl describe tcp -n \(tenant.namespace ?? "") \(tenant.name)\" says what it waits for"
        if phase == "Sleeping" {
            throw TenantDoorError(
                description: "TenantControlPlane \(tenant) sleeps: wake it with \"kubectl scale tcp -n "
                    + "\(tenant.namespace ?? "") \(tenant.name) --replicas=1\"")
        }
        guard !phase.isEmpty, phase != "Provisioning",
            let name = object[path: "status", "kubeconfig", "admin", "secretName"]?.string, !name.isEmpty,
            let secret = try await api.find(.secrets, ObjectKey(namespace: tenant.namespace, name: name)),
            let text = secret.secretData["admin.conf"]
        else {
            throw TenantDoorError(
                description:
                    "TenantControlPlane \(tenant) is not Ready yet\(phase.isEmpty ? "" : " (\(phase))"): \(describe)")
        }
        let kubeconfig = try Kubeconfig(yaml: String(decoding: text, as: UTF8.self))
        return TenantDoor(
            tenant: tenant, kubeconfig: kubeconfig, connection: try ClusterConnection(kubeconfig), phase: phase)
    }

    /// Runs `body`, and says of calls that got no answer where they went and what to look at.
    package func call<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as KubeError {
            guard case .transport(let cause) = error.cause else { throw error }
            throw TenantDoorError(
                description: "the API of TenantControlPlane \(tenant) (\(phase)) is not reached at "
                    + "\(connection.server): \(cause.message). Try from where that address is reached")
        }
    }
}

/// Why nobody gets into a tenant, and the way out.
package struct TenantDoorError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}
