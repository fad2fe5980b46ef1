import KubeObjects
import NodeIdentity
import TenantAPI

extension TenantControlPlane {
    /// What refuses the writes that `spec.writePermissions` blocks: a policy inside the tenant's API server, which needs
    /// neither a webhook nor a way back to us. Nothing where no write is blocked.
    ///
    /// - Throws: for a Kubernetes that has no such policies yet.
    func writeLimit() throws(TenantObjectError) -> [TenantObject] {
        let permissions = spec.writePermissions
        guard permissions.isLimited else { return [] }
        if let version = kubernetesVersion, version.minor < 30 {
            throw TenantObjectError(
                field: "spec.writePermissions",
                message: "blocking writes needs Kubernetes v1.30 or newer (ValidatingAdmissionPolicy), and the tenant "
                    + "runs \(version): upgrade it, or allow all writes again")
        }
        var operations: [String] = []
        if permissions.blockCreation { operations.append("CREATE") }
        if permissions.blockUpdate { operations.append("UPDATE") }
        if permissions.blockDeletion { operations.append("DELETE") }
        return WriteBarrier(
            addon: .writePermissions, name: "kamaji-write-permissions", operations: operations,
            message: "writes to this control plane are limited: its provider blocks \(Self.phrase(operations)) "
                + "(spec.writePermissions of the TenantControlPlane)"
        ).objects
    }

    private static func phrase(_ operations: [String]) -> String {
        operations.map { ["CREATE": "creation", "UPDATE": "updates"][$0] ?? "deletion" }.joined(separator: ", ")
    }
}

/// A policy that refuses some operations on everything but what a cluster cannot do without, and its binding.
struct WriteBarrier: Sendable {
    let addon: TenantAddon
    /// Of both objects.
    let name: String
    /// CREATE, UPDATE, DELETE.
    let operations: [String]
    let message: String

    /// Exempt are the namespace `kube-system`; the heartbeats of nodes that are there, which are updates of their
    /// leases; certificates that nodes and their agents ask for, which end, and with them the tunnel, within days;
    /// questions about who may do what, which kubelets and the tunnel ask by creating reviews that nobody stores; and
    /// members of `system:masters`, us among them: whoever sets the barrier can lift it. (Policies and
    /// bindings themselves are never judged by policies.) Subresources, such as a pod's status, are not matched.
    var objects: [TenantObject] {
        let make = TenantObjectMaker(addon: addon)
        return [
            make.object(
                .validatingAdmissionPolicies, name,
                [
                    "spec": [
                        "failurePolicy": "Fail",
                        "matchConstraints": [
                            "matchPolicy": "Equivalent",
                            "namespaceSelector": [
                                "matchExpressions": [
                                    [
                                        "key": "kubernetes.io/metadata.name", "operator": "NotIn",
                                        "values": ["kube-system"],
                                    ]
                                ]
                            ],
                            "resourceRules": [
                                [
                                    "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"],
                                    "operations": JSON(operations), "scope": "*",
                                ]
                            ],
                            "excludeResourceRules": [
                                [
                                    "apiGroups": ["authentication.k8s.io", "authorization.k8s.io"],
                                    "apiVersions": ["*"], "resources": ["*"], "operations": ["*"], "scope": "*",
                                ]
                            ],
                        ],
                        "matchConditions": [
                            [
                                "name": "not-an-administrator-of-kamaji",
                                "expression":
                                    "!(has(request.userInfo.groups) && 'system:masters' in request.userInfo.groups)",
                            ],
                            ["name": "not-a-heartbeat", "expression": .string("!(\(Self.isHeartbeat))")],
                            ["name": "not-a-certificate-of-a-node", "expression": .string("!(\(Self.isRenewal))")],
                        ],
                        "validations": [
                            ["expression": "false", "message": .string(message), "reason": "Forbidden"]
                        ],
                    ]
                ]),
            make.object(
                .validatingAdmissionPolicyBindings, name,
                ["spec": ["policyName": .string(name), "validationActions": ["Deny"]]]),
        ]
    }

    private static let isRenewal =
        "request.operation == 'CREATE' && request.resource.group == 'certificates.k8s.io' "
        + "&& request.resource.resource == 'certificatesigningrequests' && has(request.userInfo.groups) && ("
        + [NodeName.kubeletGroup, NodeName.agentGroup, NodeName.returningGroup]
        .map { "'\($0)' in request.userInfo.groups" }.joined(separator: " || ") + ")"

    private static let isHeartbeat =
        "request.operation == 'UPDATE' && has(request.namespace) && request.namespace == 'kube-node-lease' "
        + "&& request.resource.group == 'coordination.k8s.io' && request.resource.resource == 'leases'"
}
