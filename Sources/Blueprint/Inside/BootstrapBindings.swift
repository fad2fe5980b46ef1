import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// What makes `admin.conf` work: the group that it names may nothing by itself.
    package static let administratorsBinding = TenantObjectMaker(addon: .bootstrap)
        .clusterRoleBinding("kubeadm:cluster-admins", to: "cluster-admin", .group("kubeadm:cluster-admins"))

    /// Who may do what before anybody has set up anything, as kubeadm has it.
    func bootstrapBindings() -> [TenantObject] {
        let make = TenantObjectMaker(addon: .bootstrap)
        let requests = "system:certificates.k8s.io:certificatesigningrequests"
        return [
            Self.administratorsBinding,
            make.clusterRole("kubeadm:get-nodes", rules: TenantObjectMaker.rule(["nodes"], ["get"])),
            // A node asks, before it joins, whether its name is taken.
            make.clusterRoleBinding("kubeadm:get-nodes", to: "kubeadm:get-nodes", .joiningNodes),
            make.clusterRoleBinding("kubeadm:kubelet-bootstrap", to: "system:node-bootstrapper", .joiningNodes),
            make.clusterRoleBinding("kubeadm:node-autoapprove-bootstrap", to: "\(requests):nodeclient", .joiningNodes),
            make.clusterRoleBinding(
                "kubeadm:node-autoapprove-certificate-rotation", to: "\(requests):selfnodeclient", .nodes),
            // The name in the certificate with which the API server calls kubelets.
            make.clusterRoleBinding(
                "kubeadm:apiserver-kubelet-client", to: "system:kubelet-api-admin",
                .user("kube-apiserver-kubelet-client")),
        ]
    }
}
