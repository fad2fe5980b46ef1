import FoundationEssentials
import KubeObjects
import PKI
import Testing

@testable import StandaloneCluster

/// What a machine needs to join, as a bootstrap token and nothing else lets it.
@Suite struct NodeJoinTests {
    private static let requests = ResourceType(
        group: "certificates.k8s.io", version: "v1", kind: "CertificateSigningRequest",
        plural: "certificatesigningrequests", isNamespaced: false)

    private static func tokenSecret(expiration: String? = nil) -> KubeObject {
        var secret = ResourceType.secrets.object(ObjectKey(namespace: "kube-system", name: "bootstrap-token-abcdef"))
        secret["type"] = "bootstrap.kubernetes.io/token"
        secret["stringData"] = [
            "token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true",
            "usage-bootstrap-signing": "true", "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
        ]
        if let expiration { secret[path: "stringData", "expiration"] = .string(expiration) }
        return secret
    }

    private static func run(_ body: @escaping @Sendable (ServerFixture) async throws -> Void) async throws {
        let signer = try CertificateAuthority.selfSigned(
            CertificateProfile(commonName: "signer", isAuthority: true, validity: .seconds(86_400)),
            key: .generate(.ecdsaP256), now: Date())
        try await ServerFixture.run { configuration in
            configuration.acceptsBootstrapTokens = true
            configuration.exposesClusterInfo = true
            configuration.nodeControllers = .init(
                signingCertificate: signer.certificate.pem, signingKey: signer.key.pem)
        } _: { server in
            try await body(server)
        }
    }

    /// The object once `isDone` says so.
    private static func awaited(
        _ api: ClusterAPI, _ type: ResourceType, _ key: ObjectKey, _ isDone: (KubeObject?) -> Bool
    ) async throws -> KubeObject? {
        var session = try await api.watch(type, after: nil)
        while true {
            let object = try await api.find(type, key)
            if isDone(object) { return object }
            guard try await session.next() != nil else { throw EmbeddedAPIServerError("the watch ended") }
        }
    }

    @Test func `a bootstrap token gets a kubelet its certificate`() async throws {
        try await Self.run { server in
            let (api, handler) = (server.server.api, server.server.handler)
            let options = WriteOptions(fieldManager: "test")
            _ = try await api.create(.secrets, Self.tokenSecret(), namespace: "kube-system", options)
            let user = try #require(try await handler.authenticator.user(of: "abcdef.0123456789abcdef"))
            #expect(user.name == "system:bootstrap:abcdef")
            #expect(user.groups.contains("system:bootstrappers:kubeadm:default-node-token"))
            #expect(try await handler.authenticator.user(of: "abcdef.0123456789abcdee") == nil)

            let key = try PrivateKey.generate(.ecdsaP256)
            let request = try CertificateSigningRequest.make(
                commonName: "system:node:n1", organizations: ["system:nodes"], dnsNames: [], ipAddresses: [], key: key)
            var object = Self.requests.object(ObjectKey(namespace: nil, name: "csr-1"))
            object["spec"] = [
                "request": .string(Base64.encode(request.pem)), "signerName": .string(RequestPolicy.kubeletClient),
                "usages": ["digital signature", "client auth"],
            ]
            let body = WireRequest(
                method: "POST", path: "/apis/certificates.k8s.io/v1/certificatesigningrequests",
                headers: ["authorization": "Bearer abcdef.0123456789abcdef"], body: object.json.encoded())
            #expect(await handler.answer(body, certificate: nil).status == 201)
            let signed = try await Self.awaited(api, Self.requests, object.key) {
                $0?[path: "status", "certificate"] != nil
            }
            let pem = try #require(signed?[path: "status", "certificate"]?.string.flatMap(Base64.decode))
            let certificate = try Certificate(pem: pem)
            #expect(certificate.commonName == "system:node:n1")
            #expect(certificate.organizations == ["system:nodes"])
            #expect(certificate.matches(key))
        }
    }

    @Test func `nobody gets system:masters by asking`() async throws {
        try await Self.run { server in
            let api = server.server.api
            let request = try CertificateSigningRequest.make(
                commonName: "eve", organizations: ["system:masters"], dnsNames: [], ipAddresses: [],
                key: .generate(.ecdsaP256))
            var object = Self.requests.object(ObjectKey(namespace: nil, name: "eve"))
            object["spec"] = [
                "request": .string(Base64.encode(request.pem)), "signerName": .string(RequestPolicy.client),
                "usages": ["client auth"],
            ]
            let created = try await api.create(
                Self.requests, object, namespace: nil, WriteOptions(fieldManager: "test")
            ).object
            var approved = created
            approved[path: "status", "conditions"] = [
                ["type": "Approved", "status": "True", "reason": "x", "message": "y"]
            ]
            _ = try await api.update(
                Self.requests, created.key, approved, subresource: "approval", WriteOptions(fieldManager: "test"))
            let failed = try await Self.awaited(api, Self.requests, created.key) {
                ($0?[path: "status", "conditions"]?.array ?? []).contains { $0["type"] == "Failed" }
            }
            #expect(failed?[path: "status", "certificate"] == nil)
        }
    }

    @Test func `cluster-info is signed with every token, and an expired token goes`() async throws {
        try await Self.run { server in
            let api = server.server.api
            let options = WriteOptions(fieldManager: "test")
            let key = ObjectKey(namespace: "kube-public", name: "cluster-info")
            var info = ResourceType.configMaps.object(key)
            info["data"] = ["kubeconfig": "apiVersion: v1\nkind: Config\n"]
            _ = try await api.create(.configMaps, info, namespace: "kube-public", options)
            _ = try await api.create(.secrets, Self.tokenSecret(), namespace: "kube-system", options)
            let signed = try await Self.awaited(api, .configMaps, key) {
                $0?[path: "data", "jws-kubeconfig-abcdef"] != nil
            }
            let text = try #require(signed?[path: "data", "jws-kubeconfig-abcdef"]?.string)
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            #expect(parts.count == 3 && parts[1].isEmpty)
            #expect(Base64URL.decode(parts[0]) == Array(#"{"alg":"HS256","kid":"abcdef"}"#.utf8))
            let secret = ObjectKey(namespace: "kube-system", name: "bootstrap-token-abcdef")
            let past = "2020-01-01T00:00:00Z"
            _ = try await api.patch(
                .secrets, secret, merging: ["stringData": ["expiration": .string(past)]], options)
            _ = try await Self.awaited(api, .secrets, secret) { $0 == nil }
            _ = try await Self.awaited(api, .configMaps, key) { $0?[path: "data", "jws-kubeconfig-abcdef"] == nil }
        }
    }
}
