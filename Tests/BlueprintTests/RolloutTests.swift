import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

/// What makes the pods start anew, and what does not.
@Suite struct RolloutTests {
    private static func template(_ change: (inout Credentials) -> Void = { _ in }) throws -> KubeObject {
        var credentials = Sample.credentials
        change(&credentials)
        return try Sample.tenant().deployed(credentials: credentials).template
    }

    @Test func `the pods carry a checksum of every Secret that they read at start`() throws {
        let labels = try Self.template().labels.filter { $0.key.hasPrefix("component.") }
        #expect(
            Set(labels.keys.map { String($0.dropFirst("component.kamaji.clastix.io/".count)) }) == [
                "api-server-certificate", "api-server-kubelet-client-certificate", "ca",
                "controller-manager-kubeconfig", "front-proxy-ca-certificate", "front-proxy-client-certificate",
                "scheduler-kubeconfig", "service-account", "datastore",
            ])
        #expect(labels["component.kamaji.clastix.io/datastore"] == "bronze")
        #expect(
            labels["component.kamaji.clastix.io/ca"] == Checksum.md5(of: ["content": Array("of ca".utf8)]))
    }

    @Test(arguments: [
        (Component.apiServerCertificate, "api-server-certificate"), (.certificateAuthority, "ca"),
        (.kubeletClientCertificate, "api-server-kubelet-client-certificate"),
        (.frontProxyAuthority, "front-proxy-ca-certificate"),
        (.frontProxyClientCertificate, "front-proxy-client-certificate"), (.serviceAccountKey, "service-account"),
        (.controllerManagerKubeconfig, "controller-manager-kubeconfig"), (.schedulerKubeconfig, "scheduler-kubeconfig"),
    ])
    func `a Secret that changes moves its own label and no other`(component: Component, label: String) throws {
        let before = try Self.template()
        let after = try Self.template { $0[component]?["content"] = Array("something else".utf8) }
        let moved = before.labels.filter { after.labels[$0.key] != $0.value }.keys
        #expect(Array(moved) == ["component.kamaji.clastix.io/\(label)"])
        #expect(before.annotations == after.annotations)
    }

    @Test(arguments: [
        (Component.datastoreConfiguration, "storage.kamaji.clastix.io/config"),
        (.datastoreCertificate, "storage.kamaji.clastix.io/certificate"),
    ])
    func `the datastore's credentials stand in annotations`(component: Component, annotation: String) throws {
        let before = try Self.template()
        let after = try Self.template { $0[component]?["content"] = Array("something else".utf8) }
        #expect(before.labels == after.labels)
        #expect(Array(before.annotations.filter { after.annotations[$0.key] != $0.value }.keys) == [annotation])
    }

    @Test(arguments: [Component.adminKubeconfig, .konnectivityCertificate, .konnectivityKubeconfig])
    func `what the pods do not read at start leaves them alone`(component: Component) throws {
        #expect(try Self.template() == Self.template { $0[component]?["content"] = Array("something else".utf8) })
    }

    @Test func `without TLS there is no annotation of a certificate`() throws {
        #expect(
            try Self.template { $0[.datastoreCertificate] = nil }.annotations["storage.kamaji.clastix.io/certificate"]
                == nil)
    }

    @Test func `the same tenant twice gives the same Deployment`() throws {
        #expect(try Sample.tenant().deployed().json == Sample.tenant().deployed().json)
    }
}
