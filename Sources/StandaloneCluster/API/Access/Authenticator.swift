import APIMachinery
import FoundationEssentials
import KubeObjects
import PKI

/// Finds out who makes a request: client certificate first, then bearer token, else anonymous.
package struct Authenticator: Sendable {
    let api: ClusterAPI
    /// Tokens that were configured, and whom each stands for.
    let staticTokens: StaticTokens
    let serviceAccounts: ServiceAccountTokens?
    let acceptsBootstrapTokens: Bool

    func user(of request: WireRequest, certificate: [UInt8]?) async throws(APIStatus) -> UserInfo {
        if let certificate, let user = Self.user(of: certificate) { return user }
        guard let header = request.headers["authorization"] else { return .anonymous }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .anonymous }
        guard let user = try await user(of: parts[1].trimmed) else { throw .unauthorized() }
        return user
    }

    /// Whom a bearer token stands for; nil when nobody accepts it.
    func user(of token: String) async throws(APIStatus) -> UserInfo? {
        if let user = staticTokens.user(of: token) { return user }
        if let serviceAccounts, let user = try await serviceAccounts.user(of: token, api) { return user }
        if acceptsBootstrapTokens, let token = BootstrapToken(token) { return try await user(of: token) }
        return nil
    }

    private func user(of token: BootstrapToken) async throws(APIStatus) -> UserInfo? {
        let key = ObjectKey(namespace: BootstrapToken.namespace, name: token.secretName)
        guard let secret = try await api.find(.secrets, key).flatMap(BootstrapTokenSecret.init),
            secret.isForAuthentication,
            !secret.isExpired(at: api.now()), ConstantTime.equal(secret.token.secret, token.secret)
        else { return nil }
        return secret.user
    }

    /// Common name and organizations of a certificate that TLS has verified.
    private static func user(of certificate: [UInt8]) -> UserInfo? {
        let pem = "-----BEGIN CERTIFICATE-----\n\(Base64.encode(certificate))\n-----END CERTIFICATE-----\n"
        guard let facts = try? Certificate(pem: Array(pem.utf8)), !facts.commonName.isEmpty else { return nil }
        return UserInfo(name: facts.commonName, groups: facts.organizations + ["system:authenticated"])
    }
}

/// Tokens given at start. Its description shows none of them.
package struct StaticTokens: Sendable, CustomStringConvertible, CustomReflectable {
    private let tokens: [(token: String, user: UserInfo)]

    package init(_ tokens: [String: UserInfo] = [:]) { self.tokens = tokens.map { ($0.key, $0.value) } }

    func user(of token: String) -> UserInfo? { tokens.first { ConstantTime.equal($0.token, token) }?.user }

    package var description: String { "StaticTokens(\(tokens.count))" }
    package var customMirror: Mirror { Mirror(self, children: ["count": tokens.count]) }
}

enum ConstantTime {
    /// Compares secrets without telling by its duration where they differ.
    static func equal(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
