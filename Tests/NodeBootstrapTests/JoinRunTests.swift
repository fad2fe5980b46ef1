import FoundationEssentials
import HTTPTransport
import KubeObjects
import NodeIdentity
import PKI
import Synchronization
import Testing

@testable import NodeBootstrap

@Suite struct JoinRunTests {
    /// Certificates and keys are others in every run.
    private static let changing: Set = [
        AgentFiles.key, AgentFiles.certificate, AgentFiles.credential, AgentFiles.authorities, Journal.path,
        "\(Journal.path)-wal", "\(Journal.path)-shm", KubeletFiles.clientCertificatePath,
    ]

    private static let authorities: Set = ["/etc/kubernetes/pki/ca.crt", KubeletFiles.kubeconfigPath]

    @Test func `a machine joins, and its files are kubeadm's with the modes that secrets need`() async throws {
        let machine = try StandInMachine(StandInTenant())
        let outcome = try await machine.join()
        #expect(outcome.isReady && outcome.server == StandInTenant.server)
        let tree = try machine.tree()
        #expect(tree[AgentFiles.key]?.hasPrefix("file 600") == true)
        #expect(
            tree[KubeletFiles.flagsPath]?.hasSuffix("KUBELET_KUBEADM_ARGS=\"--hostname-override=edge-1\"\n") == true)
        #expect(tree[KubeletFiles.dropInPath] != nil)
        #expect(tree["/etc/kubernetes/pki/ca.crt"]?.hasPrefix("file 644") == true)
        // Once the certificate is there, the token has gone from the disk.
        #expect(tree[KubeletFiles.bootstrapKubeconfigPath] == nil)
        #expect(!tree.values.contains { $0.contains("f395accd246ae52d") })
    }

    @Test func `one more run changes nothing and asks for nothing anew`() async throws {
        let machine = try StandInMachine(StandInTenant())
        _ = try await machine.join()
        let before = try machine.tree(leavingOut: Self.changing)
        let starts = machine.kubelet.log.withLock { $0.count }
        _ = try await machine.join()
        #expect(try machine.tree(leavingOut: Self.changing) == before)
        #expect(machine.kubelet.log.withLock { $0.count } == starts)
        #expect(machine.tenant.requests(from: "kamaji:agent:edge-1") == 1)
    }

    private struct PowerFailure: Error {}

    private final class Counter: Sendable {
        private let value = Mutex(0)
        var count: Int { value.withLock { $0 } }
        func next() -> Int {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }

    /// Ends a run at one place, for good.
    private static func cut(at place: Int, _ seen: Counter) throws {
        if seen.next() > place { throw PowerFailure() }
    }

    @Test func `a join that is cut anywhere is completed by the next, as if it had never been cut`() async throws {
        let whole = try StandInMachine(StandInTenant())
        let places = Counter()
        _ = try await whole.join { _ in _ = places.next() }
        let wanted = try whole.tree(leavingOut: Self.changing.union(Self.authorities))
        let count = places.count
        #expect(count > 40)
        for place in 0..<count {
            let machine = try StandInMachine(StandInTenant())
            let seen = Counter()
            await #expect(throws: (any Error).self) { try await machine.join { _ in try Self.cut(at: place, seen) } }
            let outcome = try await machine.join()
            #expect(outcome.isReady)
            let tree = try machine.tree(leavingOut: Self.changing.union(Self.authorities))
            #expect(tree == wanted, "cut at place \(place)")
            // The machine has one key, whatever happened.
            #expect(machine.tenant.requests(from: "kamaji:agent:edge-1") == 1, "cut at place \(place)")
        }
    }

    @Test func `a join without arguments goes on from the journal, with the token that lies on the disk`() async throws
    {
        let machine = try StandInMachine(StandInTenant())
        await #expect(throws: JoinFailure.self) {
            try await machine.join { if $0 == "start kubelet" { throw PowerFailure() } }
        }
        let journal = try await machine.environment().journal
        let former = try #require(try await journal.fact("join"))
        let text = try #require(try machine.files.text(KubeletFiles.bootstrapKubeconfigPath))
        let token = try Kubeconfig(yaml: text).currentUser?.token.flatMap { BootstrapToken($0) }
        var resumed = try #require(JoinConfiguration(resuming: former, token: token))
        resumed.skippedPhases = ["preflight"]
        #expect(try await machine.join(resumed).isReady)
    }

    @Test func `reset leaves the machine as it was, file by file`() async throws {
        let machine = try StandInMachine(StandInTenant())
        // What somebody else had put there.
        try machine.files.makeFolder("/etc/kubernetes", mode: 0o750)
        try machine.files.makeFolder("/etc/kubernetes/pki", mode: 0o700)
        try machine.files.write(NodeFile("/etc/kubernetes/pki/ca.crt", mode: 0o640, "an old authority\n"))
        try machine.files.write(NodeFile("/etc/kubernetes/notes", mode: 0o600, "mine\n"))
        // A link to a file of theirs, and one that leads nowhere.
        try machine.files.makeFolder("/var/lib/kubelet", mode: 0o755)
        try machine.files.write(NodeFile("/etc/kubelet.yaml", mode: 0o640, "kind: Mine\n"))
        try machine.files.link(KubeletFiles.configurationPath, to: "../../../etc/kubelet.yaml")
        try machine.files.link(KubeletFiles.flagsPath, to: "nowhere")
        let before = try machine.tree()
        _ = try await machine.join()
        #expect(try machine.files.text("/etc/kubernetes/pki/ca.crt")?.contains("BEGIN CERTIFICATE") == true)
        try machine.files.makeFolder("/var/lib/kubelet/pods", mode: 0o750)
        try machine.files.write(NodeFile("/var/lib/kubelet/pods/x", mode: 0o600, "a pod's\n"))
        #expect(try machine.files.attributes(KubeletFiles.configurationPath)?.kind == .file)
        #expect(try await machine.reset() == [])
        var after = try machine.tree()
        after["/run/kamaji-agent"] = nil
        #expect(after == before)
        #expect(try machine.files.linkTarget(KubeletFiles.configurationPath) == "../../../etc/kubelet.yaml")
        #expect(try machine.files.linkTarget(KubeletFiles.flagsPath) == "nowhere")
        #expect(machine.kubelet.log.withLock { $0 }.suffix(3) == ["stop", "reload", "disable"])
    }

    /// A discovery file, as kubeadm takes them.
    ///
    /// - Parameter authorities: of its cluster; without them those of the tenant stand in it.
    private static func discoveryFile(
        _ tenant: StandInTenant, _ user: JSON, authorities: [String: JSON]? = nil
    ) -> NodeFile {
        var cluster =
            authorities ?? [
                "certificate-authority-data": .string(Base64.encode(tenant.authority.certificate.pem))
            ]
        cluster["server"] = .string(StandInTenant.server)
        let json: JSON = [
            "apiVersion": "v1", "kind": "Config",
            "clusters": [["name": "c", "cluster": .object(cluster)]],
            "contexts": [["name": "x", "context": ["cluster": "c", "user": "u"]]], "current-context": "x",
            "users": [["name": "u", "user": user]],
        ]
        return NodeFile("/etc/discovery.conf", mode: 0o600, YAML.write(json))
    }

    private static func configuration(byFile tls: String? = nil) throws -> JoinConfiguration {
        var request = JoinRequest()
        request.discoveryFile = "/etc/discovery.conf"
        request.tlsBootstrapToken = tls
        request.nodeName = "edge-1"
        request.criSocket = "unix:///run/stand-in.sock"
        request.skippedPhases = ["preflight"]
        var reader = JoinConfigurationReader(hostName: "edge-1")
        return try reader.read(request)
    }

    @Test func `a discovery file's own token gets the machine and its kubelet their certificates`() async throws {
        let machine = try StandInMachine(StandInTenant())
        try machine.files.write(NodeFile("/etc/token", mode: 0o600, "own.token\n"))
        try machine.files.write(Self.discoveryFile(machine.tenant, ["tokenFile": "token"]))
        // Cut before the kubelet starts: what is left for it holds the token, and the next run needs no file.
        await #expect(throws: JoinFailure.self) {
            try await machine.join(try Self.configuration()) { if $0 == "start kubelet" { throw PowerFailure() } }
        }
        let left = try Kubeconfig(yaml: try #require(try machine.files.text(KubeletFiles.bootstrapKubeconfigPath)))
        #expect(left.currentUser?.token == "own.token")
        try machine.files.remove("/etc/discovery.conf")
        let former = try #require(try await machine.environment().journal.fact("join"))
        #expect(try await machine.join(try #require(JoinConfiguration(resuming: former, token: nil))).isReady)
        #expect(machine.tenant.state.withLock { $0.callers.contains("Bearer own.token") })
        #expect(!(try machine.tree(leavingOut: ["/etc/token"])).values.contains { $0.contains("own.token") })
    }

    @Test(arguments: [[:], ["certificate-authority": "ca.crt"]] as [[String: JSON]])
    func `a discovery file without authorities has them from a file, or from a tenant that the system trusts`(
        authorities: [String: JSON]
    ) async throws {
        let machine = try StandInMachine(StandInTenant())
        try machine.files.write(NodeFile("/etc/ca.crt", mode: 0o644, machine.tenant.authority.certificate.pem))
        try machine.files.write(
            Self.discoveryFile(machine.tenant, ["token": "own.token"], authorities: authorities))
        #expect(try await machine.join(try Self.configuration()).isReady)
        let tenant = try await machine.environment().journal.fact("tenant").flatMap(JoinedTenant.init)
        #expect(tenant?.authorityPEM == machine.tenant.authority.certificate.pem)
        // Asked once, as nobody, and verified by nothing but the system's own trust.
        let asked = machine.tenant.state.withLock { $0.trustedBySystem }
        #expect(asked == (authorities.isEmpty ? ["anybody"] : []))
    }

    @Test func `a discovery file without authorities of a tenant that tells nobody names the field`() async throws {
        let machine = try StandInMachine(StandInTenant())
        try machine.files.write(Self.discoveryFile(machine.tenant, ["token": "own.token"], authorities: [:]))
        machine.tenant.state.withLock { $0.hidesClusterInfo = true }
        let failure = await #expect(throws: JoinFailure.self) { try await machine.join(try Self.configuration()) }
        #expect(failure?.phase == .discovery)
        #expect(failure?.message.contains("/etc/discovery.conf has no certificate-authority-data") == true)
        machine.tenant.state.withLock {
            ($0.hidesClusterInfo, $0.failures) = (false, [HTTPTransportError(.tlsFailed, "self-signed certificate")])
        }
        let untrusted = await #expect(throws: JoinFailure.self) { try await machine.join(try Self.configuration()) }
        #expect(untrusted?.message.contains("self-signed certificate. Write certificate-authority-data") == true)
    }

    @Test func `a discovery file's own certificate is asked with, and a token of one's own comes before it`()
        async throws
    {
        let machine = try StandInMachine(StandInTenant())
        let key = try PrivateKey.generate(.ecdsaP256)
        let certificate = try machine.tenant.authority.issue(
            CertificateProfile(commonName: "installer", validity: .seconds(3600)), to: key, now: Date())
        try machine.files.write(
            Self.discoveryFile(
                machine.tenant,
                [
                    "client-certificate-data": .string(Base64.encode(certificate.pem)),
                    "client-key-data": .string(Base64.encode(key.pem)),
                ]))
        await #expect(throws: JoinFailure.self) {
            try await machine.join(try Self.configuration()) { if $0 == "start kubelet" { throw PowerFailure() } }
        }
        #expect(machine.tenant.state.withLock { $0.callers.contains("installer") })
        let left = try Kubeconfig(yaml: try #require(try machine.files.text(KubeletFiles.bootstrapKubeconfigPath)))
        #expect(left.currentUser?.clientCertificateData == certificate.pem && left.currentUser?.token == nil)
        let token = "07401b.f395accd246ae52d"
        #expect(try await machine.join(try Self.configuration(byFile: token)).isReady)
        #expect(machine.tenant.state.withLock { $0.callers.contains("Bearer \(token)") })
    }

    @Test func `a discovery file without credentials, or with a plugin's, says what to give`() async throws {
        let machine = try StandInMachine(StandInTenant())
        for (user, named): (JSON, String) in [
            ([:], "--tls-bootstrap-token"), (["exec": ["command": "aws"]], "a plugin"),
            (["client-certificate": "/nowhere.crt", "client-key": "/nowhere.key"], "/nowhere.crt"),
        ] {
            try machine.files.write(Self.discoveryFile(machine.tenant, user))
            let failure = await #expect(throws: JoinFailure.self) {
                try await machine.join(try Self.configuration())
            }
            #expect(failure?.phase == .discovery && failure?.message.contains(named) == true)
        }
    }

    @Test func `files that somebody added since the join outlive a reset`() async throws {
        let machine = try StandInMachine(StandInTenant())
        _ = try await machine.join()
        let mine = ["\(KubeletFiles.manifestsPath)/mine.yaml", "/var/lib/kubelet/seccomp.json"]
        for path in mine { try machine.files.write(NodeFile(path, mode: 0o600, "mine\n")) }
        let run = ResetRun(try await machine.environment()) { _ in }
        let plan = try await run.plan()
        #expect(plan.leftAlone == mine)
        #expect(try await run.run(plan) == [])
        #expect(try mine.map { try machine.files.text($0) } == ["mine\n", "mine\n"])
        #expect(!machine.files.exists(KubeletFiles.kubeconfigPath) && !machine.files.exists("/var/lib/kubelet/pki"))
    }

    @Test func `a denial is told in the tenant's words and ends the join in its phase`() async throws {
        let machine = try StandInMachine(StandInTenant())
        machine.tenant.state.withLock { $0.denial = "node edge-1 is enrolled with another key" }
        let failure = await #expect(throws: JoinFailure.self) { try await machine.join() }
        #expect(failure?.phase == .enrolment && failure?.message.contains("enrolled with another key") == true)
        // An administrator revokes the old enrolment: the very same command now works.
        machine.tenant.state.withLock { $0.denial = nil }
        #expect(try await machine.join().isReady)
    }

    @Test func `a node of that name that is another machine's stops the join before anything is written`() async throws
    {
        let machine = try StandInMachine(StandInTenant())
        machine.tenant.state.withLock { state in
            state.nodes["edge-1"] = [
                "metadata": ["name": "edge-1"],
                "status": ["conditions": [["type": "Ready", "status": "True"]], "nodeInfo": ["machineID": "b"]],
            ]
        }
        let failure = await #expect(throws: JoinFailure.self) { try await machine.join() }
        #expect(failure?.phase == .configuration && failure?.message.contains("another machine") == true)
        #expect(!machine.files.exists(KubeletFiles.configurationPath))
    }

    @Test func `a machine of one tenant does not become another's without a reset`() async throws {
        let machine = try StandInMachine(StandInTenant())
        _ = try await machine.join()
        let other = try StandInMachine(StandInTenant())
        let run = JoinRun(
            try await {
                var environment = try await machine.environment()
                environment.transport = other.tenant
                return environment
            }(), try other.tenant.configuration()
        ) { _ in }
        other.tenant.state.withLock { $0.date = StandInMachine.httpDate() }
        let failure = await #expect(throws: JoinFailure.self) { try await run.run() }
        #expect(failure?.phase == .discovery && failure?.message.contains("reset") == true)
        let renamed = await #expect(throws: JoinFailure.self) {
            try await machine.join(try machine.tenant.configuration("edge-2"))
        }
        #expect(renamed?.message.contains("node edge-1 already") == true)
    }

    @Test func `the credential for coming back is sealed, and opens with the node's key alone`() async throws {
        let tenant = try StandInTenant()
        let id = try #require(NodeName("edge-1")).reenrolmentTokenIDs[1]
        tenant.state.withLock { $0.credential = BootstrapToken(id: id, secret: "abcdefghijklmnop") }
        let machine = try StandInMachine(tenant)
        _ = try await machine.join()
        let sealed = try #require(try machine.files.read(AgentFiles.credential))
        #expect(!String(decoding: sealed, as: UTF8.self).contains("abcdefghijklmnop"))
        let node = try #require(NodeName("edge-1"))
        let key = try PrivateKey(pem: try #require(try machine.files.read(AgentFiles.key)))
        #expect(try ReturnCredential.open(sealed, node: node, key: key)?.secret == "abcdefghijklmnop")
        #expect(throws: PKIError.self) {
            try ReturnCredential.open(sealed, node: node, key: .generate(.ecdsaP256))
        }
        let other = try #require(NodeName("edge-2"))
        #expect(throws: PKIError.self) { try ReturnCredential.open(sealed, node: other, key: key) }
    }
}
