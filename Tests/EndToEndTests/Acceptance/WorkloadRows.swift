import Foundation
import KubeObjects
import Testing

/// Rows about what runs in a tenant's pods.
extension EndToEnd.AcceptanceTests {
    /// With all that the rows of this file ask for.
    private static let crowded = """
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: test}
        ---
        apiVersion: kamaji.clastix.io/v1alpha1
        kind: TenantControlPlane
        metadata: {name: crowded}
        spec:
          controlPlane:
            deployment:
              replicas: 1
              serviceAccountName: test
              podAdditionalMetadata:
                labels: {example.io/team: blue}
                annotations: {example.io/why: acceptance}
              additionalInitContainers:
                - {name: prepare, image: busybox, command: [sh, -c, "true"]}
              additionalContainers:
                - {name: sidecar, image: busybox, command: [sleep, "86400"]}
              additionalVolumes:
                - {name: extra, emptyDir: {}}
              additionalVolumeMounts:
                apiServer: [{name: extra, mountPath: /extra}]
                controllerManager: [{name: extra, mountPath: /extra}]
                scheduler: [{name: extra, mountPath: /extra}]
              podSecurityContext: {seccompProfile: {type: RuntimeDefault}}
              containerSecurityContexts:
                apiServer: {allowPrivilegeEscalation: false}
                controllerManager: {readOnlyRootFilesystem: true}
                scheduler: {privileged: false}
            service: {serviceType: ClusterIP}
          kubernetes: {version: v1.35.7, admissionControllers: [LimitRanger, ResourceQuota]}
        """

    private func crowded(_ engine: Engine) async throws -> AcceptanceFixture {
        let fixture = try AcceptanceFixture.on(engine)
        try await fixture.ready("crowded", Self.crowded)
        return fixture
    }

    private static func names(_ pod: JSON, _ list: String) -> [String] {
        (pod[list]?.array ?? []).compactMap { $0["name"]?.string }
    }

    private static func container(_ pod: JSON, _ name: String) throws -> JSON {
        try #require((pod["containers"]?.array ?? []).first { $0["name"]?.string == name }, "no \(name)")
    }

