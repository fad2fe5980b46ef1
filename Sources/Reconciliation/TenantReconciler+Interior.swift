import Blueprint
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import TenantAPI

extension TenantReconciler {
    /// A tenant that does not answer must not hold the worker that others wait for.
    private static let tenantPatience = KubeClient.Patience(attempts: 1, timeout: .seconds(3))

    /// Brings what is inside the tenant to what its spec asks for, as soon as its API answers.
    func reconcileInterior(_ tenant: TenantControlPlane, _ progress: inout TenantProgress) async throws {
        guard let obstacle = tenant.interiorObstacle(deployment: progress.deployment) else {
            progress.interior = try await furnish(tenant, &progress)
            return
        }
        progress.interior = obstacle
        guard (progress.deployment?[path: "status", "readyReplicas"]?.integer ?? 0) > 0,
            tenant.spec.controlPlane.deployment.replicas > 0
        else {
            sessions.end(tenant.key)
            return
        }
        // The version changes, which may take long where its pods do not start: what the old one has inside is kept.
        guard let served = tenant.recordedVersion else { return }
        do {
            _ = try await furnish(try tenant.keeping(version: served), &progress)
        } catch {
            progress.interior = obstacle
            log.info(
                "inside not kept while the version changes",
                metadata: ["tenant": "\(tenant.key)", "error": "\(error)"])
        }
    }

    /// Brings what is inside to what this spec asks for.
    private func furnish(_ tenant: TenantControlPlane, _ progress: inout TenantProgress) async throws -> InteriorState {
        guard let exposure = progress.exposure, let facts = progress.facts, let service = progress.service,
            let roots = progress.credentials[.certificateAuthority],
            let authority = roots[AuthorityFiles.cluster.bundle] ?? roots[AuthorityFiles.cluster.certificate]
        else { return .unseen }
        let kubeconfig = try self.kubeconfig(of: tenant, progress)
        let objects = tenant.objectsInside(exposure, facts, authorityPEM: authority)
        let wanted = objects.made
        let connection = try self.connection(to: tenant, kubeconfig: kubeconfig, service: service)
        let plan = SessionPlan(
            server: connection.server, kubeconfig: kubeconfig,
            objects: Set(wanted.map(\.id)), dialsNodes: tenant.spec.addons.konnectivity != nil,
            reserved: tenant.reservedNames(exposure))
        let client = sessions.client(of: tenant.key, plan: plan) { self.client(connection) }
        progress.tunnel = sessions.tunnel(of: tenant.key)
        do throws(TenantFailure) {
            // What lets people and nodes in stands, at its version, before any addon is touched.
            try await applyInside(wanted.filter { $0.addon == .bootstrap }, of: tenant, client)
            try await applyInside(wanted.filter { $0.addon != .bootstrap }, of: tenant, client)
            try await sweep(tenant, client)
            if let (addon, error) = objects.faults.first {
                throw TenantFailure(Self.condition(of: addon), "InvalidSpec", "\(error)")
            }
        } catch {
            // So does every API server that is only just starting; it is asked again soon.
            if tenant.recordedVersion == nil, error.reason == Self.unreachable {
                progress.interior = .waiting(reason: "Pending", message: error.message)
                throw InteriorPending()
            }
            progress.interior = .waiting(reason: error.reason, message: error.message)
            throw error
        }
        return .applied(clusterInfo: TenantObject.clusterInfoChecksum(wanted))
    }

    private static let unreachable = "TenantUnreachable"

    /// Applies what is not known to be as we want it, all at once; the first refusal counts.
    private func applyInside(
        _ wanted: [TenantObject], of tenant: TenantControlPlane, _ client: KubeClient
    ) async throws(TenantFailure) {
        let versions = sessions.versions
        let pending = wanted.filter { !versions.isAsApplied($0.id, of: tenant.key, fingerprint: $0.object.hashValue) }
        let failures = await withTaskGroup(of: TenantFailure?.self) { group in
            for one in pending {
                group.addTask {
                    do {
                        let applied = try await Self.apply(one, client)
                        versions.record(
                            one.id, of: tenant.key, version: applied.writtenVersion(one.type),
                            applied: one.object.hashValue)
                        return nil
                    } catch {
                        return Self.failure(of: one, error)
                    }
                }
            }
            return await group.reduce(into: [TenantFailure]()) { if let failure = $1 { $0.append(failure) } }
        }
        if let first = failures.first { throw first }
        if !pending.isEmpty {
            log.debug("applied inside", metadata: ["tenant": "\(tenant.key)", "objects": "\(pending.count)"])
        }
    }

    /// Applies one object. An address of a Service cannot be changed; one that has to be is made anew.
    private static func apply(_ one: TenantObject, _ client: KubeClient) async throws -> KubeObject {
        do {
            return try await client.apply(respectingScale(one, client), one.type)
        } catch let error as KubeError where error.isInvalid && one.type == .services {
            guard let live = try await client.find(one.type, one.key),
                live[path: "spec", "clusterIP"] != one.object[path: "spec", "clusterIP"]
            else { throw error }
            try await client.delete(one.type, one.key, uid: live.uid)
            return try await client.apply(one.object, one.type)
        }
    }

