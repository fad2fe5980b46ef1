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
    /// `host:port` of the tenant's tunnel server, as machines outside reach it; nil when it has none.
    package let tunnelEndpoint: String?
    /// What the tenant's status says, for messages.
    private let phase: String

    /// - Parameter api: the admin cluster's.
    package static func find(_ tenant: ObjectKey, _ api: KubeClient) async throws -> TenantDoor {
        let object = try await api.tenant(tenant)
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
            tenant: tenant, kubeconfig: kubeconfig, connection: try ClusterConnection(kubeconfig),
            tunnelEndpoint: Self.tunnelEndpoint(of: try TenantControlPlane(object), object), phase: phase)
    }

    /// Where upstream's agents are sent too: the Gateway's host, or the address that the API server advertises. An
    /// Ingress does not carry the tunnel.
    private static func tunnelEndpoint(of tenant: TenantControlPlane, _ object: KubeObject) -> String? {
        guard let server = tenant.spec.addons.konnectivity?.server else { return nil }
        let named = [tenant.spec.controlPlane.gateway?.hostname, tenant.spec.networkProfile.advertiseAddress]
        let host =
            named.compactMap { $0 }.first { !$0.isEmpty }
            ?? object[path: "status", "controlPlaneEndpoint"]?.string ?? ""
        return Endpoint(host, defaultPort: server.port).map { Endpoint(host: $0.host, port: server.port).description }
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

extension KubeClient {
    /// The TenantControlPlane of that name in the admin cluster, for somebody at a terminal: what is thrown where there
    /// is none says what to do.
    package func tenant(_ key: ObjectKey) async throws -> KubeObject {
        do {
            if let found = try await find(.tenantControlPlanes, key) { return found }
            // Only a list tells a name that is not there from a kind that is not.
            _ = try await list(.tenantControlPlanes, namespace: key.namespace, metadataOnly: true)
        } catch let error as KubeError where error.isNotFound {
            throw TenantDoorError(
                description:
                    "\(connection.server) serves no TenantControlPlanes: name the admin cluster with --kubeconfig "
                    + "or $KUBECONFIG, not a tenant, or apply what \"kamaji-manager crds\" prints")
        } catch let error as KubeError {
            guard case .transport(let cause) = error.cause else { throw error }
            throw TenantDoorError(
                description:
                    "the admin cluster is not reached at \(connection.server): \(cause.message). Start it (the "
                    + "standalone one of this machine by \"kamaji-manager standalone\"), or name another with "
                    + "--kubeconfig or $KUBECONFIG")
        }
        throw TenantDoorError(
            description:
                "there is no TenantControlPlane \(key): \"kubectl get tcp -A\" lists them, --namespace chooses "
                + "where")
    }
}

/// Why nobody gets into a tenant, and the way out.
package struct TenantDoorError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}
