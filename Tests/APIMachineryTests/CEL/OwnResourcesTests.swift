import FoundationEssentials
import KubeObjects
import Testing

@testable import APIMachinery

/// The CRDs that this project ships, read from `deploy/crds`.
@Suite struct `Our own CRDs` {
    private static func schema(_ plural: String) throws -> CompiledSchema {
        var root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        root.removeLast(4)
        let path = (root + ["deploy", "crds", "kamaji.clastix.io_\(plural).yaml"]).joined(separator: "/")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let version = try #require(try YAML.parse(text).first?["spec"]?["versions"]?[0])
        return try CompiledSchema(
            try #require(version[path: "schema", "openAPIV3Schema"]),
            scale: version[path: "subresources", "scale"].flatMap { ScalePaths($0) })
    }

    @Test(arguments: ["tenantcontrolplanes", "datastores", "kubeconfiggenerators"])
    func `hold only rules and patterns that can be read`(_ plural: String) throws {
        let schema = try Self.schema(plural)
        #expect(schema.ruleProblems(at: .root).isEmpty)
        #expect((schema.rules?.count ?? 0) > 0)
        #expect(Self.brokenPatterns(schema.structure) == [])
    }

    private static func brokenPatterns(_ schema: StructuralSchema) -> [String] {
        var found: [String] = []
        if case .broken(let pattern, _) = schema.constraints.pattern { found.append(pattern) }
        var children = Array(schema.properties.values) + schema.allOf + schema.anyOf + schema.oneOf
        if let items = schema.items { children.append(items) }
        if case .schema(let additional) = schema.additionalProperties { children.append(additional) }
        return children.reduce(into: found) { $0 += brokenPatterns($1) }
    }

    private static func tenant(_ spec: JSON) -> JSON {
        [
            "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "TenantControlPlane", "metadata": ["name": "t"],
            "spec": spec,
        ]
    }

    private static let plain: JSON = [
        "kubernetes": ["version": "v1.36.0"], "controlPlane": ["service": ["serviceType": "ClusterIP"]],
    ]

    @Test func `accept a plain tenant and fill its network in`() throws {
        let schema = try Self.schema("tenantcontrolplanes")
        let given = schema.prune(Self.tenant(Self.plain))
        #expect(given.unknownFields.isEmpty)
        let object = schema.defaulted(given.object)
        #expect(schema.validate(object).errors == [])
        #expect(object[path: "spec", "networkProfile", "port"] == 6443)
        #expect(object[path: "spec", "controlPlane", "deployment", "replicas"] == 2)
    }

    @Test(
        arguments: [
            (["networkProfile", "advertiseAddress"], "nowhere", "spec.networkProfile.advertiseAddress"),
            (["networkProfile", "podCidr"], "10.0.0.0", "spec.networkProfile.podCidr"),
            (["networkProfile", "loadBalancerSourceRanges"], ["10.0.0.0/8"], "spec"),
            (["networkProfile", "port"], "https", "spec.networkProfile.port"),
            (["controlPlane", "service", "serviceType"], "Telephone", "spec.controlPlane.service.serviceType"),
            (["controlPlane", "deployment", "replicas"], -1, ".spec.controlPlane.deployment.replicas"),
            (
                ["addons"], ["konnectivity": ["agent": ["mode": "DaemonSet", "replicas": 1]]],
                "spec.addons.konnectivity.agent"
            ),
            (["kubernetes"], ["kubelet": [:]], "spec.kubernetes.version"),
        ] as [([String], JSON, String)])
    func `refuse a wrong tenant at the field that is wrong`(_ field: [String], _ value: JSON, _ path: String) throws {
        let schema = try Self.schema("tenantcontrolplanes")
        var spec = Self.plain
        spec[path: field] = value
        let errors = schema.validate(schema.defaulted(Self.tenant(spec))).errors
        #expect(errors.contains { $0.path.description == path })
    }

    @Test func `keep a tenant's data store`() throws {
        let schema = try Self.schema("tenantcontrolplanes")
        var spec = Self.plain
        spec["dataStore"] = "default"
        let old = schema.defaulted(Self.tenant(spec))
        #expect(schema.validate(old, old: old).errors == [])
        let new = schema.defaulted(Self.tenant(Self.plain))
        #expect(
            schema.validate(new, old: old).errors.map(\.description)
                == ["spec: Invalid value: unsetting the dataStore is not supported"])
    }

    @Test(
        arguments: [
            (
                [
                    "driver": "NATS", "endpoints": ["n:4222"],
                    "basicAuth": ["username": ["content": "YQ=="], "password": ["content": "YQ=="]],
                ], true
            ),
            (["driver": "NATS", "endpoints": ["n:4222"]], false), (["driver": "etcd", "endpoints": ["e:2379"]], false),
            (["driver": "Paper", "endpoints": ["e:2379"]], false), (["driver": "NATS", "endpoints": []], false),
        ] as [(JSON, Bool)])
    func `judge data stores`(_ spec: JSON, _ isRight: Bool) throws {
        let schema = try Self.schema("datastores")
        #expect(schema.validate(schema.defaulted(["spec": spec])).isAccepted == isRight)
    }

    @Test(
        arguments: [
            (["user": ["stringValue": "a"]], true),
            (["user": ["stringValue": "a", "fromDefinition": "metadata.name"]], false),
            (["user": [:]], false), ([:], false),
        ] as [(JSON, Bool)])
    func `judge kubeconfig generators`(_ spec: JSON, _ isRight: Bool) throws {
        let schema = try Self.schema("kubeconfiggenerators")
        #expect(schema.validate(schema.defaulted(["spec": spec])).isAccepted == isRight)
    }
}