    private static let components = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]

    @Test("tcp_custom_sa_test: every pod runs under the named service account", arguments: Engine.all)
    func serviceAccount(engine: Engine) async throws {
        let fixture = try await crowded(engine)
        let accounts = try await fixture.pods("crowded").map { $0[path: "spec", "serviceAccountName"] }
        #expect(!accounts.isEmpty && accounts.allSatisfy { $0 == "test" }, "\(accounts)")
    }

    @Test("tcp_pod_additional_metadata_test: every pod has the user's labels and annotations", arguments: Engine.all)
    func podMetadata(engine: Engine) async throws {
        let fixture = try await crowded(engine)
        let pods = try await fixture.pods("crowded")
        #expect(!pods.isEmpty)
        for pod in pods {
            #expect(pod.labels["example.io/team"] == "blue" && pod.annotations["example.io/why"] == "acceptance")
        }
    }

    @Test(
        "tcp_additional_resources_blocked_test: a mount path twice, or a container of our name, is refused on update",
        arguments: Engine.all)
    func blockedResources(engine: Engine) async throws {
        let fixture = try await crowded(engine)
        let before = try await fixture.session.value("tcp/crowded", ".metadata.generation")
        let twice = try await fixture.patched(
            "crowded",
            [
                "spec": [
                    "controlPlane": [
                        "deployment": [
                            "additionalVolumes": [
                                ["name": "extra", "emptyDir": [:]], ["name": "duplicated", "emptyDir": [:]],
                            ],
                            "additionalVolumeMounts": [
                                "apiServer": [
                                    ["name": "extra", "mountPath": "/extra"],
                                    ["name": "duplicated", "mountPath": "/extra"],
                                ]
                            ],
                        ]
                    ]
                ]
            ])
        #expect(!twice.isSuccess && twice.errors.contains("mount paths must be unique"), "\(twice)")
        let ours = try await fixture.patched(
            "crowded",
            [
                "spec": [
                    "controlPlane": [
                        "deployment": ["additionalContainers": [["name": "kube-apiserver", "image": "busybox"]]]
                    ]
                ]
            ])
        #expect(
            !ours.isSuccess && ours.errors.contains("the resulting Deployment will generate a configuration error"),
            "\(ours)")
        #expect(try await fixture.session.value("tcp/crowded", ".metadata.generation") == before)
    }

    @Test("tcp_security_contexts_test: security contexts are those of the spec, and go with it", arguments: Engine.all)
    func securityContexts(engine: Engine) async throws {
        let fixture = try await crowded(engine)
        var contexts: [String: JSON] = [
            "kube-apiserver": ["allowPrivilegeEscalation": false],
            "kube-controller-manager": ["readOnlyRootFilesystem": true], "kube-scheduler": ["privileged": false],
        ]
        // The tunnel's server runs where its program is; what its container is given can be seen anywhere.
        try await fixture.patch(
            "crowded",
            ["spec": ["addons": ["konnectivity": ["server": ["securityContext": ["capabilities": ["drop": ["ALL"]]]]]]]]
        )
        contexts["konnectivity-server"] = ["capabilities": ["drop": ["ALL"]]]
        try await eventually("the tunnel is in the Deployment") {
            try await Self.names(fixture.pod("crowded"), "containers").contains("konnectivity-server")
        }
        let before = try await fixture.pod("crowded")
        for (name, context) in contexts {
            #expect(try Self.container(before, name)["securityContext"] == context, "\(name)")
        }
        #expect(before["securityContext"] == ["seccompProfile": ["type": "RuntimeDefault"]])
        if EndToEnd.hasTunnel { try await fixture.settled("crowded") }
        try await fixture.patch(
            "crowded",
            [
                "spec": [
                    "controlPlane": ["deployment": ["containerSecurityContexts": nil, "podSecurityContext": nil]],
                    "addons": ["konnectivity": ["server": ["securityContext": nil]]],
                ]
            ])
        try await eventually("no container has a context") {
            let pod = try await fixture.pod("crowded")
            let left = try contexts.keys.filter { try Self.container(pod, $0)["securityContext"] != nil }
            return left.isEmpty && [nil, [:]].contains(pod["securityContext"])
        }
        try await fixture.patch("crowded", ["spec": ["addons": ["konnectivity": nil]]])
        try await eventually("the tunnel is gone") {
            try await !Self.names(fixture.pod("crowded"), "containers").contains("konnectivity-server")
        }
    }

    @Test(
        "tcp_additional_resources_ready_test: additional containers, volumes and mounts come and go with the spec",
        arguments: Engine.all)
    func additionalResources(engine: Engine) async throws {
        let fixture = try await crowded(engine)
        let before = try await fixture.pod("crowded")
        #expect(Self.names(before, "initContainers") == ["prepare"])
        #expect(Self.names(before, "containers").contains("sidecar"))
        #expect(Self.names(before, "volumes").contains("extra"))
        for name in Self.components {
            let mounts = try Self.container(before, name)["volumeMounts"]?.array ?? []
            #expect(mounts.contains { $0["name"] == "extra" && $0["mountPath"] == "/extra" }, "\(name)")
        }
        try await fixture.patch(
            "crowded",
            [
                "spec": [
                    "controlPlane": [
                        "deployment": [
                            "additionalInitContainers": nil, "additionalContainers": nil, "additionalVolumes": nil,
                            "additionalVolumeMounts": nil,
                        ]
                    ]
                ]
            ])
        try await eventually("they are gone") {
            let pod = try await fixture.pod("crowded")
            let mounts = (pod["containers"]?.array ?? []).flatMap { Self.names($0, "volumeMounts") }
            return Self.names(pod, "initContainers").isEmpty && Self.names(pod, "containers").count == 3
                && !(Self.names(pod, "volumes") + mounts).contains("extra")
        }
        try await fixture.settled("crowded")
    }

    @Test(
        "tcp_postgres_datastore_config_secret_test, without PostgreSQL: a password that was tampered with is made anew, and the pods with it",
        arguments: Engine.all)
    func tamperedPassword(engine: Engine) async throws {
        let fixture = try await crowded(engine)
        let session = fixture.session
        try await fixture.settled("crowded")
        let checksum = #".metadata.annotations.kamaji\.clastix\.io/checksum"#
        let secret = "secret/crowded-datastore-config"
        let before = try await session.value(secret, checksum)
        let password = try await session.secret("crowded-datastore-config")["DB_PASSWORD"]
        let pods = Set(try await fixture.pods("crowded").map(\.uid))
        let corrupted = Base64.encode(Array("corrupted".utf8))
        try await session.must(
            #"patch \#(secret) --type=merge -p {"data":{"DB_PASSWORD":"\#(corrupted)"}}"#)
        try await eventually("there is another password, under another checksum") {
            let now = try await session.secret("crowded-datastore-config")["DB_PASSWORD"]
            return try await session.value(secret, checksum) != before && now != "corrupted" && now != password
        }
        try await eventually("the pods are others") {
            let now = try await fixture.pods("crowded").map(\.uid)
            return !now.isEmpty && pods.isDisjoint(with: now)
        }
        try await fixture.settled("crowded")
    }
}

extension EndToEnd {
    /// The tunnel's server is upstream's own program, which nothing stands in for.
    static let hasTunnel =
        Programs.upstream.map { FileManager.default.isExecutableFile(atPath: "\($0)/proxy-server") } ?? false
}
