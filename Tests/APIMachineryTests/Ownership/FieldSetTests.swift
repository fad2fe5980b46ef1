import APIMachinery
import KubeObjects
import Testing

struct FieldSetTests {
    @Test(arguments: [
        #"{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:replicas":{}}}"#,
        #"{"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}}"#,
        #"{"f:metadata":{"f:finalizers":{"v:\"a/b\"":{}}}}"#,
        #"{"f:list":{"i:0":{},"i:12":{}}}"#,
        #"{"f:a:b":{"f:.":{}}}"#,
    ])
    func `fieldsV1 reads and writes back the same`(text: String) throws {
        let json = try JSON(parsing: text)
        let set = try #require(FieldSet(fieldsV1: json))
        #expect(set.fieldsV1 == json)
    }

    @Test func `steps of an unknown kind are left out and malformed ones void the set`() throws {
        let known = try #require(FieldSet(fieldsV1: ["f:a": [:], "z:new": ["f:b": [:]]]))
        #expect(known.fieldsV1 == ["f:a": [:]])
        #expect(FieldSet(fieldsV1: ["nonsense": [:]]) == nil)
        #expect(FieldSet(fieldsV1: ["k:{": [:]]) == nil)
        #expect(FieldSet(fieldsV1: "f:a") == nil)
    }

    @Test func `paths print as Kubernetes prints them`() {
        let path: [PathElement] = [
            .field("spec"), .field("ports"), .key([.init("port", 80), .init("protocol", "TCP")]),
            .field("targetPort"),
        ]
        #expect(path.map(\.description).joined() == #".spec.ports[port=80,protocol="TCP"].targetPort"#)
        #expect(PathElement.value("x").description == #"[="x"]"#)
    }

    @Test func `set operations keep to exact paths unless trees are asked for`() {
        let owner = FieldSet([.field("a")], [.field("a"), .field("b")], [.field("c")])
        let parent = FieldSet([.field("a")])
        #expect(owner.subtracting(parent) == FieldSet([.field("a"), .field("b")], [.field("c")]))
        #expect(owner.subtractingTrees(parent) == FieldSet([.field("c")]))
        #expect(owner.intersection(parent) == parent)
        #expect(parent.union(FieldSet([.field("c")])).count == 2)
        #expect(owner.subtracting(owner).isEmpty)
    }

    @Test func `every field name in the tables is read`() {
        let containers = FieldSet(
            of: Fixture.deployment().json, .reference("apps/Deployment"))
        let port: [PathElement] = [
            .field("spec"), .field("template"), .field("spec"), .field("containers"),
            .key([.init("name", "web")]),
            .field("ports"), .key([.init("containerPort", 80), .init("protocol", "TCP")]),
            .field("containerPort"),
        ]
        #expect(containers.contains(port))
        #expect(containers.contains([.field("spec"), .field("selector")]))
        #expect(!containers.contains([.field("spec"), .field("selector"), .field("matchLabels")]))
    }
}
