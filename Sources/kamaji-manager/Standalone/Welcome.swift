import Glibc

/// What a newcomer wants to know when the cluster is up.
struct Welcome: Sendable {
    let engine: TenantEngine
    let programs: UpstreamPrograms
    let kubeconfig: String
    let stateDirectory: String
    let program: String
    /// Where a kubectl lies that PATH does not name; nil when PATH does, or none was found.
    let kubectlDirectory: String?

    var text: String {
        """

        The cluster is up. In another terminal:

        \(kubectlDirectory.map { "    export PATH=\"$PATH:\($0)\"\n" } ?? "")    export KUBECONFIG=\(kubeconfig)
            kubectl apply -f deploy/samples/tenant.yaml
            kubectl get tcp -w

        \(engineLine)

        A tenant's kubeconfig, once it is Ready:   \(command("kubeconfig TENANT")) > tenant.conf
        Using it:                                  kubectl --kubeconfig tenant.conf get namespaces
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
            It has no scheduler and no workload controllers, and is one API whatever Kubernetes version a tenant asks for:
            what it reports ends in "+embedded".
            """
        }
    }

    /// Where `KUBECTL_NEW`, which the quickstart sets, has a kubectl while `PATH` has none.
    static func kubectlDirectory(_ environment: [String: String]) -> String? {
        let folders = (environment["PATH"] ?? "").split(separator: ":")
        guard !folders.contains(where: { access("\($0)/kubectl", X_OK) == 0 }),
            let path = environment["KUBECTL_NEW"], path.hasPrefix("/"), access(path, X_OK) == 0,
            let slash = path.lastIndex(of: "/")
        else { return nil }
        return String(path[..<slash])
    }
}
