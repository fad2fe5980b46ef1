import KubeObjects
import NodeIdentity
import PKI
import Testing

@testable import NodeBootstrap

@Suite struct DiscoveryVectorTests {
    @Test func `signatures are made as upstream's signer makes them`() throws {
        let cases = try Vectors.list("jws", "valid")
        #expect(cases.count == 6)
        for entry in cases {
            let (id, secret) = (entry["tokenID"]?.string ?? "", entry["tokenSecret"]?.string ?? "")
            let content = Array((entry["content"]?.string ?? "").utf8)
            let detached = ClusterInfoSignature.detached(over: content, tokenID: id, secret: secret)
            #expect(detached == entry["detached"]?.string)
            #expect(ClusterInfoSignature.keyPrefix + id == entry["configMapKey"]?.string)
        }
    }

    @Test func `signatures are accepted and refused as the contract has it`() throws {
        let cases = try Vectors.list("jws", "compare")
        #expect(cases.count == 7)
        for entry in cases {
            let token = try #require(BootstrapToken(entry["token"]?.string ?? ""))
            let verifies = ClusterInfoSignature.verifies(
                entry["detached"]?.string ?? "", over: Array((entry["content"]?.string ?? "").utf8), tokenID: token.id,
                secret: token.secret)
            #expect(verifies == entry["valid"]?.bool, "\(entry["name"] ?? .null)")
        }
    }

    @Test(arguments: ["rsa", "ecP256"])
    func `an authority's pin is the contract's`(kind: String) throws {
        let ca = try #require(try Vectors.all()[path: "ca", kind])
        let certificate = try Certificate(pem: Array((ca["certPEM"]?.string ?? "").utf8))
        #expect(AuthorityPin(of: certificate).description == ca["pin"]?.string)
    }

    @Test func `either authority of a bundle is enough`() throws {
        let vectors = try Vectors.all()
        let data = try #require(vectors[path: "ca", "bundle", "certificateAuthorityData"]?.string)
        let info = try ClusterInfo(kubeconfig: Self.kubeconfig(data))
        for pin in vectors[path: "ca", "bundle", "anyOfPins"]?.strings ?? [] {
            try info.check([try AuthorityPin(pin)])
        }
        #expect(info.pins.count == 2)
    }

    private static func kubeconfig(_ data: String, server: String = "https://10.0.0.1:6443") -> [UInt8] {
        Array(
            "clusters:\n- name: \"\"\n  cluster:\n    server: \(server)\n    certificate-authority-data: \(data)\n".utf8
        )
    }

    @Test func `the first reading ends as the contract's scenarios have it`() throws {
        let vectors = try Vectors.all()["clusterInfo"] ?? .null
        for scenario in vectors["scenarios"]?.array ?? [] {
            guard let first = scenario["firstGet"]?.string else { continue }
            let token = try #require(BootstrapToken(scenario["token"]?.string ?? ""))
            let pins = try (scenario["pins"]?.strings ?? []).map { try AuthorityPin($0) }
            let configMap = try #require(vectors[first])
            let name = scenario["name"]?.string ?? ""
            switch name {
            case "signature not there yet":
                let error = #expect(throws: DiscoveryError.self) { try ClusterInfo(configMap, token: token) }
                #expect(error?.code == .notSigned && error?.isWorthWaiting == true)
            case "pin of other CA":
                let info = try ClusterInfo(configMap, token: token)
                let error = #expect(throws: DiscoveryError.self) { try info.check(pins) }
                #expect(error?.code == .notPinned && error?.isWorthWaiting == false)
            default:
                let info = try ClusterInfo(configMap, token: token)
                if !pins.isEmpty { try info.check(pins) }
                #expect(info.server.hasPrefix("https://"))
            }
        }
    }

    @Test func `a wrong secret half is told apart from a missing signature`() throws {
        let configMap = try #require(try Vectors.all()[path: "clusterInfo", "configMap"])
        let wrong = try #require(BootstrapToken("07401b.0000000000000000"))
        let unknown = try #require(BootstrapToken("zzzzzz.f395accd246ae52d"))
        let mistyped = #expect(throws: DiscoveryError.self) { try ClusterInfo(configMap, token: wrong) }
        let missing = #expect(throws: DiscoveryError.self) { try ClusterInfo(configMap, token: unknown) }
        #expect(mistyped?.code == .badSignature && missing?.code == .notSigned)
    }

    @Test func `what is signed and still makes no sense is refused`() throws {
        let data = try #require(try Vectors.all()[path: "ca", "rsa", "certificateAuthorityData"]?.string)
        let bad: [[UInt8]] = [
            Self.kubeconfig(data, server: "http://10.0.0.1:6443"), Self.kubeconfig("AAAA"), Self.kubeconfig("%"),
            Array("clusters: []\n".utf8), Array("- a\n".utf8), Array("a: [\n".utf8),
            Self.kubeconfig(data) + Array("- name: b\n  cluster: {server: \"https://b:1\"}\n".utf8),
        ]
        for content in bad {
            let error = #expect(throws: DiscoveryError.self) { try ClusterInfo(kubeconfig: content) }
            #expect(error?.code == .malformed)
        }
    }
}
