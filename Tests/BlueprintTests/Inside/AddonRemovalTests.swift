import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct AddonRemovalTests {
    @Test func `addons are what the spec switches on`() throws {
        #expect(try Sample.tenant().addons == [.bootstrap])
        #expect(try Sample.withAddons().addons == [.bootstrap, .coreDNS, .kubeProxy, .konnectivity])
    }

    @Test(arguments: TenantAddon.allCases) func `whatever an addon makes it also knows to remove`(addon: TenantAddon)
        throws
    {
        guard addon != .bootstrap else { return }
        for mode in ["DaemonSet", "Deployment"] {
            let tenant = try Sample.tenant(
                """
                spec:
                  writePermissions: {blockUpdate: true}
                  addons: {coreDNS: {}, kubeProxy: {}, konnectivity: {agent: {mode: \(mode)}}}
                """)
            let made = tenant.objectsInside(Sample.exposure, Sample.etcd, authorityPEM: []).made
                .filter { $0.addon == addon }.map { "\($0.type) \($0.key)" }
            #expect(!made.isEmpty)
            #expect(Set(made).isSubset(of: addon.objectsEverMade(by: tenant).map { "\($0.0) \($0.1)" }))
        }
    }

    @Test func `what is on is not removed, but for agents of the other kind`() throws {
        func unwanted(_ tenant: TenantControlPlane) -> [String] {
            tenant.objectsNotInside.filter { $0.addon != .writePermissions }.map { "\($0.type) \($0.key)" }
        }
        #expect(unwanted(try Sample.withAddons()) == ["deployments.apps kube-system/konnectivity-agent"])
        #expect(
            unwanted(
                try Sample.tenant(
                    "spec: {addons: {coreDNS: {}, kubeProxy: {}, konnectivity: {agent: {mode: Deployment}}}}"))
                == ["daemonsets.apps kube-system/konnectivity-agent"])
    }

    @Test func `an addon that is off leaves nothing, and the bootstrap always stays`() throws {
        let tenant = try Sample.tenant()
        #expect(
            Set(tenant.objectsNotInside.map(\.addon)) == [.coreDNS, .kubeProxy, .konnectivity, .writePermissions])
        #expect(TenantAddon.bootstrap.objectsEverMade(by: tenant).isEmpty)
        #expect(tenant.objectsNotInside.first?.type == .deployments)
    }
}
