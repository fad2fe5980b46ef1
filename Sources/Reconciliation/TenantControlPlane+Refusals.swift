import Blueprint
import KubeClient
import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// What the API server's refusal of the tenant's Service means in the tenant's own words; nil when it is not about
    /// a node port. Which ports there are is the API server's to say: their range is a flag of its own.
    func nodePortFailure(_ error: KubeError) -> TenantFailure? {
        let causes = error.isInvalid ? error.details?["causes"]?.array ?? [] : []
        for cause in causes {
            let field = cause["field"]?.string ?? ""
            guard field.hasPrefix("spec.ports["), field.hasSuffix("].nodePort"),
                let index = Int(field.dropFirst("spec.ports[".count).dropLast("].nodePort".count))
            else { continue }
            let (name, number) = servicePort(index)
            return TenantFailure(
                .controlPlaneAvailable, "NodePortRefused",
                "with serviceType NodePort, \(name) is the node port, and the API server refuses \(number): "
                    + "\(cause["message"]?.string ?? error.message). Set \(name) to a free port of that range "
                    + "(30000-32767 unless the cluster was given another), or choose another serviceType")
        }
        return nil
    }

    /// Which field gives the Service's port of that index, and its number.
    private func servicePort(_ index: Int) -> (field: String, number: Int) {
        var fields = [("spec.networkProfile.port", spec.networkProfile.port)]
        if let konnectivity = spec.addons.konnectivity {
            fields.append(("spec.addons.konnectivity.server.port", konnectivity.server.port))
        }
        if index < fields.count { return fields[index] }
        let additional = index - fields.count
        let json = spec.controlPlane.service.additionalPorts.map(\.json)
        let number = additional < json.count ? json[additional]["nodePort"]?.integer ?? 0 : 0
        return ("spec.controlPlane.service.additionalPorts[\(additional)].nodePort", Int(number))
    }
}
