import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite struct ProcessPlanTests {
    private func pod(_ containers: [JSON]) -> KubeObject {
        var pod = ResourceType.pods.object(ObjectKey(namespace: "tenants", name: "acme-1"))
        pod["spec"] = ["containers": .array(containers)]
        return pod
    }

    private func planner(_ containers: [JSON], programs: Set<String> = []) -> ProcessPlanner {
        ProcessPlanner(
            pod: pod(containers), podIP: "127.112.0.9",
            volumes: ["pki": "/v/1/0", "uds": "/v/1/1", "conf": "/v/1/2"], home: "/v/1",
            finder: ProgramFinder(directories: ["/opt/bin"], searchPath: "/usr/bin") { programs.contains($0) },
            settings: RuntimeSettings(directory: "/v", embeddedEngine: "/our/program", searchPath: "/usr/bin"))
    }

    private func launch(
        _ container: JSON, programs: Set<String> = [], _ sources: ContentSources = ContentSources()
    ) throws -> ProcessPlan.Launch {
        let plan = try planner([container], programs: programs).plan(container, sources)
        guard case .run(let launch) = plan else {
            Issue.record("\(plan)")
            throw MissingContent(message: "no launch")
        }
        return launch
    }

    private let mounts: JSON = [
        ["name": "pki", "mountPath": "/etc/kubernetes/pki/"], ["name": "uds", "mountPath": "/uds"],
        ["name": "conf", "mountPath": "/etc/kubernetes/x.conf", "subPath": "x.conf"],
        ["name": "elsewhere", "mountPath": "/etc"],
    ]

    @Test(arguments: [
        ("--cert=/etc/kubernetes/pki/ca.crt", "--cert=/v/1/0/ca.crt"),
        ("/etc/kubernetes/pki", "/v/1/0"),
        ("--config", "--config"),
        ("/etc/kubernetes/x.conf", "/v/1/2/x.conf"),
        ("--kubeconfig=/etc/kubernetes/x.conf", "--kubeconfig=/v/1/2/x.conf"),
        ("--kubeconfig=/etc/kubernetes/x.config", "--kubeconfig=/etc/kubernetes/x.config"),
        ("--pair=/etc/kubernetes/pki/a,/etc/kubernetes/pki/b", "--pair=/v/1/0/a,/v/1/0/b"),
        ("--sni=/etc/kubernetes/pki/a,name=/uds/b", "--sni=/v/1/0/a,name=/v/1/1/b"),
        ("--etcd-servers=unix:///uds/kine", "--etcd-servers=unix:///v/1/1/kine"),
        ("--etcd-servers=https://10.0.0.1:2379/uds/", "--etcd-servers=https://10.0.0.1:2379/uds/"),
        ("/udsx", "/udsx"),
    ])
    func `a path in a mount becomes the volume's place`(argument: String, expected: String) {
        let mapping = PathMapping(
            container: ["volumeMounts": mounts], volumes: ["pki": "/v/1/0", "uds": "/v/1/1", "conf": "/v/1/2"])
        #expect(mapping.rewrite(argument) == expected)
    }

    @Test func `a shell script's paths are found within it`() throws {
        let container: JSON = [
            "name": "chmod", "command": ["sh"],
            "args": ["-c", "cp /uds/*.* /etc/kubernetes/pki && chmod 600 \"/uds/a\" /var/uds/b"],
            "volumeMounts": mounts,
        ]
        let launch = try launch(container, programs: ["/usr/bin/sh"])
        #expect(launch.executable == "/usr/bin/sh")
        #expect(launch.arguments == ["-c", "cp /v/1/1/*.* /v/1/0 && chmod 600 \"/v/1/1/a\" /var/uds/b"])
    }

    @Test func `an API server on SQLite is the embedded engine, and its controllers need no process`() throws {
        let server: JSON = [
            "name": "kube-apiserver", "command": ["kube-apiserver"],
            "args": ["--sqlite-path=/data/a.sqlite", "--tls-cert-file=/etc/kubernetes/pki/a.crt"],
            "volumeMounts": mounts,
        ]
        let controllers: JSON = ["name": "c", "command": ["kube-controller-manager"]]
        let launch = try launch(server)
        #expect(launch.executable == "/our/program")
        #expect(
            launch.arguments == [
                "embedded-apiserver", "--sqlite-path=/data/a.sqlite", "--tls-cert-file=/v/1/0/a.crt",
                "--bind-address=127.112.0.9",
            ])
        #expect(try planner([server, controllers]).plan(controllers, ContentSources()) == .servedByEngine)
        let alone = try planner([controllers]).plan(controllers, ContentSources())
        guard case .unavailable(let reason) = alone else {
            Issue.record("\(alone)")
            return
        }
        #expect(reason.contains("/opt/bin, /usr/bin"))
    }

    @Test func `upstream's programs listen on the pod's address`() throws {
        let server = try launch(
            ["name": "a", "command": ["kube-apiserver"], "args": ["--bind-address=0.0.0.0", "--secure-port=6443"]],
            programs: ["/opt/bin/kube-apiserver"])
        #expect(server.executable == "/opt/bin/kube-apiserver")
        #expect(
            server.arguments == [
                "--secure-port=6443", "--bind-address=127.112.0.9", "--endpoint-reconciler-type=none",
            ])
        let chosen = try launch(
            ["name": "s", "command": ["/usr/local/bin/kube-scheduler"], "args": ["--bind-address", "127.0.0.5"]],
            programs: ["/opt/bin/kube-scheduler"])
        #expect(chosen.arguments == ["--bind-address", "127.0.0.5"])
        let tunnel = try launch(
            [
                "name": "k", "command": ["/proxy-server"], "args": ["--server-port=0", "--uds-name=/uds/s"],
                "volumeMounts": mounts,
            ],
            programs: ["/opt/bin/proxy-server"])
        #expect(
            tunnel.arguments == [
                "--server-port=0", "--uds-name=/v/1/1/s", "--agent-bind-address=127.112.0.9",
                "--admin-bind-address=127.112.0.9", "--health-bind-address=127.112.0.9",
            ])
    }

    @Test func `an API server that other machines reach keeps the endpoints of the Service kubernetes`() throws {
        func arguments(_ address: String) throws -> [String] {
            try launch(
                ["name": "a", "command": ["kube-apiserver"], "args": ["--advertise-address=\(address)"]],
                programs: ["/opt/bin/kube-apiserver"]
            ).arguments
        }
        #expect(
            try arguments("192.0.2.7") == ["--advertise-address=192.0.2.7", "--bind-address=127.112.0.9"])
        #expect(
            try arguments("127.97.0.1") == [
                "--advertise-address=127.97.0.1", "--bind-address=127.112.0.9", "--endpoint-reconciler-type=none",
            ])
    }

    @Test func `variables come from values, fields, Secrets and ConfigMaps, and are expanded in arguments`() throws {
        var secret = ResourceType.secrets.object(ObjectKey(namespace: "tenants", name: "db"))
        secret["data"] = ["DB_USER": .string(Base64.encode(Array("root".utf8)))]
        let sources = ContentSources(secrets: ["db": secret])
        let container: JSON = [
            "name": "kine", "command": ["/bin/kine"],
            "args": ["--endpoint=mysql://$(DB_USER):$(UNKNOWN)@$(IP)/$$(DB_USER)$"],
            "envFrom": [
                ["secretRef": ["name": "db"]], ["prefix": "X_", "configMapRef": ["name": "none", "optional": true]],
            ],
            "env": [
                ["name": "IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
                ["name": "WHO", "value": "$(DB_USER)@$(IP)"],
                ["name": "NS", "valueFrom": ["fieldRef": ["fieldPath": "metadata.namespace"]]],
            ],
        ]
        let launch = try launch(container, programs: ["/usr/bin/kine"], sources)
        #expect(launch.arguments == ["--endpoint=mysql://root:$(UNKNOWN)@127.112.0.9/$(DB_USER)$"])
        #expect(
            launch.environment == [
                "PATH": "/usr/bin", "HOME": "/v/1", "DB_USER": "root", "IP": "127.112.0.9",
                "WHO": "root@127.112.0.9", "NS": "tenants",
            ])
        #expect(throws: MissingContent(message: "secret \"db\" not found")) {
            try planner([container], programs: ["/usr/bin/kine"]).plan(container, ContentSources())
        }
    }

    @Test func `without a command there is nothing to run`() {
        let answer = ProgramFinder(directories: [], searchPath: "/usr/bin") { _ in true }.find(command: nil)
        guard case .missing(let reason) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(reason.contains("set command"))
    }

    @Test func `a kubeconfig that goes to loopback goes to the pod, and an egress socket to its volume`() throws {
        let config: JSON = [
            "kind": "Config",
            "clusters": [
                ["name": "a", "cluster": ["server": "https://localhost:6443"]],
                ["name": "b", "cluster": ["server": "https://example.org:6443"]],
            ],
        ]
        let rewritten = ContentRewriting.rewrite(
            Array(YAML.write(config).utf8), podIP: "127.112.0.9", mapping: nil)
        let read = try Kubeconfig(yaml: String(decoding: rewritten, as: UTF8.self))
        #expect(read.cluster("a")?.server == "https://127.112.0.9:6443")
        #expect(read.cluster("a")?.tlsServerName == "localhost")
        #expect(read.cluster("b")?.server == "https://example.org:6443")
        #expect(read.cluster("b")?.tlsServerName == nil)

        let egress: JSON = [
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [
                ["name": "cluster", "connection": ["transport": ["uds": ["udsName": "/uds/s.socket"]]]]
            ],
        ]
        let mapping = PathMapping(container: ["volumeMounts": mounts], volumes: ["uds": "/v/1/1"])
        let text = ContentRewriting.rewrite(Array(YAML.write(egress).utf8), podIP: "127.112.0.9", mapping: mapping)
        let selection = try YAML.parse(String(decoding: text, as: UTF8.self)).first?["egressSelections"]?[0]
        #expect(selection?[path: "connection", "transport", "uds", "udsName"] == "/v/1/1/s.socket")

        let other = Array("clusters: of stars\n# a comment\n".utf8)
        #expect(ContentRewriting.rewrite(other, podIP: "127.112.0.9", mapping: mapping) == other)
    }
}
