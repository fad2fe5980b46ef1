import FoundationEssentials
import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

/// Faults of upstream's that show in a tenant's status, or inside of it (docs/acceptance.md), and that ours must not have.
@Suite struct StatusFaultTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// - Parameter updated: how many of two pods are of the new version.
    private static func progress(updated: Int64) -> TenantProgress {
        var progress = TenantProgress()
        progress.exposure = Sample.exposure
        progress.facts = Sample.etcd
        progress.isProvisioned = true
        progress.credentials = Sample.credentials
        progress.service = KubeObject(["metadata": ["name": "green"]])
        progress.deployment = KubeObject([
            "metadata": ["name": "green", "generation": 2], "spec": ["replicas": 2],
            "status": [
                "observedGeneration": 2, "replicas": 2, "readyReplicas": 2, "updatedReplicas": .integer(updated),
            ],
        ])
        progress.interior = .applied(clusterInfo: "c")
        return progress
    }

    private static func tenant(_ status: JSON, spec: String = "{}") throws -> TenantControlPlane {
        var object = try Sample.tenant("spec: \(spec)").object
        object["status"] = status
        return try TenantControlPlane(object)
    }

    private static let before: JSON = ["kubernetesResources": ["version": ["version": "v1.35.0", "status": "Ready"]]]

    @Test(arguments: ["{}", "{writePermissions: {blockCreation: true}}"])
    func `while the version changes nothing is dated anew`(spec: String) throws {
        let first = try Self.tenant(Self.before, spec: spec).status(after: Self.progress(updated: 1), now: Self.now)
        #expect(
            first[path: "kubernetesResources", "version"] == ["version": "v1.35.0", "status": "Upgrading"])
        for seconds in [1, 60, 3600] {
            let again = try Self.tenant(first, spec: spec).status(
                after: Self.progress(updated: 1), now: Self.now.addingTimeInterval(Double(seconds)))
            #expect(again == first)
        }
    }

    @Test func `an upgrade under limited writes comes to its end`() throws {
        let spec = "{writePermissions: {blockUpdate: true}}"
        let status = try Self.tenant(Self.before, spec: spec).status(after: Self.progress(updated: 2), now: Self.now)
        #expect(
            status[path: "kubernetesResources", "version"] == ["version": "v1.36.0", "status": "WriteLimited"])
    }

    @Test func `an Ingress that is asked for no more leaves no word, whoever removed it`() throws {
        var status = Self.before
        status[path: "kubernetesResources", "ingress"] = ["name": "green", "namespace": "tenants"]
        let after = try Self.tenant(status).status(after: Self.progress(updated: 2), now: Self.now)
        #expect(after[path: "kubernetesResources", "ingress"] == nil)
    }

    @Test func `nothing inside a tenant calls the manager back`() throws {
        let tenant = try Sample.tenant(
            """
            spec:
              addons: \(Sample.allAddons)
              writePermissions: {blockCreation: true, blockUpdate: true, blockDeletion: true}
            """)
        let kinds = Set(
            tenant.objectsInside(Sample.exposure, Sample.etcd, authorityPEM: []).made.map(\.type.kind))
        #expect(kinds.contains("ValidatingAdmissionPolicy"))
        #expect(kinds.filter { $0.hasSuffix("WebhookConfiguration") || $0 == "APIService" } == [])
    }
}
