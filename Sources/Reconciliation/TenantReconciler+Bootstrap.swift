import Blueprint
import HTTPTransport
import KubeClient
import KubeObjects
import TenantAPI

extension TenantReconciler {
    /// A tenant that does not answer must not hold the worker that others wait for.
    private static let tenantPatience = KubeClient.Patience(attempts: 1, timeout: .seconds(3))

    /// Applies what the tenant needs inside, once its API server answers. Gives whether it is there.
    func bootstrap(_ tenant: TenantControlPlane, _ progress: TenantProgress) async throws -> Bool {
        if tenant.wasBootstrapped { return true }
        guard let deployment = progress.deployment, let service = progress.service,
            (deployment[path: "status", "readyReplicas"]?.integer ?? 0) > 0,
            let text = progress.credentials[.adminKubeconfig]?["super-admin.conf"]
        else { return false }
        do {
            let inside = try client(of: tenant, kubeconfig: text, service: service)
            _ = try await inside.apply(
                TenantControlPlane.administratorsBinding.object, TenantControlPlane.administratorsBinding.type)
            return true
        } catch {
            throw TenantFailure(
                .tenantBootstrapped, "TenantUnreachable", "the tenant's API does not take its first objects: \(error)",
                isOurs: true)
        }
    }

    /// A client of the tenant's API as its super-administrator, through the Service's own address: that one is reached
    /// from inside the admin cluster whatever way tenants are exposed to the outside, and needs no name resolution.
    private func client(
        of tenant: TenantControlPlane, kubeconfig: [UInt8], service: KubeObject
    ) throws -> KubeClient {
        var connection = try ClusterConnection(Kubeconfig(yaml: String(decoding: kubeconfig, as: UTF8.self)))
        let address = service[path: "spec", "clusterIP"]?.string ?? ""
        if let address = IPAddress(address) {
            connection.server = "https://\(Endpoint(host: address.description, port: tenant.spec.networkProfile.port))"
            // In every certificate of a control plane, whatever its addresses are.
            connection.tls.serverName = "kubernetes"
        }
        return KubeClient(
            connection: connection, transport: api.transport, fieldManager: api.fieldManager, log: log,
            patience: Self.tenantPatience)
    }
}
