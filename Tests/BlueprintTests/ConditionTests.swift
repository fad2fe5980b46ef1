import FoundationEssentials
import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct ConditionTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// `Type Status Reason` of every condition after a pass.
    private static func conditions(_ change: String = "{}", _ fill: (inout TenantProgress) -> Void) throws -> [String] {
        var progress = TenantProgress()
        fill(&progress)
        let status = try Sample.tenant(change).status(after: progress, now: now)
        return (status["conditions"]?.array ?? []).map { condition in
            ["type", "status", "reason"].map { condition[$0]?.string ?? "" }.joined(separator: " ")
        }
    }

    private static func everything(_ progress: inout TenantProgress, ready: Int = 1) {
        progress.exposure = Sample.exposure
        progress.facts = Sample.etcd
        progress.isProvisioned = true
        progress.credentials = Sample.credentials
        progress.interior = .applied(clusterInfo: "c")
        progress.deployment = KubeObject([
            "metadata": ["name": "green", "generation": 1], "spec": ["replicas": 1],
            "status": [
                "observedGeneration": 1, "replicas": 1, "readyReplicas": JSON(ready), "updatedReplicas": 1,
            ],
        ])
    }

    @Test func `a tenant of which nothing is there yet waits for everything`() throws {
        #expect(
            try Self.conditions { _ in } == [
                "DatastoreReady Unknown Pending", "CertificatesValid Unknown Pending",
                "ControlPlaneAvailable Unknown Pending", "TenantBootstrapped Unknown Pending",
                "AddonsApplied Unknown Pending", "Ready False Provisioning",
            ])
    }

    @Test func `a tenant that has everything is Ready`() throws {
        #expect(
            try Self.conditions { Self.everything(&$0) } == [
                "DatastoreReady True Provisioned", "CertificatesValid True Issued",
                "ControlPlaneAvailable True ReplicasReady", "TenantBootstrapped True Applied",
                "AddonsApplied True NoneAsked", "Ready True Ready",
            ])
    }

    @Test func `a tenant that may be read only is Ready`() throws {
        let conditions = try Self.conditions("spec: {writePermissions: {blockUpdate: true}}") { Self.everything(&$0) }
        #expect(conditions.last == "Ready True WriteLimited")
    }

    @Test func `a tenant without pods says so`() throws {
        let conditions = try Self.conditions { Self.everything(&$0, ready: 0) }
        #expect(conditions[2] == "ControlPlaneAvailable False ReplicasNotReady")
        #expect(conditions.last == "Ready False Provisioning")
    }

    @Test func `a tenant that sleeps is not Ready, and says why`() throws {
        let conditions = try Self.conditions("spec: {controlPlane: {deployment: {replicas: 0}}}") {
            Self.everything(&$0)
        }
        #expect(conditions[2] == "ControlPlaneAvailable False Sleeping")
        #expect(conditions.last == "Ready False Sleeping")
    }

    @Test func `a tenant that waits for its address says so where it is seen`() throws {
        let conditions = try Self.conditions { progress in
            progress.facts = Sample.etcd
            progress.waiting = ("LoadBalancerPending", "waiting for the load balancer")
        }
        #expect(conditions[2] == "ControlPlaneAvailable False LoadBalancerPending")
        #expect(conditions.last == "Ready False Provisioning")
    }

    @Test(arguments: [
        (TenantCondition.datastoreReady, 0), (.certificatesValid, 1), (.controlPlaneAvailable, 2),
        (.tenantBootstrapped, 3), (.addonsApplied, 4),
    ])
    func `a failure stands in its own condition and in Ready`(condition: TenantCondition, index: Int) throws {
        let conditions = try Self.conditions { progress in
            Self.everything(&progress)
            progress.failure = (condition, "Broken", "it broke")
        }
        #expect(conditions[index] == "\(condition.rawValue) False Broken")
        #expect(conditions.last == "Ready False Broken")
        #expect(conditions.filter { $0.contains(" False ") }.count == 2)
    }

    @Test func `a tenant with a tunnel tells of it`() throws {
        func tunnel(_ state: TunnelState?) throws -> [String] {
            try Self.conditions("spec: {addons: {konnectivity: {}, coreDNS: {}}}") { progress in
                Self.everything(&progress)
                progress.tunnel = state
            }.suffix(3)
        }
        #expect(
            try tunnel(.answered) == ["AddonsApplied True Applied", "TunnelReady True Answered", "Ready True Ready"])
        #expect(try tunnel(.noAgent).suffix(2) == ["TunnelReady Unknown NoAgent", "Ready True Ready"])
        #expect(
            try tunnel(.undialable(message: "a (127.0.0.1)")).suffix(2) == [
                "TunnelReady Unknown NoDialableAddress", "Ready True Ready",
            ])
        #expect(
            try tunnel(.silent(message: "no answer")).suffix(2) == [
                "TunnelReady False NoAnswer", "Ready False TunnelSilent",
            ])
        #expect(try tunnel(nil).suffix(2) == ["TunnelReady Unknown Pending", "Ready False Provisioning"])
    }

    @Test func `a condition's time moves with its status only`() {
        var conditions = Conditions([])
        conditions.set("Ready", nil, reason: "A", message: "a", generation: 1, stamp: "1")
        conditions.set("Other", true, reason: "B", message: "b", generation: 1, stamp: "1")
        conditions.set("Ready", nil, reason: "C", message: "c", generation: 2, stamp: "2")
        #expect(
            conditions.items.first == [
                "type": "Ready", "status": "Unknown", "reason": "C", "message": "c", "observedGeneration": 2,
                "lastTransitionTime": "1",
            ])
        conditions.set("Ready", false, reason: "C", message: "c", generation: 2, stamp: "3")
        #expect(conditions.items.first?["lastTransitionTime"] == "3")
        #expect(conditions.items.compactMap { $0["type"]?.string } == ["Ready", "Other"])
    }
}
