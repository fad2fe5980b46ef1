import Foundation
import KubeObjects
import NodeIdentity
import PKI
import Testing

@testable import Reconciliation

@Suite struct NodeRequestReviewTests {
    private typealias Sample = NodeRequestSample

    @Test(arguments: KeyAlgorithm.allCases)
    func `an agent is enrolled with an invitation`(algorithm: KeyAlgorithm) throws {
        #expect(try Sample.enrolling(algorithm).verdict == .approve)
    }

    @Test func `asking twice with one key is no conflict`() throws {
        var sample = try Sample.enrolling()
        sample.known.enrolment = try sample.enrolment()
        #expect(try sample.verdict == .approve)
    }

    @Test func `RSA keys may encipher too`() throws {
        var sample = try Sample.enrolling(.rsa2048)
        sample.usages = ["key encipherment", "client auth", "digital signature"]
        #expect(try sample.verdict == .approve)
    }

    @Test func `an agent renews itself, with its key or a new one`() throws {
        var sample = try Sample.renewing()
        #expect(try sample.verdict == .approve)
        sample.key = try .generate(.ecdsaP256)
        #expect(try sample.verdict == .approve)
    }

    @Test(arguments: [
        ("X509SHA256=aa", "", true), ("X509SHA256=aa", "aa,bb", true), ("X509SHA256=aa", "bb,cc", false),
        (nil, "bb,cc", true), ("JTI=aa", "bb,cc", true),
    ])
    func `a certificate that was revoked with its machine renews nothing for the next one of its name`(
        credential: String?, given: String, isGranted: Bool
    ) throws {
        for base in [Sample.renewing, Sample.kubeletByAgent] {
            var sample = try base()
            sample.credential = credential
            sample.known.enrolment?.certificates = given.split(separator: ",").map(String.init)
            let verdict = try sample.verdict
            if isGranted {
                #expect(verdict == .approve)
            } else {
                guard case .deny("AnotherCertificate", _) = verdict else {
                    Issue.record("\(verdict)")
                    continue
                }
            }
        }
    }

    @Test func `a node that was off for years comes back with its key`() throws {
        #expect(try Sample.returning().verdict == .approve)
    }

    @Test(arguments: KeyAlgorithm.allCases)
    func `a kubelet serves by the names its Node has`(algorithm: KeyAlgorithm) throws {
        var sample = try Sample.serving(algorithm)
        #expect(try sample.verdict == .approve)
        sample.dnsNames = []
        sample.ipAddresses = ["192.0.2.7"]
        #expect(try sample.verdict == .approve)
        sample.usages = ["digital signature", "key encipherment", "server auth"]
        #expect(try sample.verdict == .approve)
    }

    @Test func `an agent gets its own kubelet another certificate`() throws {
        #expect(try Sample.kubeletByAgent().verdict == .approve)
    }

    @Test func `what kubelets ask for themselves is left to the tenant's own controllers`() throws {
        for user in ["system:node:\(Sample.node)", "system:bootstrap:abcdef", "admin"] {
            var sample = try Sample.kubeletByAgent()
            sample.username = user
            guard case .leave = try sample.verdict else {
                Issue.record("\(user) is not left alone")
                continue
            }
        }
    }

    private static let kubeletByAgentFaults: [NodeRequestFault] = [
        .init("another node's kubelet", "WrongRequester", { try .kubeletByAgent() }) {
            $0.commonName = "system:node:edge-2"
        },
        .init("no kubelet at all", "WrongRequester", { try .kubeletByAgent() }) { $0.commonName = "admin" },
        .init("a name of ours without our group", "WrongRequester", { try .kubeletByAgent() }) {
            $0.groups = ["system:authenticated"]
        },
        .init("a further group", "WrongSubject", { try .kubeletByAgent() }) {
            $0.organizations = ["system:nodes", "system:masters"]
        },
        .init("a name to serve by", "UnexpectedNames", { try .kubeletByAgent() }) { $0.dnsNames = ["kubernetes"] },
        .init("a server's usage", "WrongUsages", { try .kubeletByAgent() }) {
            $0.usages = ["digital signature", "server auth"]
        },
        .init("a node that was revoked", "Revoked", { try .kubeletByAgent() }) { $0.known = NodeKnowledge() },
    ]

    @Test(arguments: kubeletByAgentFaults)
    func `an agent gets no other certificate of a kubelet`(fault: NodeRequestFault) throws {
        try Self.expectDenial(fault)
    }

