import FoundationEssentials
import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct UpgradeRulesTests {
    private static func tenant(_ wanted: String, recorded: String?) throws -> TenantControlPlane {
        try Sample.tenant(
            """
            spec: {kubernetes: {version: \(wanted)}}
            status: {kubernetesResources: {version: {version: \(recorded ?? "''")}}}
            """)
    }

    private static func deployment(_ image: String) -> KubeObject {
        KubeObject([
            "spec": [
                "template": [
                    "spec": [
                        "containers": [
                            ["name": "web", "image": "nginx:1"], ["name": "kube-apiserver", "image": .string(image)],
                        ]
                    ]
                ]
            ]
        ])
    }

    private static func node(_ name: String, _ version: String) -> KubeObject {
        KubeObject(["metadata": ["name": .string(name)], "status": ["nodeInfo": ["kubeletVersion": .string(version)]]])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let wanted: String
        var recorded: String? = "v1.35.2"
        var deployed = "v1.35.2"
        var kubelets: [String] = []
        /// What the refusal has to say; nil where there is none.
        var says: String?
    }

    static let cases = [
        Case(testDescription: "the next minor", wanted: "v1.36.0", kubelets: ["v1.35.0", "v1.33.9"]),
        Case(testDescription: "another patch, up or down", wanted: "v1.35.0"),
        Case(testDescription: "a first version", wanted: "v1.36.0", recorded: nil),
        Case(testDescription: "no change", wanted: "v1.35.2", kubelets: ["v1.20.0"]),
        Case(
            testDescription: "one that is under way is not judged again", wanted: "v1.36.0", deployed: "v1.36.0",
            kubelets: ["v1.20.0"]),
        Case(
            testDescription: "a kubelet too far behind", wanted: "v1.36.0", kubelets: ["v1.33.0", "v1.32.9"],
            says: "n1 (v1.32.9); upgrade them first"),
        Case(
            testDescription: "many kubelets too far behind", wanted: "v1.36.0", kubelets: ["v1.32.0", "v1.32.9"],
            says: "n0 (v1.32.0) and 1 more"),
        Case(
            testDescription: "two minors behind, before 1.28", wanted: "v1.27.0", recorded: "v1.26.0",
            deployed: "v1.26.0", kubelets: ["v1.24.9"], says: "may be 2 minor versions behind"),
        Case(
            testDescription: "two minors at once, in two steps of the spec", wanted: "v1.36.0", recorded: "v1.34.1",
            deployed: "v1.35.0", says: "stays at v1.35.0"),
        Case(testDescription: "down", wanted: "v1.34.9", says: "an older one may not read"),
        Case(testDescription: "a kubelet that says nothing readable", wanted: "v1.36.0", kubelets: ["", "1.x"]),
    ]

    @Test(arguments: cases) func `a version is taken when the tenant and its nodes can follow`(example: Case) throws {
        let tenant = try Self.tenant(example.wanted, recorded: example.recorded)
        let nodes = example.kubelets.enumerated().map { Self.node("n\($0.offset)", $0.element) }
        let refusal = tenant.upgradeRefusal(
            beside: Self.deployment("registry.k8s.io/kube-apiserver:\(example.deployed)"), nodes: nodes)
        if let words = example.says {
            #expect(refusal?.message.contains(words) == true, "\(String(describing: refusal))")
            #expect(refusal?.keptVersion == example.deployed)
        } else {
            #expect(refusal == nil)
        }
    }

    @Test func `the version of the pods is read from their image`() throws {
        let tenant = try Sample.tenant("spec: {controlPlane: {deployment: {registrySettings: {tagSuffix: -fips}}}}")
        #expect(tenant.deployedVersion(Self.deployment("host:5000/kube-apiserver:v1.35.2-fips")) == "v1.35.2")
        #expect(tenant.deployedVersion(Self.deployment("kube-apiserver")) == nil)
        #expect(tenant.deployedVersion(nil) == nil)
    }

    @Test func `a refused version is not recorded, and the refusal is told`() throws {
        let tenant = try Self.tenant("v1.36.0", recorded: "v1.34.1")
        var progress = TenantProgress()
        progress.refusal = UpgradeRefusal(keptVersion: "v1.34.1", message: "too far")
        progress.exposure = Sample.exposure
        progress.interior = .applied(clusterInfo: "c")
        var deployment = Self.deployment("kube-apiserver:v1.34.1")
        deployment[path: "metadata", "generation"] = 1
        deployment[path: "spec", "replicas"] = 1
        deployment["status"] = ["observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1]
        progress.deployment = deployment
        let status = tenant.status(after: progress, now: .init(timeIntervalSince1970: 0))
        #expect(status[path: "kubernetesResources", "version"] == ["version": "v1.34.1", "status": "Ready"])
        let ready = status["conditions"]?.array?.last
        #expect(ready?["reason"] == "UpgradeRefused")
        #expect(ready?["message"] == "too far")
    }

    @Test(
        arguments: [
            ("{}", nil),
            ("{status: {containerStatuses: [{name: a, state: {waiting: {reason: ContainerCreating}}}]}}", nil),
            (
                """
                {status: {containerStatuses: [
                  {name: a, ready: true}, {name: b, state: {waiting: {reason: ImagePullBackOff, message: no such tag}}}]}}
                """, "pod green-1: b ImagePullBackOff: no such tag"
            ),
            (
                """
                {status: {containerStatuses: [
                  {name: a, state: {waiting: {reason: CrashLoopBackOff, message: back-off}},
                   lastState: {terminated: {exitCode: 2}}}]}}
                """, "pod green-1: a CrashLoopBackOff, it exited with 2: back-off"
            ),
            (
                "{status: {conditions: [{type: PodScheduled, status: 'False', message: no nodes}]}}",
                "pod green-1: not scheduled: no nodes"
            ),
            (
                "{status: {initContainerStatuses: [{name: i, state: {terminated: {exitCode: 7}}}]}}",
                "pod green-1: i exited with 7"
            ),
        ] as [(String, String?)])
    func `pods tell why they do not come up`(pod: String, says: String?) throws {
        var object = KubeObject(try YAML.parse(pod)[0])
        object[path: "metadata", "name"] = "green-1"
        #expect(RolloutReport.obstacle(pods: [object]) == says)
    }
}
