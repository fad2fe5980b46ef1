import APIMachinery
import KubeObjects
import Testing

struct ApplyTests {
    private let t1 = "2026-01-01T00:00:00Z"
    private let t2 = "2026-01-01T00:00:09Z"

    private func apply(
        _ configuration: KubeObject, to live: KubeObject? = nil, _ manager: String = "a",
        force: Bool = false,
        time: String? = nil, with ownership: FieldOwnership = Fixture.deployments
    ) throws -> KubeObject {
        let result = try ownership.applying(
            configuration, to: live, manager: manager, force: force, time: time ?? t1)
        return live == nil ? Fixture.stored(result) : result
    }

    @Test func `the first apply creates and owns what it says`() throws {
        let live = try apply(Fixture.deployment(replicas: 3))
        #expect(live.managers == ["a Apply"])
        #expect(live.time(of: "a") == t1)
        #expect(live.fields(of: "a")?[path: "f:spec", "f:replicas"] == [:])
        #expect(live.fields(of: "a")?[path: "f:metadata", "f:name"] == nil)
        #expect(live[path: "spec", "replicas"] == 3)
        #expect(live[path: "spec", "strategy"] == nil)
    }

    @Test func `applying the same again changes nothing, not even the time`() throws {
        let live = try apply(Fixture.deployment(replicas: 3))
        #expect(try apply(Fixture.deployment(replicas: 3), to: live, time: t2) == live)
    }

    @Test func `empty structures that the kind always has make no change`() throws {
        let live = try apply(Fixture.deployment())
        var configuration = Fixture.deployment()
        configuration[path: "spec", "strategy"] = [:]
        configuration["status"] = [:]
        configuration[path: "metadata", "creationTimestamp"] = .null
        let again = try apply(configuration, to: live, time: t2)
        #expect(again.time(of: "a") == t1)
        #expect(again["spec"] == live["spec"])
    }

    @Test func `a field that is no longer applied goes`() throws {
        let live = try apply(Fixture.deployment(replicas: 3, labels: ["app": "web", "tier": "front"]))
        let after = try apply(Fixture.deployment(), to: live, time: t2)
        #expect(after[path: "spec", "replicas"] == nil)
        #expect(after.labels == ["app": "web"])
        #expect(after.time(of: "a") == t2)
    }

    @Test func `a field that is no longer applied stays while another owns it`() throws {
        let mine = try apply(Fixture.deployment(replicas: 3))
        let both = try apply(Fixture.deployment(replicas: 3), to: mine, "b", time: t2)
        #expect(both.managers.sorted() == ["a Apply", "b Apply"])
        let after = try apply(Fixture.deployment(), to: both, time: t2)
        #expect(after[path: "spec", "replicas"] == 3)
        #expect(after.fields(of: "a")?[path: "f:spec", "f:replicas"] == nil)
        let last = try apply(Fixture.deployment(), to: after, "b", time: t2)
        #expect(last[path: "spec", "replicas"] == nil)
    }

    @Test func `a list element goes with its last owner and others' elements stay`() throws {
        var two = Fixture.deployment()
        two[path: "spec", "template", "spec", "containers"] = [
            ["name": "web", "image": "nginx:1"], ["name": "side", "image": "side:1"],
        ]
        let live = try apply(two)
        var injected = live
        injected[path: "spec", "template", "spec", "containers"] = .array(
            (live[path: "spec", "template", "spec", "containers"]?.array ?? []) + [
                ["name": "mesh", "image": "m:1"]
            ])
        let withMesh = Fixture.deployments.tracking(injected, from: live, manager: "mesh", time: t2)
        let after = try apply(Fixture.deployment(), to: withMesh, time: t2)
        let names = after[path: "spec", "template", "spec", "containers"]?.array?.compactMap {
            $0["name"]?.string
        }
        #expect(names == ["web", "mesh"])
    }