    private static let agentFaults: [NodeRequestFault] = [
        .init("no node in the common name", "WrongSubject", { try .enrolling() }) { $0.commonName = "kamaji:agent:" },
        .init("a common name of another kind", "WrongSubject", { try .enrolling() }) { $0.commonName = "admin" },
        .init("a node name that is none", "WrongSubject", { try .enrolling() }) { $0.commonName = "kamaji:agent:A_b" },
        .init("no group", "WrongSubject", { try .enrolling() }) { $0.organizations = [] },
        .init("a further group", "WrongSubject", { try .enrolling() }) {
            $0.organizations = ["kamaji:agents", "system:masters"]
        },
        .init("another group", "WrongSubject", { try .enrolling() }) { $0.organizations = ["system:masters"] },
        .init("a DNS name", "UnexpectedNames", { try .enrolling() }) { $0.dnsNames = ["kubernetes"] },
        .init("an address", "UnexpectedNames", { try .enrolling() }) { $0.ipAddresses = ["10.96.0.1"] },
        .init("a server's usage", "WrongUsages", { try .enrolling() }) {
            $0.usages = ["digital signature", "server auth"]
        },
        .init("a server's usage beside its own", "WrongUsages", { try .enrolling() }) {
            $0.usages = ["digital signature", "client auth", "server auth"]
        },
        .init("a usage too few", "WrongUsages", { try .enrolling() }) { $0.usages = ["client auth"] },
        .init("a usage twice", "WrongUsages", { try .enrolling() }) {
            $0.usages = ["digital signature", "client auth", "client auth"]
        },
        .init("enciphering with an EC key", "WrongUsages", { try .enrolling() }) {
            $0.usages = ["digital signature", "client auth", "key encipherment"]
        },
        .init("no lifetime", "WrongLifetime", { try .enrolling() }) { $0.expirationSeconds = nil },
        .init("too long a life", "WrongLifetime", { try .enrolling() }) { $0.expirationSeconds = 604_801 },
        .init("too short a life", "WrongLifetime", { try .enrolling() }) { $0.expirationSeconds = 599 },
        .init("garbage instead of a request", "UnreadableRequest", { try .enrolling() }) { $0.pem = Array("hi".utf8) },
        .init("text around the request", "UnreadableRequest", { try .enrolling() }) { sample in
            sample.pem = Array("a\n".utf8) + (try Self.pem(of: sample))
        },
        .init("two requests in one", "UnreadableRequest", { try .enrolling() }) { sample in
            var other = sample
            other.commonName = "kamaji:agent:other"
            sample.pem = try Self.pem(of: sample) + Self.pem(of: other)
        },
        .init("a token that is gone", "TokenNotAlive", { try .enrolling() }) { $0.known.token = nil },
        .init("a token that expired", "TokenNotAlive", { try .enrolling() }) {
            $0.known.token?.expiration = Sample.now
        },
        .init("a token for signing only", "TokenNotAlive", { try .enrolling() }) {
            $0.known.token?.usages = [.signing]
        },
        .init("a token of another id", "TokenNotAlive", { try .enrolling() }) {
            $0.username = "system:bootstrap:fedcba"
        },
        .init("a requester who only sounds like a token", "WrongRequester", { try .enrolling() }) {
            $0.groups = ["system:authenticated"]
        },
        .init("a token with a group for something else", "WrongRequester", { try .enrolling() }) {
            $0.known.token?.groups = ["system:bootstrappers:other"]
            $0.groups.append("system:bootstrappers:other")
        },
        .init("a token with two groups", "WrongRequester", { try .enrolling() }) {
            $0.known.token?.groups.append(BootstrapTokenSecret.reenrolmentGroup)
        },
        .init("a person", "WrongRequester", { try .enrolling() }) {
            $0.username = "kubernetes-admin"
            $0.groups = ["system:masters", "system:authenticated"]
        },
        .init("a kubelet", "WrongRequester", { try .enrolling() }) {
            $0.username = "system:node:\(Sample.node)"
            $0.groups = ["system:nodes", "system:authenticated"]
        },
        .init("a second machine by the node's name", "AnotherKeyIsEnrolled", { try .enrolling() }) {
            $0.known.enrolment = try $0.enrolment()
            $0.key = try .generate(.ecdsaP256)
        },
        .init("another node's agent", "WrongRequester", { try .renewing() }) { $0.username = "kamaji:agent:edge-2" },
        .init("an agent outside its group", "WrongRequester", { try .renewing() }) {
            $0.groups = ["system:authenticated"]
        },
        .init("an agent that was revoked", "Revoked", { try .renewing() }) { $0.known.enrolment = nil },
        .init("a credential used with another key", "WrongKey", { try .returning() }) {
            $0.key = try .generate(.ecdsaP256)
        },
        .init("another node's credential", "WrongRequester", { try .returning() }) {
            $0.commonName = "kamaji:agent:edge-2"
            $0.known.enrolment = nil
        },
        .init("a credential without its record", "WrongRequester", { try .returning() }) {
            $0.known.tokenEnrolment = nil
        },
    ]

