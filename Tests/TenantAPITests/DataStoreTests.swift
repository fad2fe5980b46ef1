import KubeObjects
import Testing

@testable import TenantAPI

@Suite struct DataStoreTests {
    @Test(arguments: Sample.dataStores) func `a sample reads`(sample: Sample) throws {
        let store = try DataStore(sample.object)
        #expect(store.name == sample.object.name)
        #expect(store.spec.driver.rawValue == sample.object[path: "spec", "driver"]?.string)
    }

    @Test func `what a sample says is what is read`() throws {
        let etcd = try DataStore(KubeObject(Ruling.parsed(Ruling.etcd))).spec
        #expect(etcd.driver == .etcd)
        #expect(etcd.endpoints == ["etcd-0.etcd:2379"])
        #expect(etcd.basicAuth == nil)
        #expect(etcd.tlsConfig?.certificateAuthority.privateKey?.secretReference?.keyPath == "ca.key")
        #expect(etcd.tlsConfig?.clientCertificate?.certificate.content == Array("certificate".utf8))
        #expect(
            etcd.secretReferences.compactMap(\.key).map(\.description) == [
                "kamaji-system/etcd-certs", "kamaji-system/etcd-certs", "kamaji-system/etcd-root",
            ])
    }

    @Test func `bytes that are given outright hide the Secret beside them`() throws {
        let store = try DataStore(
            KubeObject(Ruling("", Ruling.postgreSQL, "spec: {basicAuth: {password: {content: cw==}}}").object))
        #expect(store.spec.basicAuth?.password.content == [0x73])
        #expect(store.spec.secretReferences.isEmpty)
    }

    @Test func `bytes never show in a description or an error`() throws {
        let object = KubeObject(
            Ruling("", Ruling.postgreSQL, "spec: {basicAuth: {password: {content: c2VjcmV0}}}").object)
        let spec = try DataStore(object).spec
        #expect(spec.basicAuth?.password.description == "6 bytes given outright")
        var dumped = ""
        dump(spec, to: &dumped)
        #expect(!dumped.contains("115"))

        let broken = KubeObject(
            Ruling("", Ruling.postgreSQL, "spec: {basicAuth: {password: {content: 's3cret!'}}}").object)
        let error = #expect(throws: InvalidObject.self) { try DataStore(broken) }
        #expect(error?.description == "spec.basicAuth.password.content: expected base64")

        let list = KubeObject(
            Ruling("", Ruling.postgreSQL, "spec: {basicAuth: {password: {content: [s3cret]}}}").object)
        let other = #expect(throws: InvalidObject.self) { try DataStore(list) }
        #expect(other?.description.contains("s3cret") == false)
    }

    @Test func `a status that is not there reads as nothing`() throws {
        var object = KubeObject(Ruling.parsed(Ruling.etcd))
        #expect(try DataStore(object).status == DataStore.Status(nil))
        object["status"] = ["ready": true, "usedBy": ["default/green"], "observedGeneration": 3]
        let status = try DataStore(object).status
        #expect(status.ready)
        #expect(status.usedBy == ["default/green"])
        #expect(status.observedGeneration == 3)
    }
}

@Suite struct KubeconfigGeneratorTests {
    @Test func `what a sample says is what is read`() throws {
        let spec = try KubeconfigGenerator(Sample.generators[1].object).spec
        #expect(spec.groups == [.stringValue("custom.group.tld"), .fromDefinition("metadata.namespace")])
        #expect(spec.user == .fromDefinition("metadata.name"))
        #expect(spec.controlPlaneEndpointFrom == "admin.conf")
        #expect(spec.namespaceSelector["matchExpressions"]?[0]?["operator"] == "Exists")
    }

    @Test func `the default endpoint is the one inside the admin cluster`() throws {
        let spec = try KubeconfigGenerator(Sample.generators[0].object).spec
        #expect(spec.controlPlaneEndpointFrom == "admin.svc")
        #expect(spec.tenantControlPlaneSelector == [:])
    }
}
