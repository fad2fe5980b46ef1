import KubeObjects
import Testing

@testable import Blueprint

@Suite struct NodeAgentsTests {
    private static let policy = "ValidatingAdmissionPolicy kamaji-node-agents"

    @Test func `who comes back asks for certificates and nothing else`() throws {
        let tenant = try Sample.tenant()
        #expect(
            try tenant.inside("ClusterRole kamaji:reenrol")["rules"] == [
                [
                    "apiGroups": ["certificates.k8s.io"], "resources": ["certificatesigningrequests"],
                    "verbs": ["create", "get"],
                ]
            ])
        let subjects = try tenant.inside("ClusterRoleBinding kamaji:reenrol")["subjects"]
        #expect(subjects?[0]?["name"] == "system:bootstrappers:kamaji:reenrol" && subjects?[1] == nil)
    }

    @Test(arguments: [("v1.29.9", false), ("v1.30.0", true), ("v1.36.0", true), ("nonsense", false)])
    func `the policy is there where Kubernetes serves it`(version: String, isThere: Bool) {
        let objects = NodeAgents.objects(version: version)
        #expect(objects.contains { $0.type == .validatingAdmissionPolicies } == isThere)
        #expect(objects.contains { $0.type == .validatingAdmissionPolicyBindings } == isThere)
    }

    @Test func `without the policy an agent reads its Node and does not write it`() {
        let credential = ObjectKey(namespace: "kube-system", name: "bootstrap-token-abcdef")
        func verbs(_ mayWriteNode: Bool) -> [String: [String]] {
            let objects = NodeAgents.access(
                user: "kamaji:agent:a", node: "a", credential: credential, mayWriteNode: mayWriteNode)
            var verbs: [String: [String]] = [:]
            for rule in objects.flatMap({ $0.object["rules"]?.array ?? [] }) {
                verbs[rule[path: "resources"]?[0]?.string ?? ""] = rule["verbs"]?.strings
            }
            return verbs
        }
        let common = [
            "certificatesigningrequests": ["create", "get"], "configmaps": ["get"], "secrets": ["get"],
            "serviceaccounts/token": ["create"],
        ]
        #expect(verbs(false) == common.merging(["nodes": ["get"]]) { $1 })
        #expect(verbs(true) == common.merging(["nodes": ["get", "patch"], "nodes/status": ["patch"]]) { $1 })
    }

    @Test func `every right of an agent is one that revoking takes away`() {
        let objects = NodeAgents.access(
            user: "kamaji:agent:a", node: "a", credential: ObjectKey(namespace: "kube-system", name: "any"),
            mayWriteNode: true)
        let made = Set(objects.map { "\($0.type) \($0.key)" })
        #expect(made == Set(NodeAgents.accessKeys(user: "kamaji:agent:a").map { "\($0.type) \($0.key)" }))
        #expect(made.count == 4)
    }
}