    private static let servingFaults: [NodeRequestFault] = [
        .init("another subject", "WrongSubject", { try .serving() }) { $0.commonName = "kubernetes" },
        .init("another group", "WrongSubject", { try .serving() }) { $0.organizations = ["system:masters"] },
        .init("a further group", "WrongSubject", { try .serving() }) { $0.organizations.append("system:masters") },
        .init("another kubelet", "WrongRequester", { try .serving() }) { $0.username = "system:node:edge-2" },
        .init("a token", "WrongRequester", { try .serving() }) { $0.username = "system:bootstrap:abcdef" },
        .init("a user outside the nodes' group", "WrongRequester", { try .serving() }) {
            $0.groups = ["system:authenticated"]
        },
        .init("a client's usage", "WrongUsages", { try .serving() }) {
            $0.usages = ["digital signature", "client auth"]
        },
        .init("a client's usage beside its own", "WrongUsages", { try .serving() }) { $0.usages.append("client auth") },
        .init("nothing to serve by", "NoNames", { try .serving() }) {
            $0.dnsNames = []
            $0.ipAddresses = []
        },
        .init("garbage instead of a request", "UnreadableRequest", { try .serving() }) { $0.pem = [] },
        .init("a Service's name, though its Node tells it", "ReservedName", { try .serving() }) {
            $0.dnsNames.append("Kubernetes.default.svc")
            $0.known.addresses?.insert(.name("kubernetes.default.svc"))
        },
        .init("a Service's address, though its Node tells it", "ReservedName", { try .serving() }) {
            $0.ipAddresses.append("10.96.0.1")
            $0.known.addresses?.insert(.address(try #require(IPAddress("10.96.0.1"))))
            $0.known.reserved = Self.reserved
        },
        .init("the tenant's public name, though its Node tells it", "ReservedName", { try .serving() }) {
            $0.dnsNames.append("green.example.com")
            $0.known.addresses?.insert(.name("green.example.com"))
            $0.known.reserved = Self.reserved
        },
        .init("loopback, though its Node tells it", "ReservedName", { try .serving() }) {
            $0.ipAddresses.append("127.0.0.53")
            $0.known.addresses?.insert(.address(try #require(IPAddress("127.0.0.53"))))
        },
        .init("an address that its Node never told", "UnknownAddress", { try .serving() }) {
            $0.ipAddresses.append("10.96.0.1")
            $0.created = Sample.now.addingTimeInterval(-600)
        },
        .init("a name that its Node never told", "UnknownAddress", { try .serving() }) {
            $0.dnsNames.append("other.example.com")
            $0.created = Sample.now.addingTimeInterval(-600)
        },
        .init("no Node that ever came", "UnknownAddress", { try .serving() }) {
            $0.known.addresses = nil
            $0.created = Sample.now.addingTimeInterval(-600)
        },
    ]

    private static let reserved = ReservedNames(
        servingNames: ["kubernetes", "green.example.com"], serviceRanges: [CIDR("10.96.0.0/16")].compactMap { $0 },
        clusterDomain: "cluster.local")

    private static func pem(of sample: Sample) throws -> [UInt8] {
        try #require(try sample.object[path: "spec", "request"]?.string.flatMap(Base64.decode))
    }

    @Test(arguments: agentFaults) func `an agent's request is denied for`(fault: NodeRequestFault) throws {
        try Self.expectDenial(fault)
    }

    @Test(arguments: servingFaults) func `a kubelet's request is denied for`(fault: NodeRequestFault) throws {
        try Self.expectDenial(fault)
    }

    private static func expectDenial(_ fault: NodeRequestFault) throws {
        let verdict = try fault.sample().verdict
        guard case .deny(let reason, let message) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(reason == fault.reason, "\(message)")
        #expect(message.count > 20 && !message.contains("0123456789abcdef"), "\(message)")
    }

    /// What our own encoder does not write: made by openssl.
    @Test(arguments: [
        ("/O=kamaji:agents/OU=x/CN=kamaji:agent:edge-1.site-a", "", "WrongSubject"),
        ("/O=kamaji:agents/CN=admin/CN=kamaji:agent:edge-1.site-a", "", "WrongSubject"),
        ("/O=kamaji:agents/CN=kamaji:agent:edge-1.site-a", "URI:spiffe://a/b", "UnexpectedNames"),
        ("/O=kamaji:agents/CN=kamaji:agent:edge-1.site-a", "email:root@example.com", "UnexpectedNames"),
    ])
    func `further attributes and other names are denied`(subject: String, names: String, reason: String) throws {
        var sample = try Sample.enrolling()
        sample.pem = try Self.openSSL(["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], subject, names)
        guard case .deny(let given, let message) = try sample.verdict else {
            Issue.record("it was not denied")
            return
        }
        #expect(given == reason, "\(message)")
    }

    @Test(arguments: [
        ["rsa:1024"], ["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-224"],
    ])
    func `weak and odd keys are denied`(key: [String]) throws {
        var sample = try Sample.enrolling()
        sample.pem = try Self.openSSL(key, "/O=kamaji:agents/CN=kamaji:agent:edge-1.site-a", "")
        guard case .deny("UnreadableRequest", _) = try sample.verdict else {
            Issue.record("\(try sample.verdict)")
            return
        }
    }

    @Test(arguments: [["ed25519"]]) func `keys of another kind are denied`(key: [String]) throws {
        var sample = try Sample.enrolling()
        sample.pem = try Self.openSSL(key, "/O=kamaji:agents/CN=kamaji:agent:edge-1.site-a", "")
        guard case .deny("WeakKey", _) = try sample.verdict else {
            Issue.record("\(try sample.verdict)")
            return
        }
    }

    private static func openSSL(_ key: [String], _ subject: String, _ names: String) throws -> [UInt8] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments =
            ["req", "-new", "-noenc", "-keyout", "/dev/null", "-subj", subject, "-newkey"] + key
            + (names.isEmpty ? [] : ["-addext", "subjectAltName=\(names)"])
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let pem = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return Array(pem)
    }

    @Test func `a kubelet that asks before its Node tells the address waits`() throws {
        var sample = try Sample.serving()
        sample.ipAddresses.append("192.0.2.8")
        #expect(try sample.verdict == .wait("Node edge-1.site-a has no address 192.0.2.8 in its status"))
        sample.known.addresses = nil
        #expect(try sample.verdict == .wait("there is no Node edge-1.site-a"))
    }

    @Test func `requests of people are left to people`() throws {
        var sample = try Sample.enrolling()
        sample.commonName = "jane"
        sample.organizations = ["dev"]
        sample.username = "jane"
        sample.groups = ["system:authenticated"]
        guard case .leave = try sample.verdict else {
            Issue.record("\(try sample.verdict)")
            return
        }
        sample.pem = Array("garbage".utf8)
        guard case .leave = try sample.verdict else {
            Issue.record("\(try sample.verdict)")
            return
        }
    }

    @Test(arguments: ["kubernetes.io/kube-apiserver", "example.com/own", ""])
    func `other signers are not ours`(signer: String) throws {
        var sample = try Sample.enrolling()
        sample.signer = signer
        #expect(NodeRequest(try sample.object) == nil)
    }
}

@Suite struct NodeEnrolmentTests {
    @Test func `it is read as it was written, and no invitation`() throws {
        let enrolment = try NodeRequestSample.enrolling().enrolment()
        let secret = try #require(enrolment.secret())
        #expect(NodeEnrolment(secret) == enrolment)
        let token = try #require(BootstrapTokenSecret(secret))
        #expect(token.isNodeCredential && token.expiration == nil && token.usages == [.authentication])
        #expect(token.groups == ["system:bootstrappers:kamaji:reenrol"])
        #expect(enrolment.secret() != secret, "its secret is fresh each time")
    }

    @Test func `a token of somebody's is none, whatever it is annotated with`() throws {
        var secret = try #require(try NodeRequestSample.enrolling().enrolment().secret())
        secret[path: "data", "auth-extra-groups"] = .string(
            Base64.encode(Array(BootstrapTokenSecret.joiningGroup.utf8)))
        #expect(NodeEnrolment(secret) == nil)
    }

    @Test func `its places follow from the node's name`() throws {
        let node = try #require(NodeName("edge-1"))
        let ids = NodeEnrolment.tokenIDs(of: node)
        #expect(ids == NodeEnrolment.tokenIDs(of: node) && Set(ids).count == 4)
        #expect(ids.allSatisfy(BootstrapToken.isID))
        // Agents compute it too: it must not change.
        #expect(ids.first == "d372fp")
        let other = try #require(NodeName("edge-2"))
        #expect(NodeEnrolment.tokenIDs(of: other) != ids)
    }
}