    /// The object as it is to be applied: what the tenant's users scaled stays scaled.
    private static func respectingScale(_ one: TenantObject, _ client: KubeClient) async throws -> KubeObject {
        guard one.type == .deployments, let live = try await client.find(one.type, one.key) else { return one.object }
        return one.object(replicasAreForeign: live.isScaled())
    }

    private static func condition(of addon: TenantAddon) -> TenantCondition {
        addon == .bootstrap ? .tenantBootstrapped : .addonsApplied
    }

    private static func failure(of object: TenantObject, _ error: any Error) -> TenantFailure {
        let condition = condition(of: object.addon)
        if let refusal = error as? KubeError, let code = refusal.code, (400..<500).contains(code), code != 429,
            !(code == 404 || code == 401 || code == 403)
        {
            return TenantFailure(
                condition, "TenantRefuses",
                "the tenant's API refuses \(object.type.kind) \(object.object.key): \(refusal.message)", isOurs: true)
        }
        // Namespaces and rights that every API server makes for itself come a moment after it answers.
        return TenantFailure(
            condition, unreachable, "the tenant's API does not take \(object.type.kind) \(object.object.key): \(error)",
            isOurs: true)
    }

    /// Removes what an earlier spec had put inside and this one does not ask for, once a session. What does not carry
    /// our label was adopted by the tenant's users and stays.
    private func sweep(_ tenant: TenantControlPlane, _ client: KubeClient) async throws(TenantFailure) {
        guard !sessions.isSwept(tenant.key) else { return }
        do {
            try await withThrowingDiscardingTaskGroup { group in
                for (_, type, key) in tenant.objectsNotInside {
                    group.addTask { try await remove(type, key, from: tenant, client) }
                }
            }
        } catch {
            throw TenantFailure(
                .addonsApplied, Self.unreachable, "what was switched off cannot be removed: \(error)", isOurs: true)
        }
        sessions.noteSwept(tenant.key)
    }

    private func remove(
        _ type: ResourceType, _ key: ObjectKey, from tenant: TenantControlPlane, _ client: KubeClient
    ) async throws {
        guard let live = try await client.find(type, key), live.labels[Keys.project] == Keys.projectValue else {
            return
        }
        sessions.versions.remove(ManagedID(type, key), of: tenant.key)
        try await client.delete(type, key, uid: live.uid)
        log.info("removed from inside", metadata: ["tenant": "\(tenant.key)", "object": "\(type) \(key)"])
    }

    /// A client for a few questions, beside the session's.
    func client(
        of tenant: TenantControlPlane, _ progress: TenantProgress, service: KubeObject
    ) throws -> KubeClient {
        let kubeconfig = try kubeconfig(of: tenant, progress)
        return client(try connection(to: tenant, kubeconfig: kubeconfig, service: service))
    }

    private func client(_ connection: ClusterConnection) -> KubeClient {
        KubeClient(
            connection: connection, transport: api.transport, fieldManager: api.fieldManager, log: log,
            patience: Self.tenantPatience)
    }

    /// The text with which we enter the tenant: its super-administrator's, unless its owner names another.
    private func kubeconfig(of tenant: TenantControlPlane, _ progress: TenantProgress) throws(TenantFailure) -> [UInt8]
    {
        let key = tenant.object.annotations[Keys.kubeconfigSecretKey] ?? "super-admin.conf"
        let known = progress.credentials[.adminKubeconfig] ?? [:]
        guard let text = known[key] else {
            throw TenantFailure(
                .tenantBootstrapped, "NoSuchKubeconfig",
                "annotation \(Keys.kubeconfigSecretKey) names \"\(key)\", which Secret "
                    + "\(Component.adminKubeconfig.objectName(of: tenant.name)) does not hold: take one of "
                    + known.keys.sorted().joined(separator: ", "))
        }
        return text
    }

    /// The tenant's API as its super-administrator sees it, through the Service's own address: that one is reached from
    /// inside the admin cluster whatever way tenants are exposed to the outside, and needs no name resolution.
    private func connection(
        to tenant: TenantControlPlane, kubeconfig: [UInt8], service: KubeObject
    ) throws -> ClusterConnection {
        var connection = try ClusterConnection(Kubeconfig(yaml: String(decoding: kubeconfig, as: UTF8.self)))
        let address = service[path: "spec", "clusterIP"]?.string ?? ""
        if let address = IPAddress(address) {
            connection.server = "https://\(Endpoint(host: address.description, port: tenant.spec.networkProfile.port))"
            // In every certificate of a control plane, whatever its addresses are.
            connection.tls.serverName = "kubernetes"
        }
        return connection
    }
}

/// A new tenant's API does not take its objects yet.
struct InteriorPending: Error {}

extension TenantObject {
    var id: ManagedID { ManagedID(type, object.key) }
}
