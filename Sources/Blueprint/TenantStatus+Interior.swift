import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// The parts of the status that upstream's controllers inside the tenant write (parity sheet, 1.3).
    func writeInterior(_ progress: TenantProgress, into status: inout StatusWriter) {
        guard case .applied(let clusterInfo) = progress.interior else { return }
        status.write(["kubeadmPhase", "bootstrapToken"], ["checksum": .string(clusterInfo)])
        for (key, isAsked) in [("coreDNS", spec.addons.coreDNS != nil), ("kubeProxy", spec.addons.kubeProxy != nil)] {
            guard isAsked || status.json[path: "addons", key] != nil else { continue }
            status.write(["addons", key], ["enabled": .bool(isAsked)])
        }
        guard let konnectivity = spec.addons.konnectivity else { return }
        let path = ["addons", "konnectivity"]
        let account: JSON = ["name": "konnectivity-agent", "namespace": "kube-system"]
        status.json[path: path + ["sa"]] = account
        status.json[path: path + ["clusterrolebinding"]] = ["name": .string(TunnelServer.serverUser)]
        var agent = account
        agent["mode"] = .string(konnectivity.agent.mode.rawValue)
        status.write(path + ["agent"], agent)
    }
}
