import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

struct PhaseCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let phase: TenantPhase
    var replicas = 2
    /// The version that the status has from before.
    var recorded: String?
    /// The Deployment's status; nil where there is no Deployment.
    var status: JSON?
    var interior = InteriorState.applied(clusterInfo: "")
    var tunnel: TunnelState?
    /// Whether the tenant has a tunnel.
    var isTunnelled = false
    var blocksCreation = false

    private static func status(ready: Int, updated: Int = 2, total: Int = 2, unavailable: Int = 0) -> JSON {
        [
            "observedGeneration": 1, "readyReplicas": JSON(ready), "updatedReplicas": JSON(updated),
            "replicas": JSON(total), "unavailableReplicas": JSON(unavailable),
        ]
    }

    private static let full = status(ready: 2)

    static let all = [
        PhaseCase(testDescription: "no Deployment yet", phase: .provisioning),
        PhaseCase(testDescription: "no pod is ready on the first start", phase: .provisioning, status: [:]),
        PhaseCase(testDescription: "no pod is ready any more", phase: .notReady, recorded: "v1.36.0", status: [:]),
        PhaseCase(
            testDescription: "one of two is ready on the first start", phase: .provisioning,
            status: status(ready: 1, unavailable: 1)),
        PhaseCase(
            testDescription: "all are ready, nothing is inside", phase: .provisioning, status: full,
            interior: .waiting(reason: "Pending", message: "")),
        PhaseCase(
            testDescription: "what is inside cannot be applied any more", phase: .notReady, recorded: "v1.36.0",
            status: full, interior: .waiting(reason: "TenantUnreachable", message: "")),
        PhaseCase(
            testDescription: "the new version is there, what is inside is still the old one's", phase: .upgrading,
            recorded: "v1.35.0", status: full, interior: .waiting(reason: "Pending", message: "")),
        PhaseCase(
            testDescription: "nobody has dialled through the tunnel yet", phase: .provisioning, status: full,
            isTunnelled: true),
        PhaseCase(
            testDescription: "no node is there to be dialled", phase: .ready, status: full, tunnel: .noAgent,
            isTunnelled: true),
        PhaseCase(
            testDescription: "a node answered", phase: .ready, status: full, tunnel: .answered, isTunnelled: true),
        PhaseCase(
            testDescription: "the tunnel is silent", phase: .notReady, recorded: "v1.36.0", status: full,
            tunnel: .silent(message: ""), isTunnelled: true),
        PhaseCase(testDescription: "all are ready", phase: .ready, status: full),
        PhaseCase(testDescription: "all are ready again", phase: .ready, recorded: "v1.36.0", status: full),
        PhaseCase(
            testDescription: "pods of a new version come up", phase: .upgrading, recorded: "v1.35.0",
            status: status(ready: 2, updated: 1, total: 3, unavailable: 1)),
        PhaseCase(testDescription: "the new version is there", phase: .ready, recorded: "v1.35.0", status: full),
        PhaseCase(
            testDescription: "pods change for another reason", phase: .ready, recorded: "v1.36.0",
            status: status(ready: 2, updated: 1, total: 3, unavailable: 1)),
        PhaseCase(
            testDescription: "no replicas are wanted", phase: .sleeping, replicas: 0, recorded: "v1.36.0", status: full),
        PhaseCase(testDescription: "no replicas were ever wanted", phase: .sleeping, replicas: 0),
        PhaseCase(testDescription: "writes are limited", phase: .writeLimited, status: full, blocksCreation: true),
        PhaseCase(
            testDescription: "writes are limited while the version changes", phase: .upgrading, recorded: "v1.35.0",
            status: status(ready: 2, updated: 1, total: 3, unavailable: 1), blocksCreation: true),
        PhaseCase(
            testDescription: "writes are limited and no pod is ready", phase: .notReady, recorded: "v1.36.0",
            status: [:], blocksCreation: true),
        PhaseCase(
            testDescription: "writes are limited and replicas are not wanted", phase: .sleeping, replicas: 0,
            status: full, blocksCreation: true),
    ]
}

