import KubeObjects

extension TenantControlPlane {
    /// The tenant's Service networks in the user's order, the first being the primary family: the list, or else the
    /// single field that it took the place of. Upstream sorts them as text, which takes that choice away.
    package var effectiveServiceCIDRs: [String] {
        Self.effective(spec.networkProfile.serviceCidrs, spec.networkProfile.serviceCidr)
    }

    /// The tenant's pod networks, likewise.
    package var effectivePodCIDRs: [String] {
        Self.effective(spec.networkProfile.podCidrs, spec.networkProfile.podCidr)
    }

    private static func effective(_ list: [String], _ single: String?) -> [String] {
        let given = list.isEmpty ? [single].compactMap(\.self) : list
        var seen: Set<String> = []
        return given.filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}
