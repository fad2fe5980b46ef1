/// What a newcomer wants to know when the cluster is up.
struct Welcome: Sendable {
    let engine: TenantEngine
    let programs: UpstreamPrograms
    let kubeconfig: String
    let stateDirectory: String
    let program: String

    var text: String {
        """

        The cluster is up. In another terminal:

            export KUBECONFIG=\(kubeconfig)
            kubectl apply -f deploy/samples/tenant.yaml
            kubectl get tcp -w

        \(engineLine)

        A tenant's kubeconfig, once it is Ready:   \(command("kubeconfig TENANT")) > tenant.conf
        Its nodes join with:                       kubeadm join, with a token made by kubeadm --kubeconfig tenant.conf
                                                   token create --print-join-command
        State and logs:                            \(stateDirectory)
        Stop:                                      Ctrl-C; the next start goes on where this one ended

        """
    }

    private func command(_ arguments: String) -> String { "\(program) \(arguments)" }

    private var engineLine: String {
        switch engine {
        case .upstream:
            """
            Tenants run upstream's own programs (\(programs.found["kube-apiserver"] ?? "kube-apiserver")), on a local etcd
            with authentication on.
            """
        case .embedded:
            """
            Tenants run on the embedded engine, an API server on SQLite: upstream's programs are not used\
            \(programs.areComplete ? "" : "\n(not found: \(programs.missing.joined(separator: ", ")); --bin-dir names their directory)").
            """
        }
    }
}