@Suite struct TenantPhaseTests {
    @Test(arguments: PhaseCase.all)
    func `the phase follows the Deployment, what is inside, and the spec`(example: PhaseCase) throws {
        let tenant = try Sample.tenant(
            """
            spec:
              controlPlane: {deployment: {replicas: \(example.replicas)}}
              writePermissions: {blockCreation: \(example.blocksCreation)}
              addons: \(example.isTunnelled ? "{konnectivity: {}}" : "{}")
            status: {kubernetesResources: {version: {version: \(example.recorded ?? "''")}}}
            """)
        let deployment = example.status.map { status in
            KubeObject(["metadata": ["generation": 1], "spec": ["replicas": 2], "status": status])
        }
        #expect(
            tenant.phase(deployment: deployment, interior: example.interior, tunnel: example.tunnel) == example.phase)
    }

    @Test func `a Deployment has arrived when its controller has seen it and nothing old is left`() {
        let arrived: JSON = [
            "metadata": ["generation": 4], "spec": ["replicas": 2],
            "status": ["observedGeneration": 4, "readyReplicas": 2, "updatedReplicas": 2, "replicas": 2],
        ]
        #expect(TenantControlPlane.isRolledOut(KubeObject(arrived)))
        for (field, value) in [
            ("observedGeneration", 3), ("readyReplicas", 1), ("updatedReplicas", 1), ("replicas", 3),
            ("unavailableReplicas", 1),
        ] {
            var object = arrived
            object[path: "status", field] = JSON(value)
            #expect(!TenantControlPlane.isRolledOut(KubeObject(object)), "\(field) is \(value)")
        }
    }

    @Test func `a manager that has just begun does not doubt a tunnel that had nobody to dial`() throws {
        func phase(_ reason: String) throws -> TenantPhase {
            let tenant = try Sample.tenant(
                """
                spec: {addons: {konnectivity: {}}}
                status:
                  kubernetesResources: {version: {version: v1.36.0}}
                  conditions: [{type: TunnelReady, status: Unknown, reason: \(reason)}]
                """)
            let deployment = KubeObject([
                "metadata": ["generation": 1], "spec": ["replicas": 2],
                "status": [
                    "observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2, "replicas": 2,
                    "unavailableReplicas": 0,
                ],
            ])
            return tenant.phase(deployment: deployment, interior: .applied(clusterInfo: ""), tunnel: nil)
        }
        #expect(try phase("NoAgent") == .ready)
        #expect(try phase("Pending") == .notReady)
    }

    @Test func `what was inside before counts for a pass that did not look`() throws {
        func phase(_ status: String) throws -> TenantPhase {
            let tenant = try Sample.tenant(
                """
                status:
                  kubernetesResources: {version: {version: v1.36.0}}
                  conditions: [{type: TenantBootstrapped, status: 'True'}, {type: AddonsApplied, status: '\(status)'}]
                """)
            let deployment = KubeObject(["metadata": ["generation": 1], "status": ["readyReplicas": 1]])
            return tenant.phase(deployment: deployment, interior: .unseen, tunnel: nil)
        }
        #expect(try phase("True") == .ready)
        #expect(try phase("Unknown") == .notReady)
    }

    @Test func `nothing is applied inside while nobody answers, or while the version changes`() throws {
        func obstacle(_ change: String, ready: Int, updated: Int = 1) throws -> String? {
            let deployment = KubeObject([
                "metadata": ["generation": 1], "spec": ["replicas": 1],
                "status": [
                    "observedGeneration": 1, "replicas": 1, "readyReplicas": JSON(ready),
                    "updatedReplicas": JSON(updated),
                ],
            ])
            guard case .waiting(let reason, _) = try Sample.tenant(change).interiorObstacle(deployment: deployment)
            else { return nil }
            return reason
        }
        #expect(try obstacle("{}", ready: 1) == nil)
        #expect(try obstacle("{}", ready: 0) == "Pending")
        #expect(try obstacle("spec: {controlPlane: {deployment: {replicas: 0}}}", ready: 1) == "Sleeping")
        let older = "status: {kubernetesResources: {version: {version: v1.35.0}}}"
        #expect(try obstacle(older, ready: 1, updated: 0) == "Upgrading")
        #expect(try obstacle(older, ready: 1) == nil)
    }
}
