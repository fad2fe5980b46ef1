import APIMachinery
import KubeObjects
import Testing

struct UpdateTrackingTests {
    private let t1 = "2026-01-01T00:00:00Z"
    private let t2 = "2026-01-01T00:00:09Z"

    @Test func `a create gives every field to its author, in the form Kubernetes writes`() throws {
        let created = Fixture.deployments.tracking(
            Fixture.deployment(replicas: 2), from: nil, manager: "kubectl-create", time: t1)
        let expected = try JSON(
            parsing: """
                {"f:metadata":{"f:labels":{".":{},"f:app":{}}},
                 "f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},
                 "f:spec":{"f:containers":{"k:{\\"name\\":\\"web\\"}":{".":{},"f:image":{},"f:name":{},
                 "f:ports":{".":{},"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{}}},"f:resources":{}}}}}}}
                """)
        #expect(created.fields(of: "kubectl-create") == expected)
        let entry = created[path: "metadata", "managedFields"]?[0]
        #expect(entry?["apiVersion"] == "apps/v1")
        #expect(entry?["operation"] == "Update")
        #expect(entry?["fieldsType"] == "FieldsV1")
        #expect(entry?["time"]?.string == t1)
        #expect(entry?["subresource"] == nil)
    }

    @Test func `a change moves the field to who made it`() {
        let live = Fixture.stored(
            Fixture.deployments.tracking(
                Fixture.deployment(replicas: 2), from: nil, manager: "a", time: t1))
        var changed = live
        changed[path: "spec", "replicas"] = 5
        let after = Fixture.deployments.tracking(changed, from: live, manager: "b", time: t2)
        #expect(after.fields(of: "b") == ["f:spec": ["f:replicas": [:]]])
        #expect(after.fields(of: "a")?[path: "f:spec", "f:replicas"] == nil)
        #expect(after.time(of: "a") == t1)
        #expect(after.time(of: "b") == t2)
    }

    @Test func `a write that changes nothing changes no entry`() {
        let live = Fixture.stored(
            Fixture.configMaps.tracking(Fixture.configMap(["a": "1"]), from: nil, manager: "a", time: t1))
        #expect(Fixture.configMaps.tracking(live, from: live, manager: "b", time: t2) == live)
    }

    @Test func `removing a field removes it from its owner`() {
        let live = Fixture.stored(
            Fixture.configMaps.tracking(
                Fixture.configMap(["a": "1", "b": "2"]), from: nil, manager: "a", time: t1))
        var changed = live
        changed[path: "data", "b"] = nil
        let after = Fixture.configMaps.tracking(changed, from: live, manager: "z", time: t2)
        #expect(after.managers == ["a Update"])
        #expect(after.fields(of: "a") == ["f:data": [".": [:], "f:a": [:]]])
    }

    @Test(arguments: [JSON.array([]), [[:]]])
    func `an empty managedFields list stops tracking until the next apply`(reset: JSON) {
        let live = Fixture.stored(
            Fixture.configMaps.tracking(Fixture.configMap(["a": "1"]), from: nil, manager: "a", time: t1))
        var changed = live
        changed[path: "metadata", "managedFields"] = reset
        let after = Fixture.configMaps.tracking(changed, from: live, manager: "a", time: t2)
        #expect(after[path: "metadata", "managedFields"] == nil)
        var again = after
        again[path: "data", "a"] = "2"
        #expect(
            Fixture.configMaps.tracking(again, from: after, manager: "a", time: t2).managers.isEmpty)
    }

    @Test func `a client that sends no managedFields loses none`() {
        let live = Fixture.stored(
            Fixture.configMaps.tracking(Fixture.configMap(["a": "1"]), from: nil, manager: "a", time: t1))
        var sent = live
        sent[path: "metadata", "managedFields"] = nil
        #expect(Fixture.configMaps.tracking(sent, from: live, manager: "a", time: t2) == live)
    }

    @Test func `status is tracked apart, by its subresource`() {
        let live = Fixture.stored(
            Fixture.deployments.tracking(Fixture.deployment(), from: nil, manager: "a", time: t1))
        var changed = live
        changed["status"] = ["replicas": 1, "conditions": [["type": "Available", "status": "True"]]]
        let status = FieldOwnership(Fixture.served("deployments.apps"), subresource: "status")
        let after = status.tracking(changed, from: live, manager: "controller", time: t2)
        #expect(after.managers == ["a Update", "controller Update status"])
        #expect(
            after.fields(of: "controller") == [
                "f:status": [
                    "f:conditions": [
                        ".": [:], #"k:{"type":"Available"}"#: [".": [:], "f:status": [:], "f:type": [:]],
                    ], "f:replicas": [:],
                ]
            ])
        // A write of the object itself owns nothing of the status it happens to carry.
        let whole = Fixture.deployments.tracking(changed, from: live, manager: "b", time: t2)
        #expect(whole.managers == ["a Update"])
    }

    @Test func `more than ten updaters are gathered`() {
        var live = Fixture.stored(
            Fixture.configMaps.tracking(
                Fixture.configMap(["k0": "0"]), from: nil, manager: "m0", time: t1))
        for number in 1...12 {
            var changed = live
            changed[path: "data", "k\(number)"] = "x"
            let time = "2026-01-01T00:01:\(number + 10)Z"
            live = Fixture.configMaps.tracking(changed, from: live, manager: "m\(number)", time: time)
        }
        #expect(live.managers.count == 10)
        #expect(live.managers.contains("ancient-changes Update"))
    }
}
