import KubeObjects
import NodeIdentity
import Testing

@testable import NodeBootstrap

@Suite struct JoinConfigurationTests {
    private static let pin = "sha256:fa247fbf0daff833e66484f161ce114ea91401488281a97a3caf24d3c55a43c4"
    private static let token = "07401b.f395accd246ae52d"

    private static func read(_ change: (inout JoinRequest) -> Void) throws -> (JoinConfiguration, [String]) {
        var request = JoinRequest()
        change(&request)
        var reader = JoinConfigurationReader(hostName: "Edge-1\n")
        let configuration = try reader.read(request)
        return (configuration, reader.warnings)
    }

    private static func message(_ change: (inout JoinRequest) -> Void) -> String {
        do {
            _ = try read(change)
            return ""
        } catch { return "\(error)" }
    }

    @Test func `kubeadm's command works with one word changed`() throws {
        let (configuration, warnings) = try Self.read {
            $0.target = "10.20.0.5:6443"
            $0.token = Self.token
            $0.pins = [Self.pin]
        }
        #expect(configuration.nodeName.text == "edge-1" && configuration.bootstrapToken?.text == Self.token)
        #expect(configuration.authorityPath == "/etc/kubernetes/pki/ca.crt" && warnings.isEmpty)
        #expect(configuration.timeouts.tlsBootstrap == .seconds(300))
        #expect(!configuration.fingerprint.contains("f395accd246ae52d"))
    }

