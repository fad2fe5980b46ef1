import KubeObjects
import Testing

@testable import TenantAPI

@Suite struct TenantNetworkTests {
    private static func tenant(_ profile: String) throws -> TenantControlPlane {
        try TenantControlPlane(KubeObject(Ruling("", Ruling.tenant, "spec: {networkProfile: \(profile)}").object))
    }

    @Test(
        "service networks, pod networks and DNS addresses",
        arguments: [
            ("{}", ["10.96.0.0/16"], ["10.244.0.0/16"], ["10.96.0.10"]),
            ("{serviceCidr: 172.20.0.0/20}", ["172.20.0.0/20"], ["10.244.0.0/16"], ["172.20.0.10"]),
            ("{podCidr: ''}", ["10.96.0.0/16"], [], ["10.96.0.10"]),
            // The list stands above the single field, even though that one has a default.
            ("{serviceCidrs: [10.97.0.0/16]}", ["10.97.0.0/16"], ["10.244.0.0/16"], ["10.97.0.10"]),
            // IPv6 counts sixteen, which reads as ten.
            (
                "{serviceCidrs: ['2001:db8:abcd::/64'], podCidrs: ['2001:db8:1::/56']}", ["2001:db8:abcd::/64"],
                ["2001:db8:1::/56"], ["2001:db8:abcd::10"]
            ),
            // The user's order stays: the first family is the primary one.
            (
                "{serviceCidrs: ['fd00:10:96::/112', 10.96.0.0/16], podCidrs: ['fd00:10:244::/56', 10.244.0.0/16]}",
                ["fd00:10:96::/112", "10.96.0.0/16"], ["fd00:10:244::/56", "10.244.0.0/16"],
                ["fd00:10:96::10", "10.96.0.10"]
            ),
            ("{serviceCidrs: [10.96.0.0/16, 10.96.0.0/16]}", ["10.96.0.0/16"], ["10.244.0.0/16"], ["10.96.0.10"]),
            // What the user says stands as it is.
            ("{dnsServiceIPs: [10.96.0.53]}", ["10.96.0.0/16"], ["10.244.0.0/16"], ["10.96.0.53"]),
            // One that blanks the list, as old clients do, loses nothing.
            ("{dnsServiceIPs: []}", ["10.96.0.0/16"], ["10.244.0.0/16"], ["10.96.0.10"]),
            // Counted from the address as it was written, not from where its network starts.
            ("{serviceCidr: 10.96.0.5/16}", ["10.96.0.5/16"], ["10.244.0.0/16"], ["10.96.0.15"]),
            // The last byte wraps, as in upstream's webhook, while that stays inside.
            ("{serviceCidr: 10.96.3.250/16}", ["10.96.3.250/16"], ["10.244.0.0/16"], ["10.96.3.4"]),
            // Where it would land outside, it is counted from the start.
            ("{serviceCidr: 10.96.0.250/26}", ["10.96.0.250/26"], ["10.244.0.0/16"], ["10.96.0.202"]),
            // Too small for a tenth address.
            ("{serviceCidr: 10.96.0.0/29}", ["10.96.0.0/29"], ["10.244.0.0/16"], []),
        ])
    func effective(profile: String, services: [String], pods: [String], dns: [String]) throws {
        let tenant = try Self.tenant(profile)
        #expect(tenant.effectiveServiceCIDRs == services)
        #expect(tenant.effectivePodCIDRs == pods)
        #expect(tenant.effectiveDNSServiceIPs == dns)
    }
}
