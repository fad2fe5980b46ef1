import Blueprint
import KubeObjects
import TenantAPI

/// Names and addresses that belong to a tenant's control plane and its Services. Whoever has a certificate for one of
/// them, from the authority that all of the tenant's clients trust, can pass for it.
package struct ReservedNames: Sendable, Hashable {
    private var names: Set<String> = []
    private var addresses: Set<IPAddress> = []
    private var ranges: [CIDR] = []
    private var serviceDomains: [String] = [".svc"]

    package init() {}

    /// - Parameters:
    ///   - servingNames: DNS names and addresses in the API server's certificate.
    ///   - serviceRanges: where Services have their addresses.
    package init(servingNames: [String], serviceRanges: [CIDR], clusterDomain: String) {
        for name in servingNames {
            if let address = IPAddress(name) { addresses.insert(address) } else { names.insert(name.lowercased()) }
        }
        // kubeadm puts a host's name into that certificate; upstream's constant one is no name that a client asks for.
        names.remove("node")
        ranges = serviceRanges
        serviceDomains.append(".svc.\(clusterDomain.lowercased())")
    }

    package func contains(_ text: String) -> Bool {
        if let address = IPAddress(text) {
            return addresses.contains(address) || ranges.contains { $0.contains(address) }
                || Self.loopback.contains { $0.contains(address) }
        }
        let name = text.lowercased()
        return names.contains(name) || serviceDomains.contains { name.hasSuffix($0) }
    }

    private static let loopback = ["127.0.0.0/8", "::1/128"].compactMap { CIDR($0) }
}

extension TenantControlPlane {
    /// What no node of the tenant may be called.
    func reservedNames(_ exposure: Exposure) -> ReservedNames {
        let serving = apiServerNames(exposure)
        return ReservedNames(
            servingNames: serving.dnsNames + serving.ipAddresses,
            serviceRanges: effectiveServiceCIDRs.compactMap { CIDR($0) },
            clusterDomain: spec.networkProfile.clusterDomain)
    }
}
