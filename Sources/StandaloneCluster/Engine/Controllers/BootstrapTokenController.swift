import APIMachinery
import FoundationEssentials
import KubeObjects
import PKI

/// Deletes bootstrap tokens that have expired, and keeps a signature for each living one in kube-public/cluster-info,
/// by which a joining machine knows the cluster it was told of.
struct BootstrapTokenController: Sendable {
    let api: ClusterAPI

    private static let clusterInfo = ObjectKey(namespace: "kube-public", name: "cluster-info")
    private static let signaturePrefix = "jws-kubeconfig-"
    private static let options = WriteOptions(fieldManager: "kube-controller-manager")
    /// Longest sleep between two looks at the tokens' expirations; nothing but those happens between events.
    private static let longestSleep: TimeInterval = 300

    func run(_ loop: ControlLoop) async {
        let secrets = Selection(
            namespace: BootstrapToken.namespace, fields: FieldSelector("type", equals: BootstrapToken.secretType))
        let info = Selection(
            namespace: Self.clusterInfo.namespace, fields: FieldSelector("metadata.name", equals: "cluster-info"))
        await withDiscardingTaskGroup { group in
            group.addTask { await loop.run(.secrets, secrets) { _, _ throws(APIStatus) in try await settle() } }
            group.addTask { await loop.run(.configMaps, info) { _, _ throws(APIStatus) in try await settle() } }
            group.addTask { await expire() }
        }
    }

    /// Looks again whenever the next token is about to expire.
    private func expire() async {
        while !Task.isCancelled {
            let next = (try? await removeExpired()) ?? nil
            let seconds = min(Self.longestSleep, max(1, next?.timeIntervalSince(api.now()) ?? Self.longestSleep))
            do { try await Task.sleep(for: .seconds(seconds)) } catch { return }
        }
    }

    private func settle() async throws(APIStatus) {
        _ = try await removeExpired()
        try await sign()
    }

    private func tokens() async throws(APIStatus) -> [(secret: KubeObject, token: BootstrapTokenSecret)] {
        let selection = Selection(
            namespace: BootstrapToken.namespace, fields: FieldSelector("type", equals: BootstrapToken.secretType))
        return try await api.list(.secrets, selection).items.compactMap { secret in
            BootstrapTokenSecret(secret).map { (secret, $0) }
        }
    }

    /// The time of the next expiration; nil when no token will expire.
    private func removeExpired() async throws(APIStatus) -> Date? {
        let now = api.now()
        var next: Date?
        for (secret, token) in try await tokens() {
            guard let expiration = token.expiration else { continue }
            if token.isExpired(at: now) {
                _ = try await api.delete(.secrets, secret.key, DeleteOptions(uid: secret.uid))
            } else {
                next = min(next ?? expiration, expiration)
            }
        }
        return next
    }

    private func sign() async throws(APIStatus) {
        guard let info = try await api.find(.configMaps, Self.clusterInfo),
            let kubeconfig = info[path: "data", "kubeconfig"]?.string
        else { return }
        let now = api.now()
        var data = (info["data"]?.object ?? [:]).filter { !$0.key.hasPrefix(Self.signaturePrefix) }
        for (_, token) in try await tokens() where token.isForSigning && !token.isExpired(at: now) {
            data[Self.signaturePrefix + token.token.id] = .string(Self.signature(of: kubeconfig, by: token.token))
        }
        guard data != info["data"]?.object else { return }
        var signed = info
        signed["data"] = .object(data)
        _ = try await api.update(.configMaps, Self.clusterInfo, signed, Self.options)
    }

    /// A JSON Web Signature with its content left out (RFC 7515, appendix F), HS256 under the token's secret.
    static func signature(of kubeconfig: String, by token: BootstrapToken) -> String {
        let header = Base64URL.encode(Array("{\"alg\":\"HS256\",\"kid\":\"\(token.id)\"}".utf8))
        let content = Base64URL.encode(Array(kubeconfig.utf8))
        let code = SHA256.authenticationCode(of: Array("\(header).\(content)".utf8), key: Array(token.secret.utf8))
        return "\(header)..\(Base64URL.encode(code))"
    }
}