    @Test func `a join string is all that is needed, typed or from a file`() throws {
        let joinString = try JoinString(
            endpoint: JoinEndpoint("[fd00::1]:6443"), pins: [AuthorityPin(Self.pin)],
            token: BootstrapToken(parsing: Self.token), tunnel: JoinEndpoint("tunnel.example.com:8132")
        ).text
        for typed in [true, false] {
            let (configuration, _) = try Self.read {
                if typed { $0.target = joinString } else { $0.secret = joinString + "\n" }
            }
            #expect(configuration.tunnels.map(\.description) == ["tunnel.example.com:8132"])
            guard case .token(let discovery) = configuration.discovery else {
                Issue.record("no token discovery")
                return
            }
            #expect(discovery.endpoint.description == "[fd00::1]:6443" && discovery.pins.count == 1)
        }
        #expect(
            Self.message {
                $0.target = joinString; $0.token = Self.token
            }.contains("leave out"))
    }

    @Test(arguments: ["kamaji.example.com:6443", "kamaji-edge:6443", "kamaji1:6443", "kamaji:443", "KAMAJI9:1"])
    func `a host may be called after the program`(target: String) throws {
        let (configuration, _) = try Self.read {
            $0.target = target
            $0.token = Self.token
            $0.pins = [Self.pin]
        }
        guard case .token(let discovery) = configuration.discovery else {
            Issue.record("no token discovery")
            return
        }
        #expect(discovery.endpoint.description == target.lowercased())
    }

    @Test(arguments: [("kamaji2:eyJl", "another version"), ("kamaji1:", "checksum"), ("kamaji1:e", "base64url")])
    func `what was meant for a join string is told what it lacks, typed or from a file`(text: String, words: String) {
        #expect(Self.message { $0.target = text }.contains(words))
        #expect(Self.message { $0.secret = text }.contains(words))
    }

    @Test func `a join that goes on takes what is said anew and keeps the rest`() throws {
        let (begun, _) = try Self.read {
            $0.target = "10.20.0.5:6443"
            $0.token = Self.token
            $0.pins = [Self.pin]
            $0.criSocket = "unix:///run/crio/crio.sock"
            $0.tunnels = ["tunnel.example.com:8132"]
        }
        func resumed(_ change: (inout JoinRequest) -> Void) throws -> JoinConfiguration {
            var request = JoinRequest()
            change(&request)
            #expect(!request.namesTarget)
            var reader = JoinConfigurationReader(hostName: "other")
            return try reader.resume(begun.json, left: BootstrapToken(Self.token), request)
        }
        let plain = try resumed { _ in }
        #expect(plain.bootstrapToken?.text == Self.token && plain.nodeName.text == "edge-1")
        #expect(plain.criSocket == "unix:///run/crio/crio.sock" && plain.tunnels == begun.tunnels)
        let another = "abcdef.0123456789abcdef"
        // A lone file with a token, as typed, and by its own flag.
        #expect(try resumed { $0.secret = "\(another)\n" }.bootstrapToken?.text == another)
        #expect(try resumed { $0.token = another }.bootstrapToken?.text == another)
        #expect(try resumed { $0.tlsBootstrapToken = another }.bootstrapToken?.text == another)
        let moved = try resumed { $0.tunnels = ["a.example.com:8132", "b.example.com:8132"] }
        #expect(moved.tunnels.map(\.description) == ["a.example.com:8132", "b.example.com:8132"])
        #expect(JoinConfiguration(resuming: moved.json, token: nil)?.tunnels == moved.tunnels)
        #expect(try resumed { $0.nodeName = "edge-2" }.nodeName.text == "edge-2")
        #expect(throws: JoinInputError.self) { try resumed { $0.pins = [Self.pin] } }
        #expect(throws: JoinInputError.self) { try resumed { $0.secret = "no token" } }
        #expect(throws: JoinInputError.self) { try resumed { $0.tunnels = ["nowhere"] } }
        // A journal of an agent that knew one tunnel only.
        var old = begun.json
        (old["tunnels"], old["tunnel"]) = (nil, "tunnel.example.com:8132")
        #expect(JoinConfiguration(resuming: old, token: nil)?.tunnels == begun.tunnels)
    }

    @Test func `kubeadm's configuration file is read whole`() throws {
        let (configuration, warnings) = try Self.read {
            $0.configuration = """
                apiVersion: kubeadm.k8s.io/v1beta4
                kind: JoinConfiguration
                nodeRegistration:
                  name: edge-7
                  criSocket: /run/crio/crio.sock
                  taints: [{key: dedicated, value: edge, effect: NoSchedule}]
                  kubeletExtraArgs: [{name: node-ip, value: 10.0.0.7}, {name: v, value: "2"}]
                  ignorePreflightErrors: [Swap]
                  nonsense: 1
                discovery:
                  bootstrapToken:
                    token: \(Self.token)
                    apiServerEndpoint: api.example.com:6443
                    caCertHashes: ["\(Self.pin)"]
                patches: {directory: /etc/kamaji-agent/patches}
                timeouts: {tlsBootstrap: 1m30s}
                ---
                apiVersion: kubeadm.k8s.io/v1beta4
                kind: ClusterConfiguration
                """
        }
        #expect(configuration.nodeName.text == "edge-7")
        #expect(configuration.criSocket == "unix:///run/crio/crio.sock")
        #expect(configuration.taints.map(\.text) == ["dedicated=edge:NoSchedule"])
        #expect(configuration.kubeletExtraArguments.map(\.text) == ["--node-ip=10.0.0.7", "--v=2"])
        #expect(configuration.ignores("swap") && !configuration.ignores("CRI"))
        #expect(configuration.timeouts.tlsBootstrap == .seconds(90))
        #expect(configuration.patchesDirectory == "/etc/kamaji-agent/patches")
        #expect(warnings.count == 3, "\(warnings)")
    }

    @Test func `the kubelet's hostname-override comes before every other name`() throws {
        let (configuration, _) = try Self.read {
            $0.configuration = """
                {apiVersion: kubeadm.k8s.io/v1beta4, kind: JoinConfiguration,
                 nodeRegistration: {name: a, kubeletExtraArgs: [{name: hostname-override, value: b}, {name: hostname-override, value: c}]},
                 discovery: {bootstrapToken: {token: \(Self.token), apiServerEndpoint: "a:1", unsafeSkipCAVerification: true}}}
                """
        }
        #expect(configuration.nodeName.text == "c")
    }

    @Test(arguments: [
        ("{apiVersion: kubeadm.k8s.io/v1beta2, kind: JoinConfiguration}", "v1beta2"),
        ("{apiVersion: kubeadm.k8s.io/v1beta4, kind: ClusterConfiguration}", "no document"),
        ("{apiVersion: kubeadm.k8s.io/v1beta4, kind: JoinConfiguration, controlPlane: {}}", "controlPlane"),
        (
            "{apiVersion: kubeadm.k8s.io/v1beta4, kind: JoinConfiguration, timeouts: {discovery: soon}}",
            "timeouts.discovery"
        ),
        (
            "{apiVersion: kubeadm.k8s.io/v1beta4, kind: JoinConfiguration, caCertPath: ca.pem, discovery: {file: {kubeConfigPath: /a}}}",
            "caCertPath"
        ),
        (
            "{apiVersion: kubeadm.k8s.io/v1beta4, kind: JoinConfiguration, caCertPath: /opt/ca.crt, discovery: {file: {kubeConfigPath: /a}}}",
            "/etc/kubernetes and /var/lib/kubelet"
        ),
        ("a: [", "no YAML"),
    ])
    func `a file that cannot be right says where`(yaml: String, words: String) {
        #expect(Self.message { $0.configuration = yaml }.contains(words))
    }

    @Test(arguments: [
        ("dryRun: \"true\"", "dryRun is \"true\" (a string)"),
        ("nodeRegistration: edge", "nodeRegistration is \"edge\""),
        ("nodeRegistration: {ignorePreflightErrors: Swap}", "nodeRegistration.ignorePreflightErrors is \"Swap\""),
        ("nodeRegistration: {name: 7}", "nodeRegistration.name is 7"),
        ("nodeRegistration: {taints: {key: a}}", "nodeRegistration.taints is"),
        ("nodeRegistration: {kubeletExtraArgs: {v: \"2\"}}", "nodeRegistration.kubeletExtraArgs is"),
        ("nodeRegistration: {kubeletExtraArgs: [{name: v, value: 2}]}", "value is 2 (an integer)"),
        ("skipPhases: preflight", "skipPhases is"), ("skipPhases: [preflite]", "an invalid phase name"),
        ("skipPhases: [kubelet-start]", "without which nothing is joined"), ("patches: /a", "patches is \"/a\""),
        ("timeouts: {tlsBootstrap: 60}", "timeouts.tlsBootstrap is 60"), ("caCertPath: [a]", "caCertPath is"),
        ("timeouts: {etcdAPICall: never}", "timeouts.etcdAPICall is \"never\""),
    ])
    func `a value of the wrong kind is an error that names its field`(field: String, words: String) {
        let message = Self.message {
            $0.configuration = """
                apiVersion: kubeadm.k8s.io/v1beta4
                kind: JoinConfiguration
                discovery: {file: {kubeConfigPath: /a}}
                \(field)
                """
        }
        #expect(message.contains(words), "\(message)")
    }

    @Test func `a token that YAML takes for a number is asked for in quotation marks, and not shown`() {
        let message = Self.message {
            $0.configuration = """
                {apiVersion: kubeadm.k8s.io/v1beta4, kind: JoinConfiguration,
                 discovery: {bootstrapToken: {token: 123456.0123456789012345}}}
                """
        }
        #expect(message.contains("discovery.bootstrapToken.token is") && message.contains("quotation marks"))
        #expect(!message.contains("123456"))
    }

    @Test func `several pins may stand in one flag, and a worker leaves out what is a control plane's`() throws {
        let (configuration, warnings) = try Self.read {
            $0.target = "a:1"
            $0.token = Self.token
            $0.pins = ["\(Self.pin), \(Self.pin)", Self.pin]
            $0.skippedPhases = ["preflight", "control-plane-prepare/certs", "etcd-join"]
        }
        guard case .token(let discovery) = configuration.discovery else {
            Issue.record("no token discovery")
            return
        }
        #expect(discovery.pins.count == 3 && warnings.isEmpty)
        #expect(
            Self.message {
                $0.target = "a:1"; $0.token = Self.token; $0.pins = ["\(Self.pin),x"]
            }.contains("x"))
        #expect(
            Self.message {
                $0.target = "a:1"; $0.token = Self.token; $0.pins = [Self.pin]; $0.skippedPhases = ["Preflight"]
            }.contains("invalid phase name"))
    }

    @Test func `a time limit that nothing goes by is warned of, and v1beta3's own is taken`() throws {
        func read(_ version: String, _ fields: String) throws -> (JoinConfiguration, [String]) {
            try Self.read {
                $0.configuration = """
                    apiVersion: kubeadm.k8s.io/\(version)
                    kind: JoinConfiguration
                    \(fields)
                    """
            }
        }
        let discovery = "discovery: {file: {kubeConfigPath: /a}, timeout: 30s}"
        let (new, warnings) = try read("v1beta4", "\(discovery)\ntimeouts: {kubernetesAPICall: 2m0s, tlsBootstrap: 0s}")
        #expect(new.timeouts == JoinTimeouts())
        #expect(warnings.contains { $0.contains("timeouts.kubernetesAPICall has no effect") })
        #expect(warnings.contains { $0.contains("discovery.timeout") } && warnings.count == 2)
        #expect(try read("v1beta3", discovery).0.timeouts.discovery == .seconds(30))
    }

    @Test func `each thing that is missing is named`() {
        #expect(Self.message { _ in }.contains("where to?"))
        #expect(Self.message { $0.target = "a:1" }.contains("token is missing"))
        #expect(
            Self.message {
                $0.target = "a:1"; $0.token = Self.token
            }.contains("no CA pin"))
        #expect(Self.message { $0.discoveryFile = "http://a/b" }.contains("https://"))
        #expect(
            Self.message {
                $0.discoveryFile = "/a"; $0.ignoredChecks = ["all", "Swap"]
            }.contains("all"))
        #expect(
            Self.message {
                $0.configuration = "a: b"; $0.token = Self.token
            }.contains("--token cannot go with --config"))
        #expect(
            Self.message {
                $0.discoveryFile = "/a"; $0.nodeName = "a_b"
            }.contains("a_b"))
    }

    @Test func `what a file or a flag lacks is named as that file or flag has it`() {
        func file(_ discovery: String) -> String {
            Self.message {
                $0.configuration = """
                    apiVersion: kubeadm.k8s.io/v1beta4
                    kind: JoinConfiguration
                    discovery: {bootstrapToken: {\(discovery)}}
                    """
            }
        }
        let nowhere = file("token: \(Self.token)")
        #expect(nowhere.contains("discovery.bootstrapToken.apiServerEndpoint") && !nowhere.contains("--config"))
        #expect(nowhere.contains("discovery.file.kubeConfigPath"))
        let place = "apiServerEndpoint: \"a:1\""
        #expect(file(place).contains("discovery.bootstrapToken.token"))
        #expect(file("\(place), token: \(Self.token)").contains("discovery.bootstrapToken.caCertHashes"))
        let tunnel = Self.message {
            $0.target = "a:1"; $0.token = Self.token; $0.pins = [Self.pin]; $0.tunnels = ["foo"]
        }
        #expect(tunnel == "--tunnel: endpoint \"foo\" has no port: write HOST:PORT, usually HOST:8132")
    }

    @Test(arguments: [("5m0s", 300.0), ("1h2m3s", 3723), ("300ms", 0.3), ("1.5h", 5400), ("0", 0)])
    func `durations are Go's`(text: String, seconds: Double) {
        #expect(DurationText.parse(text) == .milliseconds(Int(seconds * 1000)))
    }

    @Test(arguments: ["", "5", "m", "-5m", "5x", "1e400h", "5m-3s", "..s"])
    func `what is no duration of Go's is none`(text: String) { #expect(DurationText.parse(text) == nil) }
}
