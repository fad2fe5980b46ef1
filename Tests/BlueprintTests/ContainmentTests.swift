import KubeObjects
import Testing

@testable import Blueprint

/// Whether applying an object would change anything.
@Suite struct ContainmentTests {
    @Test(arguments: [
        ("{a: 1, b: 2}", "{a: 1}"), ("{a: {b: 1, c: 2}}", "{a: {b: 1}}"), ("{a: [{n: x, d: 1}]}", "{a: [{n: x}]}"),
        ("{}", "{a: {}}"), ("{}", "{a: []}"), ("{a: 1}", "{a: 1, b: null}"), ("[1, 2]", "[1, 2]"),
    ])
    func `what is there contains what is wanted, defaults beside it`(here: String, wanted: String) throws {
        #expect(try Self.parse(here).contains(Self.parse(wanted)))
    }

    @Test(arguments: [
        ("{a: 1}", "{a: 2}"), ("{}", "{a: 1}"), ("{a: [1]}", "{a: [1, 2]}"), ("{a: [1, 2]}", "{a: [1]}"),
        ("{a: [2, 1]}", "{a: [1, 2]}"), ("{a: {b: 1}}", "{a: 1}"), ("{a: '1'}", "{a: 1}"),
    ])
    func `what differs is to be applied`(here: String, wanted: String) throws {
        #expect(try !Self.parse(here).contains(Self.parse(wanted)))
    }

    private static func parse(_ yaml: String) throws -> JSON { try #require(try YAML.parse(yaml).first) }

    @Test func `an object as the API server returns it needs nothing`() throws {
        let wanted = try Sample.tenant().deployed()
        var live = wanted
        live[path: "metadata", "uid"] = "1"
        live[path: "metadata", "resourceVersion"] = "7"
        live[path: "spec", "progressDeadlineSeconds"] = 600
        live[path: "status"] = ["replicas": 1]
        #expect(live.isAsWanted(wanted))
        live.labels["kamaji.clastix.io/name"] = "other"
        #expect(!live.isAsWanted(wanted))
    }

    @Test func `others' owners and finalizers may stand beside ours, but ours must be there`() throws {
        let wanted = try Sample.tenant().datastoreConfiguration(Sample.etcd, password: "x").object
        var live = wanted
        let other = OwnerReference(
            controller: KubeObject(apiVersion: "v1", kind: "ConfigMap", name: "other", namespace: "tenants"))
        live.ownerReferences = [other] + live.ownerReferences
        live.finalizers = ["other/finalizer"] + live.finalizers
        #expect(live.isAsWanted(wanted))
        live.finalizers = ["other/finalizer"]
        #expect(!live.isAsWanted(wanted))
        live.finalizers = wanted.finalizers
        live.ownerReferences = [other]
        #expect(!live.isAsWanted(wanted))
    }
}
