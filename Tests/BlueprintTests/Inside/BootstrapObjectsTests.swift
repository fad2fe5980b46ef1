import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct BootstrapObjectsTests {
    @Test(arguments: [
        ("kubeadm:cluster-admins", "cluster-admin", "Group kubeadm:cluster-admins"),
        ("kubeadm:get-nodes", "kubeadm:get-nodes", "Group system:bootstrappers:kubeadm:default-node-token"),
        (
            "kubeadm:kubelet-bootstrap", "system:node-bootstrapper",
            "Group system:bootstrappers:kubeadm:default-node-token"
        ),
        (
            "kubeadm:node-autoapprove-bootstrap",
            "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
            "Group system:bootstrappers:kubeadm:default-node-token"
        ),
        (
            "kubeadm:node-autoapprove-certificate-rotation",
            "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", "Group system:nodes"
        ),
        ("kubeadm:apiserver-kubelet-client", "system:kubelet-api-admin", "User kube-apiserver-kubelet-client"),
    ])
    func `a binding gives a role to whom kubeadm gives it`(name: String, role: String, subject: String) throws {
        let binding = try Sample.tenant().inside("ClusterRoleBinding \(name)")
        #expect(binding.apiVersion == "rbac.authorization.k8s.io/v1")
        #expect(
            binding["roleRef"] == [
                "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": .string(role),
            ])
        let parts = subject.split(separator: " ").map { JSON(String($0)) }
        #expect(
            binding["subjects"] == [["apiGroup": "rbac.authorization.k8s.io", "kind": parts[0], "name": parts[1]]])
    }

    @Test func `joining nodes may look whether their name is taken, and no more`() throws {
        #expect(
            try Sample.tenant().inside("ClusterRole kubeadm:get-nodes")["rules"] == [
                ["apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]]
            ])
    }

    @Test(arguments: [
        ("kube-public", "kubeadm:bootstrap-signer-clusterinfo", "cluster-info", ["system:anonymous"]),
        (
            "kube-system", "kubeadm:nodes-kubeadm-config", "kubeadm-config",
            ["system:bootstrappers:kubeadm:default-node-token", "system:nodes"]
        ),
        (
            "kube-system", "kubeadm:kubelet-config", "kubelet-config",
            ["system:nodes", "system:bootstrappers:kubeadm:default-node-token"]
        ),
    ])
    func `a ConfigMap is read by whom it is for`(
        namespace: String, name: String, map: String, readers: [String]
    ) throws {
        let tenant = try Sample.tenant()
        #expect(
            try tenant.inside("Role \(namespace)/\(name)")["rules"] == [
                ["apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": [.string(map)]]
            ])
        let binding = try tenant.inside("RoleBinding \(namespace)/\(name)")
        #expect(binding[path: "roleRef", "kind"] == "Role")
        #expect(binding[path: "roleRef", "name"] == .string(name))
        #expect(binding["subjects"]?.array?.compactMap { $0["name"]?.string } == readers)
        #expect(try tenant.inside("ConfigMap \(namespace)/\(map)")["data"]?.object?.count == 1)
    }

    @Test func `cluster-info names the server and the authority, and no user`() throws {
        let exposure = Exposure(
            assigned: Endpoint(host: "192.0.2.1", port: 6443), advertised: Endpoint(host: "198.51.100.1", port: 6443),
            published: Endpoint(host: "green.example", port: 443), clusterIP: nil)
        let tenant = try Sample.tenant()
        let text = try #require(
            tenant.inside("ConfigMap kube-public/cluster-info", at: exposure)[path: "data", "kubeconfig"]?.string)
        let kubeconfig = try Kubeconfig(yaml: text)
        let cluster = try #require(kubeconfig.cluster(""))
        #expect(cluster.server == "https://green.example:443")
        #expect(cluster.certificateAuthorityData == Array("authority".utf8))
        #expect(kubeconfig.json["users"] == .null)
        // The signer's keys beside it are not ours: a key that is not applied is left alone.
        #expect(
            try tenant.inside("ConfigMap kube-public/cluster-info")["data"]?.object?.keys.sorted() == ["kubeconfig"])
    }

    @Test func `what cannot be made is named, and keeps nothing else from being made`() throws {
        func objects(_ patches: String) throws -> TenantObjects {
            try Sample.withAddons("kubernetes: {kubelet: {configurationJSONPatches: [\(patches)]}}")
                .objectsInside(Sample.exposure, Sample.etcd, authorityPEM: [])
        }
        let (whole, broken) = (try objects(""), try objects("{op: remove, path: /noSuchField}"))
        #expect(whole.faults.isEmpty)
        #expect(broken.faults.map(\.addon) == [.bootstrap])
        #expect(broken.faults.first?.error.field == "spec.kubernetes.kubelet.configurationJSONPatches[0]")
        let missing = whole.made.filter { !broken.made.contains($0) }
        #expect(Set(missing.map(\.key.name)) == ["kubelet-config", "kubeadm:kubelet-config"])
    }

    @Test func `every object says that it is Kamaji's, stands once, and has what its kind needs`() throws {
        for addons in ["{}", Sample.allAddons] {
            let tenant = try Sample.tenant("spec: {addons: \(addons), writePermissions: {blockCreation: true}}")
            let objects = tenant.objectsInside(Sample.exposure, Sample.etcd, authorityPEM: []).made
            #expect(Set(objects.map { "\($0.type) \($0.key)" }).count == objects.count)
            for object in objects {
                #expect(object.object.labels["kamaji.clastix.io/project"] == "kamaji")
                #expect(object.object.apiVersion == object.type.apiVersion)
                #expect(object.object.kind == object.type.kind)
                #expect((object.object.namespace != nil) == object.type.isNamespaced)
            }
        }
    }
}
