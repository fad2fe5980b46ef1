import HTTPTransport
import KubeClient
import KubeObjects
import Logging

extension Fleet {
    /// What has to be inside every tenant that says it is Ready: rights and objects of kubeadm, and the addons.
    private static let interior: [(ResourceType, String?, [String])] = [
        (.configMaps, "kube-system", ["kubeadm-config", "kubelet-config", "coredns", "kube-proxy"]),
        (.configMaps, "kube-public", ["cluster-info"]),
        (.serviceAccounts, "kube-system", ["coredns", "kube-proxy"]),
        (.services, "kube-system", ["kube-dns"]),
        (.deployments, "kube-system", ["coredns"]),
        (.daemonSets, "kube-system", ["kube-proxy"]),
        (.roles, "kube-system", ["kubeadm:nodes-kubeadm-config", "kubeadm:kubelet-config", "kube-proxy"]),
        (.roles, "kube-public", ["kubeadm:bootstrap-signer-clusterinfo"]),
        (.roleBindings, "kube-system", ["kubeadm:nodes-kubeadm-config", "kubeadm:kubelet-config", "kube-proxy"]),
        (.roleBindings, "kube-public", ["kubeadm:bootstrap-signer-clusterinfo"]),
        (.clusterRoles, nil, ["kubeadm:get-nodes", "system:coredns"]),
        (
            .clusterRoleBindings, nil,
            [
                "kubeadm:cluster-admins", "kubeadm:get-nodes", "kubeadm:kubelet-bootstrap",
                "kubeadm:node-autoapprove-bootstrap", "kubeadm:node-autoapprove-certificate-rotation",
                "kubeadm:node-proxier", "system:coredns",
            ]
        ),
    ]

    /// Looks into every tenant, object by object.
    /// - Throws: `BenchError` that names the first tenants and objects that are missing.
    func verify() async throws {
        let missing = try await withThrowingTaskGroup(of: [String].self) { group in
            for name in names { group.addTask { try await whatLacks(in: name) } }
            return try await group.reduce(into: [String]()) { $0 += $1 }
        }
        guard missing.isEmpty else {
            throw BenchError("\(missing.count) objects are missing in tenants that say Ready: \(missing.prefix(10))")
        }
    }

    /// How long objects that are deleted inside some tenants, one after the other, take to be back.
    func repairs() async throws -> [Duration] {
        let clock = ContinuousClock()
        var times: [Duration] = []
        for tenant in names.prefix(Self.repaired) {
            let inside = try await client(inside: tenant)
            for (type, key) in Self.deletable {
                let former = try await inside.get(type, key).uid
                try await inside.delete(type, key)
                let start = clock.now
                while try await [former, nil].contains(inside.find(type, key)?.uid) {
                    try await Task.sleep(for: .milliseconds(10))
                }
                times.append(start.duration(to: clock.now))
            }
        }
        return times.sorted()
    }

    private static let repaired = 20
    private static let deletable: [(ResourceType, ObjectKey)] = [
        (.deployments, ObjectKey(namespace: "kube-system", name: "coredns")),
        (.configMaps, ObjectKey(namespace: "kube-system", name: "kubeadm-config")),
        (.clusterRoleBindings, ObjectKey(namespace: nil, name: "kubeadm:get-nodes")),
    ]

    private func client(inside tenant: String) async throws -> KubeClient {
        let secret = try await api.get(
            .secrets, ObjectKey(namespace: namespace, name: "\(tenant)-admin-kubeconfig"))
        guard let text = secret[path: "data", "admin.conf"]?.string, let yaml = Base64.decode(text) else {
            throw BenchError("\(tenant) says Ready and has no admin.conf")
        }
        return KubeClient(
            connection: try ClusterConnection(Kubeconfig(yaml: String(decoding: yaml, as: UTF8.self))),
            transport: api.transport, fieldManager: api.fieldManager,
            log: Logger(label: "tenant-bench") { _ in SwiftLogNoOpLogHandler() })
    }

    private func whatLacks(in tenant: String) async throws -> [String] {
        let inside = try await client(inside: tenant)
        var missing: [String] = []
        for (type, namespace, wanted) in Self.interior {
            let found = Set(try await inside.list(type, namespace: namespace).items.map(\.name))
            missing += wanted.filter { !found.contains($0) }.map { "\(tenant): \(type) \($0)" }
        }
        return missing
    }
}
