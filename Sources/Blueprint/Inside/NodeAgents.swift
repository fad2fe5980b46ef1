import KubeObjects
import NodeIdentity
import TenantAPI

/// What a tenant holds so that the agents of its nodes may do their work and nothing else. Rights are given to each
/// agent by name, never to their group: whoever takes an agent's bindings away takes its rights at once, whatever
/// certificate it still has.
package enum NodeAgents {
    /// Of the condition that an agent writes on its Node.
    package static let conditionType = NodeAgentFields.conditionType
    /// Before the name of an annotation that an agent may write on its Node.
    package static let annotationPrefix = NodeAgentFields.annotationPrefix
    /// The service account whose tokens the tunnel's server asks for.
    static let tunnelAccount = "konnectivity-agent"

    /// Label of the rights of single nodes' agents, which come and go with enrolments.
    package static let accessComponent = "node-agent"

    /// Where the policy stands that keeps agents to their own fields of a Node; RBAC cannot tell fields apart.
    package static let policyKey = ObjectKey(namespace: nil, name: "kamaji-node-agents")
    /// The first Kubernetes that has ValidatingAdmissionPolicy without a feature gate.
    private static let policyVersion = KubernetesVersion("v1.30.0")

    /// What every tenant holds, whatever nodes it has.
    ///
    /// - Parameter version: of the tenant. Before 1.30 there is no policy, and so agents may not write their Nodes.
    package static func objects(version: String) -> [TenantObject] {
        var objects = [
            make.clusterRole("kamaji:reenrol", rules: requests),
            make.clusterRoleBinding(
                "kamaji:reenrol", to: "kamaji:reenrol", .group(NodeName.returningGroup)),
        ]
        if let version = KubernetesVersion(version), let policyVersion, version >= policyVersion {
            objects += [policy, policyBinding]
        }
        return objects
    }

    /// The rights of one node's agent.
    ///
    /// - Parameters:
    ///   - user: the agent's, as its certificate names it.
    ///   - credential: the Secret with which the node comes back.
    ///   - mayWriteNode: whether the policy is in place that keeps it to its own fields.
    package static func access(
        user: String, node: String, credential: ObjectKey, mayWriteNode: Bool
    ) -> [TenantObject] {
        var rules = [
            requests, TenantObjectMaker.rule(["nodes"], mayWriteNode ? ["get", "patch"] : ["get"], named: [node]),
        ]
        if mayWriteNode { rules.append(TenantObjectMaker.rule(["nodes/status"], ["patch"], named: [node])) }
        let make = TenantObjectMaker(addon: .bootstrap, labels: [Keys.component: accessComponent])
        return [
            make.object(.clusterRoles, user, ["rules": .array(rules)]),
            make.clusterRoleBinding(user, to: user, .user(user)),
            make.object(
                .roles, user, in: TenantObjectMaker.namespace,
                [
                    "rules": [
                        TenantObjectMaker.rule(["secrets"], ["get"], named: [credential.name]),
                        TenantObjectMaker.rule(
                            ["configmaps"], ["get"], named: [NodeAgentFields.authoritiesConfigMap]),
                        TenantObjectMaker.rule(["serviceaccounts/token"], ["create"], named: [tunnelAccount]),
                    ]
                ]),
            make.object(
                .roleBindings, user, in: TenantObjectMaker.namespace,
                [
                    "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": .string(user)],
                    "subjects": [RBACSubject.user(user).json],
                ]),
        ]
    }

    /// Where those rights stand, bindings first.
    package static func accessKeys(user: String) -> [(type: ResourceType, key: ObjectKey)] {
        let (inside, outside) = (
            ObjectKey(namespace: TenantObjectMaker.namespace, name: user), ObjectKey(namespace: nil, name: user)
        )
        return [
            (.clusterRoleBindings, outside), (.roleBindings, inside), (.clusterRoles, outside), (.roles, inside),
        ]
    }

    private static let make = TenantObjectMaker(addon: .bootstrap, labels: [Keys.component: "node-agents"])
    private static let requests = TenantObjectMaker.rule(
        ["certificatesigningrequests"], ["create", "get"], group: "certificates.k8s.io")

    // MARK: Policy

    private static var policy: TenantObject {
        func validation(_ expression: String, _ message: String) -> JSON {
            ["expression": .string(expression), "message": .string(message)]
        }
        return make.object(
            .validatingAdmissionPolicies, policyKey.name,
            [
                "spec": [
                    "failurePolicy": "Fail",
                    "matchConstraints": [
                        "resourceRules": [
                            [
                                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE", "DELETE"],
                                "resources": ["nodes", "nodes/status"],
                            ]
                        ]
                    ],
                    "matchConditions": [
                        [
                            "name": "agents",
                            "expression": "request.userInfo.username.startsWith('kamaji:agent:')",
                        ]
                    ],
                    "variables": [
                        ["name": "old", "expression": "oldObject.metadata.?annotations.orValue({})"],
                        ["name": "new", "expression": "object.metadata.?annotations.orValue({})"],
                        ["name": "oldStatus", "expression": "oldObject.?status.orValue({})"],
                        ["name": "newStatus", "expression": "object.?status.orValue({})"],
                    ],
                    "validations": [
                        validation("request.operation == 'UPDATE'", "an agent neither makes nor deletes Nodes"),
                        validation(
                            "request.userInfo.username == 'kamaji:agent:' + request.name",
                            "an agent writes its own Node only"),
                        validation(
                            "object.?spec == oldObject.?spec && object.metadata.?labels == oldObject.metadata.?labels"
                                + " && object.metadata.?finalizers == oldObject.metadata.?finalizers"
                                + " && object.metadata.?ownerReferences == oldObject.metadata.?ownerReferences",
                            "an agent writes annotations and its condition only"),
                        validation(
                            "variables.new.all(k, k.startsWith('\(annotationPrefix)')"
                                + " || (k in variables.old && variables.old[k] == variables.new[k]))"
                                + " && variables.old.all(k, k.startsWith('\(annotationPrefix)') || k in variables.new)",
                            "an agent writes annotations of \(annotationPrefix) only"),
                        validation(
                            "variables.newStatus.all(k, k == 'conditions'"
                                + " || (k in variables.oldStatus && variables.oldStatus[k] == variables.newStatus[k]))"
                                + " && variables.oldStatus.all(k, k in variables.newStatus)"
                                + " && variables.newStatus.?conditions.orValue([])"
                                + ".filter(c, c.type != '\(conditionType)')"
                                + " == variables.oldStatus.?conditions.orValue([])"
                                + ".filter(c, c.type != '\(conditionType)')",
                            "an agent writes the condition \(conditionType) only"),
                    ],
                ]
            ])
    }

    private static var policyBinding: TenantObject {
        make.object(
            .validatingAdmissionPolicyBindings, policyKey.name,
            ["spec": ["policyName": .string(policyKey.name), "validationActions": ["Deny"]]])
    }
}
