import Blueprint
import FoundationEssentials
import KubeObjects
import NodeIdentity
import Testing

@testable import Reconciliation

@Suite struct BootstrapTokenTests {
    @Test(arguments: ["07401b.f395accd246ae52d", "abcdef.0123456789abcdef", "000000.zzzzzzzzzzzzzzzz"])
    func `what kubeadm calls a token is one`(text: String) throws {
        let token = try #require(BootstrapToken(text))
        #expect(token.text == text)
        #expect(token.id == String(text.prefix(6)) && token.secret == String(text.suffix(16)))
    }

    @Test(arguments: [
        "", ".", "abcdef", "abcdef.", "abcdef.0123456789abcde", "abcdef.0123456789abcdef0", "ABCDEF.0123456789abcdef",
        "abcde.0123456789abcdef", "abcdef.0123456789abcdef\n", "abcdéf.0123456789abcdef", "abcdef.0123456789.bcdef",
        "abcdef-0123456789abcdef", " abcdef.0123456789abcdef",
    ])
    func `anything else is none`(text: String) { #expect(BootstrapToken(text) == nil) }

    @Test func `generated tokens are well formed, differ, and use the whole alphabet`() {
        let tokens = (0..<500).map { _ in BootstrapToken.generate() }
        #expect(tokens.allSatisfy { BootstrapToken($0.text) == $0 })
        #expect(Set(tokens.map(\.secret)).count == 500)
        // 8,000 draws miss one of 36 letters with a chance below 1e-96.
        #expect(Set(tokens.flatMap(\.secret)) == Set(BootstrapToken.alphabet))
    }

    @Test func `no description of a token shows its secret`() throws {
        let token = try #require(BootstrapToken("abcdef.0123456789abcdef"))
        var dumped = ""
        dump([token], to: &dumped)
        for text in ["\(token)", "\([token])", String(reflecting: token), dumped] {
            #expect(!text.contains(token.secret) && text.contains("abcdef"), "\(text)")
        }
    }
}

@Suite struct BootstrapTokenSecretTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private static func made(lifetime: Duration? = .seconds(86_400)) throws -> BootstrapTokenSecret {
        BootstrapTokenSecret(
            token: try #require(BootstrapToken("abcdef.0123456789abcdef")), lifetime: lifetime, now: now,
            text: "for the new rack")
    }

    @Test func `it has the name, type and fields that Kubernetes reads`() throws {
        let secret = try Self.made().object
        #expect(secret.key == ObjectKey(namespace: "kube-system", name: "bootstrap-token-abcdef"))
        #expect(secret["type"] == "bootstrap.kubernetes.io/token")
        let data = secret.secretData.mapValues { String(decoding: $0, as: UTF8.self) }
        #expect(
            data == [
                "token-id": "abcdef", "token-secret": "0123456789abcdef", "expiration": "2027-01-16T08:00:00Z",
                "usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "true",
                "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
                "description": "for the new rack",
            ])
    }

    @Test func `one for ever has no expiration`() throws {
        let secret = try Self.made(lifetime: nil)
        #expect(secret.object.secretData["expiration"] == nil)
        #expect(!secret.isExpired(at: .distantFuture))
    }

    @Test func `it is read as it was written`() throws {
        let made = try Self.made()
        #expect(BootstrapTokenSecret(made.object) == made)
        #expect(!made.isExpired(at: Self.now.addingTimeInterval(86_399)))
        #expect(made.isExpired(at: Self.now.addingTimeInterval(86_400)))
        #expect(!made.isNodeCredential)
    }

    @Test func `an expiration that cannot be read has passed`() throws {
        var secret = try Self.made().object
        secret[path: "data", "expiration"] = .string(Base64.encode(Array("tomorrow".utf8)))
        #expect(BootstrapTokenSecret(secret)?.isExpired(at: Self.now) == true)
    }

    @Test(arguments: [
        ("type", JSON.string("Opaque")), ("metadata.name", "bootstrap-token-fedcba"),
        ("metadata.namespace", "kube-public"), ("data.token-id", .string(Base64.encode(Array("fedcba".utf8)))),
        ("data.token-secret", .string(Base64.encode(Array("short".utf8)))), ("data.token-secret", .null),
    ])
    func `a Secret that Kubernetes would not take for a token is none`(path: String, value: JSON) throws {
        var secret = try Self.made().object
        secret.json[path: path.split(separator: ".").map(String.init)] = value
        #expect(BootstrapTokenSecret(secret) == nil)
    }
}
