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

extension TenantControlPlane {
    /// The addresses of the tenant's DNS Service in the order of the Service networks: the user's, or else one in each
    /// network, exactly as upstream's webhook wrote them on creation, ten (IPv6: sixteen) above the address as it was
    /// given. A network where that lands outside gets it counted from its start; one that is too small gets none.
    package var effectiveDNSServiceIPs: [String] {
        let given = spec.networkProfile.dnsServiceIPs
        if !given.isEmpty { return given }
        return effectiveServiceCIDRs.compactMap { CIDR($0).flatMap(Self.dnsServiceAddress)?.description }
    }

    private static func dnsServiceAddress(in network: CIDR) -> IPAddress? {
        let offset: UInt8 = network.isIPv4 ? 10 : 16
        var bytes = network.address.bytes
        bytes[bytes.count - 1] &+= offset
        if let address = IPAddress(bytes: bytes), network.contains(address) { return address }
        guard let address = network.network.advanced(by: Int(offset)), network.contains(address) else { return nil }
        return address
    }
}