    @Test func `one conflict is told in one line, with a cause`() throws {
        let live = Fixture.stored(
            Fixture.deployments.tracking(
                Fixture.deployment(replicas: 1), from: nil, manager: "kubectl-client-side-apply", time: t1))
        let error = #expect(throws: APIStatus.self) {
            try apply(Fixture.deployment(replicas: 2), to: live, "a", time: t2)
        }
        #expect(
            error?.message
                == #"Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas"#
        )
        #expect(error?.code == 409)
        #expect(error?.reason == "Conflict")
        #expect(
            error?.details?.causes == [
                .init(
                    reason: "FieldManagerConflict",
                    message: #"conflict with "kubectl-client-side-apply" using apps/v1"#,
                    field: ".spec.replicas")
            ])
    }

    @Test func `several conflicts are listed by manager`() throws {
        let live = try apply(Fixture.deployment(replicas: 1), nil ?? "b")
        let error = #expect(throws: APIStatus.self) {
            try apply(Fixture.deployment(replicas: 2, image: "nginx:2"), to: live, "a", time: t2)
        }
        #expect(
            error?.message == """
                Apply failed with 2 conflicts: conflicts with "b":
                - .spec.replicas
                - .spec.template.spec.containers[name="web"].image
                """)
    }

    private func apply(_ configuration: KubeObject, _ manager: String) throws -> KubeObject {
        try apply(configuration, to: nil, manager)
    }

    @Test func `force takes the field from its owner`() throws {
        let live = try apply(Fixture.deployment(replicas: 1), "b")
        let after = try apply(Fixture.deployment(replicas: 2), to: live, "a", force: true, time: t2)
        #expect(after[path: "spec", "replicas"] == 2)
        #expect(after.fields(of: "b")?[path: "f:spec", "f:replicas"] == nil)
        #expect(after.fields(of: "b")?[path: "f:spec", "f:selector"] == [:])
        #expect(after.fields(of: "a")?[path: "f:spec", "f:replicas"] == [:])
    }

    @Test func `what had no owners belongs to before-first-apply`() throws {
        let live = Fixture.stored(Fixture.configMap(["a": "1", "b": "2"]))
        #expect(throws: APIStatus.self) {
            try apply(Fixture.configMap(["a": "9"]), to: live, with: Fixture.configMaps)
        }
        let after = try apply(
            Fixture.configMap(["a": "1", "c": "3"]), to: live, time: t2, with: Fixture.configMaps)
        #expect(after.managers == ["a Apply", "before-first-apply Update"])
        #expect(after["data"] == ["a": "1", "b": "2", "c": "3"])
    }

    @Test func `a service port is told apart by port and protocol`() throws {
        func service(_ ports: JSON) -> KubeObject {
            KubeObject([
                "apiVersion": "v1", "kind": "Service", "metadata": ["name": "s", "namespace": "default"],
                "spec": ["ports": ports],
            ])
        }
        let ports: JSON = [
            ["name": "dns", "port": 53, "protocol": "UDP"],
            ["name": "dns-tcp", "port": 53, "protocol": "TCP"],
        ]
        let live = try apply(service(ports), with: Fixture.services)
        let after = try apply(
            service([["name": "dns", "port": 53, "protocol": "UDP"]]), to: live, time: t2,
            with: Fixture.services)
        #expect(after[path: "spec", "ports"]?.array?.count == 1)
        let error = #expect(throws: APIStatus.self) {
            try apply(service([["port": 53], ["port": 53, "protocol": "TCP"]]), with: Fixture.services)
        }
        #expect(error?.message.contains("duplicate entries for key") == true)
    }

    @Test func `a field that the kind does not have is refused by name`() {
        var typo = Fixture.deployment()
        typo[path: "spec", "replica"] = 1
        let error = #expect(throws: APIStatus.self) { try apply(typo) }
        #expect(
            error?.message
                == "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): "
                + ".spec.replica: field not declared in schema")
    }

    @Test func `an apply must be of the kind, and carry no managedFields`() throws {
        var other = Fixture.deployment()
        other["kind"] = "ReplicaSet"
        #expect(throws: APIStatus.self) { try apply(other) }
        var fields = Fixture.deployment()
        fields[path: "metadata", "managedFields"] = []
        let error = #expect(throws: APIStatus.self) { try apply(fields) }
        #expect(error?.message == "metadata.managedFields must be nil")
        #expect(error?.code == 400)
    }

    @Test func `kubectl goes from client-side to server-side apply without a conflict`() throws {
        let annotation = "kubectl.kubernetes.io/last-applied-configuration"
        var first = Fixture.deployment(replicas: 2)
        first.annotations[annotation] = first.json.description
        let live = Fixture.stored(
            Fixture.deployments.tracking(first, from: nil, manager: "kubectl-client-side-apply", time: t1)
        )
        let after = try apply(Fixture.deployment(replicas: 4), to: live, "kubectl", time: t2)
        #expect(after[path: "spec", "replicas"] == 4)
        #expect(after.managers.contains("kubectl Apply"))
        let remembered = try JSON(parsing: after.annotations[annotation] ?? "")
        #expect(remembered[path: "spec", "replicas"] == 4)
        // Only kubectl's own manager may do so.
        #expect(throws: APIStatus.self) {
            try apply(Fixture.deployment(replicas: 4), to: live, "argocd", time: t2)
        }
        // What somebody changed since is still a conflict.
        var scaled = live
        scaled[path: "spec", "replicas"] = 9
        let moved = Fixture.deployments.tracking(scaled, from: live, manager: "hpa", time: t2)
        #expect(throws: APIStatus.self) {
            try apply(Fixture.deployment(replicas: 4), to: moved, "kubectl", time: t2)
        }
    }

    @Test func `an apply through the object itself owns no status`() throws {
        var configuration = Fixture.deployment()
        configuration["status"] = ["replicas": 5]
        #expect(try apply(configuration).fields(of: "a")?["f:status"] == nil)
    }

    @Test func `custom resources are owned by their schema's list types`() throws {
        let shape = TypeShape(customResource: [
            "type": "object",
            "properties": [
                "spec": [
                    "type": "object",
                    "properties": [
                        "hosts": [
                            "type": "array", "x-kubernetes-list-type": "map",
                            "x-kubernetes-list-map-keys": ["name"],
                            "items": [
                                "type": "object",
                                "properties": ["name": ["type": "string"], "ip": ["type": "string"]],
                            ],
                        ],
                        "plain": ["type": "array", "items": ["type": "string"]],
                        "tags": [
                            "type": "array", "x-kubernetes-list-type": "set", "items": ["type": "string"],
                        ],
                        "free": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
                    ],
                ]
            ],
        ])
        let ownership = FieldOwnership(
            ResourceType(group: "example.com", version: "v1", kind: "Zone", plural: "zones"), shape,
            isCustom: true,
            hasStatus: true)
        let zone = KubeObject([
            "apiVersion": "example.com/v1", "kind": "Zone", "metadata": ["name": "z"],
            "spec": [
                "hosts": [["name": "a", "ip": "1"]], "plain": ["x"], "tags": ["t"],
                "free": ["deep": ["er": [1]]],
            ],
        ])
        let live = try apply(zone, with: ownership)
        #expect(
            live.fields(of: "a") == [
                "f:spec": [
                    "f:hosts": [#"k:{"name":"a"}"#: [".": [:], "f:ip": [:], "f:name": [:]]], "f:plain": [:],
                    "f:tags": [#"v:"t""#: [:]], "f:free": ["f:deep": [".": [:], "f:er": [:]]],
                ]
            ])
        let created = ownership.tracking(zone, from: nil, manager: "u", time: t1)
        #expect(created.fields(of: "u")?["f:spec"]?["."] == [:])
    }
}
