import KubeObjects
import Testing

@testable import Reconciliation

@Suite struct ManagedVersionsTests {
    private let versions = ManagedVersions()
    private let tenant = ObjectKey(namespace: "default", name: "a")
    private let other = ObjectKey(namespace: "default", name: "b")
    private let secret = ManagedID(type: .secrets, name: "a-ca")

    @Test func `our own write is no foreign one when the watch shows it later`() {
        versions.record(secret, of: tenant, version: "5", applied: 1)
        #expect(!versions.hasForeignWrites(tenant))
        #expect(!versions.show(secret, of: tenant, version: "5"))
        #expect(!versions.hasForeignWrites(tenant))
    }

    @Test func `our own write is no foreign one when the watch was faster than the answer`() {
        #expect(versions.show(secret, of: tenant, version: "5"))
        #expect(versions.hasForeignWrites(tenant))
        versions.record(secret, of: tenant, version: "5", applied: 1)
        #expect(!versions.hasForeignWrites(tenant))
    }

    @Test func `another's write is seen until it is answered`() {
        versions.record(secret, of: tenant, version: "5", applied: 1)
        #expect(versions.show(secret, of: tenant, version: "6"))
        #expect(versions.hasForeignWrites(tenant))
        #expect(!versions.hasForeignWrites(other))
        // Read, and found to need nothing.
        versions.acknowledge(secret, of: tenant, version: "6")
        #expect(!versions.hasForeignWrites(tenant))
        #expect(versions.lastApplied(secret, of: tenant) == 1)
    }

    @Test func `what a watch shows gone is missed until it was written again`() {
        versions.record(secret, of: tenant, version: "5", applied: 1)
        _ = versions.show(secret, of: tenant, version: "5")
        #expect(versions.showGone(secret, of: tenant))
        #expect(versions.hasForeignWrites(tenant))
        versions.record(secret, of: tenant, version: "7", applied: 1)
        _ = versions.show(secret, of: tenant, version: "7")
        #expect(!versions.hasForeignWrites(tenant))
    }

    @Test func `the end of what we never had, or removed ourselves, is no news`() {
        _ = versions.show(secret, of: tenant, version: "5")
        #expect(!versions.showGone(secret, of: tenant))
        #expect(!versions.hasForeignWrites(tenant))
        versions.record(secret, of: tenant, version: "6", applied: 1)
        #expect(versions.remove(secret, of: tenant))
        #expect(!versions.showGone(secret, of: tenant))
        #expect(!versions.knowsAnything(of: tenant))
    }

    @Test func `what stands beside a tenant is not taken for what is inside`() {
        let inside = ObjectKey(namespace: "kube-system", name: "kubeadm-config")
        versions.record(ManagedID(.configMaps, inside), of: tenant, version: "5", applied: 1)
        versions.record(ManagedID(type: .configMaps, name: "a-kubeadmconfig"), of: tenant, version: "6", applied: 1)
        #expect(versions.keys(inside: tenant, type: .configMaps) == [inside])
        let role = ObjectKey(namespace: nil, name: "kubeadm:get-nodes")
        versions.record(ManagedID(.clusterRoles, role), of: tenant, version: "7", applied: 1)
        #expect(versions.keys(inside: tenant, type: .clusterRoles) == [role])
    }

    @Test func `what a forgotten tenant left is known until the watch shows its end`() {
        let ours = ManagedID(type: .configMaps, name: "a-kubeadmconfig")
        versions.record(secret, of: tenant, version: "5", applied: 1)
        _ = versions.show(secret, of: tenant, version: "5")
        // Never shown: nothing will tell its end either.
        versions.record(ours, of: tenant, version: "6", applied: 2)
        versions.acknowledge(ManagedID(type: .tenantControlPlanes, name: "a"), of: tenant, version: "7")
        versions.forget(tenant)
        #expect(versions.knowsAnything(of: tenant))
        #expect(versions.names(of: tenant, type: .secrets) == ["a-ca"])
        #expect(versions.names(of: tenant, type: .configMaps).isEmpty)
        #expect(versions.lastApplied(secret, of: tenant) == nil)
        #expect(!versions.showGone(secret, of: tenant))
        #expect(!versions.knowsAnything(of: tenant))
    }

    @Test func `a tenant itself is not what it is made of`() {
        versions.acknowledge(ManagedID(type: .tenantControlPlanes, name: "a"), of: tenant, version: "7")
        #expect(!versions.knowsAnything(of: tenant))
    }

    @Test func `who holds an object is found in its namespace only`() {
        let stranger = ObjectKey(namespace: "other", name: "a")
        for key in [tenant, stranger] { versions.record(secret, of: key, version: "5", applied: 1) }
        #expect(versions.tenants(holding: secret, in: "default") == [tenant])
        #expect(versions.tenants(holding: ManagedID(type: .secrets, name: "x"), in: "default").isEmpty)
    }
}
