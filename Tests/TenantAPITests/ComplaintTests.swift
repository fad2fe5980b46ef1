import KubeObjects
import Testing

@testable import TenantAPI

@Suite struct ComplaintTests {
    @Test(
        "what keeps a tenant from working",
        arguments: [
            ("{}", nil, nil),
            ("spec: {controlPlane: {ingress: {}}}", "HostnameMissing", "spec.controlPlane.ingress.hostname"),
            (
                "spec: {controlPlane: {ingress: {hostname: ''}}}", "HostnameMissing",
                "spec.controlPlane.ingress.hostname"
            ),
            ("spec: {controlPlane: {ingress: {hostname: a.example.com}}}", nil, nil),
            ("spec: {controlPlane: {gateway: {}}}", "HostnameMissing", "spec.controlPlane.gateway.hostname"),
            ("spec: {networkProfile: {address: 10.0.0.1}}", nil, nil),
            ("spec: {networkProfile: {address: 'fd00::1'}}", "AddressFamilyMismatch", "spec.networkProfile.address"),
            // A name has no family.
            ("spec: {networkProfile: {address: api.example.com}}", nil, nil),
            // The API server advertises this one, whatever the other is.
            ("spec: {networkProfile: {address: 'fd00::1', advertiseAddress: 10.0.0.1}}", nil, nil),
            (
                "spec: {networkProfile: {address: 10.0.0.1, serviceCidrs: ['fd00::/112', 10.96.0.0/16]}}",
                "AddressFamilyMismatch", "spec.networkProfile.address"
            ),
        ])
    func complaint(change: String, reason: String?, field: String?) throws {
        let tenant = try TenantControlPlane(KubeObject(Ruling("", Ruling.tenant, change).object))
        #expect(tenant.complaints.first?.reason == reason)
        #expect(tenant.complaints.first?.field == field)
        #expect(tenant.complaints.count == (reason == nil ? 0 : 1))
    }
}
