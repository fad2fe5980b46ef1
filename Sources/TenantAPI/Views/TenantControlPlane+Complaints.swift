import KubeObjects

/// Something in a spec that the API server takes and that keeps the tenant from working: a condition's reason and
/// message.
package struct Complaint: Sendable, Hashable {
    /// From the object's root.
    package let field: String
    /// One word, as metav1.Condition wants it.
    package let reason: String
    package let message: String
}

extension TenantControlPlane {
    /// What is wrong with the spec beyond what the CRD's rules can see, in the order of the fields. Nothing here reads
    /// another object: a DataStore that is missing is the reconciler's to find.
    package var complaints: [Complaint] {
        var complaints: [Complaint] = []
        for (field, hostname) in [
            ("ingress", spec.controlPlane.ingress.map(\.hostname)),
            ("gateway", spec.controlPlane.gateway.map(\.hostname)),
        ] {
            guard case .some(nil) = hostname else { continue }
            complaints.append(
                Complaint(
                    field: "spec.controlPlane.\(field).hostname", reason: "HostnameMissing",
                    message: "spec.controlPlane.\(field) needs a hostname under which the tenant is reached"))
        }
        if let mismatch = familyMismatch { complaints.append(mismatch) }
        return complaints
    }

    /// kube-apiserver ends at once when the address it advertises is not of its primary Service network's family.
    private var familyMismatch: Complaint? {
        let profile = spec.networkProfile
        let declared = [("advertiseAddress", profile.advertiseAddress), ("address", profile.address)]
        guard let (field, text) = declared.first(where: { $0.1 != nil }), let text, let address = IPAddress(text),
            let first = effectiveServiceCIDRs.first, let network = CIDR(first), network.isIPv4 != address.isIPv4
        else { return nil }
        return Complaint(
            field: "spec.networkProfile.\(field)", reason: "AddressFamilyMismatch",
            message: "spec.networkProfile.\(field) is \(text), and the first Service network is \(first): both must be "
                + "of one IP family")
    }
}
