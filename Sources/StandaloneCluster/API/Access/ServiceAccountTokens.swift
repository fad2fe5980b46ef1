import APIMachinery
import FoundationEssentials
import KubeObjects
import PKI

/// Signs and verifies the tokens of service accounts: JSON Web Tokens, RS256 or ES256 as the key is.
package struct ServiceAccountTokens: Sendable {
    /// Kubernetes' bounds for what may be asked: ten minutes to a year.
    static let lifetimes: ClosedRange<Int64> = 600...31_536_000

    let issuer: String
    let audiences: [String]
    private let signer: PrivateKey?
    private let verifiers: [PublicKey]

    /// `keys` verify; `signer`, when given, signs and verifies too.
    package init(issuer: String, audiences: [String], signer: PrivateKey?, keys: [PublicKey]) throws(PKIError) {
        self.issuer = issuer
        self.audiences = audiences.isEmpty ? [issuer] : audiences
        self.signer = signer
        var verifiers = keys
        if let signer { verifiers.append(try PublicKey(pem: signer.publicKeyPEM)) }
        self.verifiers = verifiers
    }

    /// A token for `account`, good for `seconds` from `now` on.
    func issue(
        to account: KubeObject, audiences wanted: [String], seconds: Int64, bound: JSON?, now: Date
    ) throws(APIStatus) -> (token: String, expires: Date) {
        guard let signer else {
            throw .internalError("no service account key is configured, so no token can be issued")
        }
        let lifetime = min(max(seconds, Self.lifetimes.lowerBound), Self.lifetimes.upperBound)
        let start = Int64(now.timeIntervalSince1970)
        var details: JSON = [
            "namespace": .string(account.namespace ?? ""),
            "serviceaccount": ["name": .string(account.name), "uid": .string(account.uid)],
        ]
        if let bound, let kind = bound["kind"]?.string?.lowercased() {
            details[kind] = ["name": bound["name"] ?? "", "uid": bound["uid"] ?? ""]
        }
        let claims: JSON = [
            "iss": .string(issuer), "sub": .string(Self.userName(account.namespace ?? "", account.name)),
            "aud": JSON(wanted.isEmpty ? audiences : wanted), "iat": .integer(start), "nbf": .integer(start),
            "exp": .integer(start + lifetime), "jti": .string(SystemMetadata.newUID()), "kubernetes.io": details,
        ]
        do throws(PKIError) {
            return (try JSONWebToken.sign(claims, with: signer), now.addingTimeInterval(TimeInterval(lifetime)))
        } catch {
            throw .internalError("cannot sign the token: \(error)")
        }
    }

    static func userName(_ namespace: String, _ name: String) -> String { "system:serviceaccount:\(namespace):\(name)" }

    /// Whom a token stands for; nil when it is none of ours, has expired, or its account is gone.
    func user(of token: String, _ api: ClusterAPI) async throws(APIStatus) -> UserInfo? {
        guard let claims = JSONWebToken.verified(token, by: verifiers), claims["iss"]?.string == issuer else {
            return nil
        }
        let now = Int64(api.now().timeIntervalSince1970)
        guard let expiry = claims["exp"]?.integer, expiry > now, claims["nbf"]?.integer ?? 0 <= now + 60 else {
            return nil
        }
        let given = claims["aud"]?.strings ?? claims["aud"]?.string.map { [$0] } ?? []
        guard !Set(given).isDisjoint(with: audiences) else { return nil }
        let details = claims["kubernetes.io"]
        guard let namespace = details?["namespace"]?.string,
            let name = details?[path: "serviceaccount", "name"]?.string,
            let account = try await api.find(.serviceAccounts, ObjectKey(namespace: namespace, name: name)),
            account.uid == details?[path: "serviceaccount", "uid"]?.string
        else { return nil }
        var user = UserInfo(
            name: Self.userName(namespace, name), uid: account.uid,
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"])
        if let id = claims["jti"]?.string { user.extra["authentication.kubernetes.io/credential-id"] = ["JTI=\(id)"] }
        for (field, type) in [("pod", ResourceType.pods), ("secret", .secrets)] {
            guard let bound = details?[field], let name = bound["name"]?.string else { continue }
            let object = try await api.find(type, ObjectKey(namespace: namespace, name: name))
            guard let object, object.uid == bound["uid"]?.string else { return nil }
            user.extra["authentication.kubernetes.io/\(field)-name"] = [name]
            user.extra["authentication.kubernetes.io/\(field)-uid"] = [object.uid]
        }
        return user
    }
}

/// Signed tokens in compact form (RFC 7515, 7519).
enum JSONWebToken {
    static func sign(_ claims: JSON, with key: PrivateKey) throws(PKIError) -> String {
        let header: JSON = ["alg": .string(key.tokenAlgorithm), "typ": "JWT", "kid": .string(try keyIdentifier(key))]
        let text = Base64URL.encode(header.encoded()) + "." + Base64URL.encode(claims.encoded())
        return text + "." + Base64URL.encode(try key.tokenSignature(of: Array(text.utf8)))
    }

    private static func keyIdentifier(_ key: PrivateKey) throws(PKIError) -> String {
        Base64URL.encode(try PublicKey(pem: key.publicKeyPEM).identifierBytes)
    }

    /// The claims, when one of `keys` has signed them.
    static func verified(_ token: String, by keys: [PublicKey]) -> JSON? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let headerBytes = Base64URL.decode(parts[0]),
            let header = try? JSON(parsing: headerBytes),
            let algorithm = header["alg"]?.string, let signature = Base64URL.decode(parts[2]),
            let claimBytes = Base64URL.decode(parts[1]), let claims = try? JSON(parsing: claimBytes)
        else { return nil }
        let signed = Array("\(parts[0]).\(parts[1])".utf8)
        // The key decides which algorithm counts, never the token.
        let isSigned = keys.contains { $0.tokenAlgorithm == algorithm && $0.verifies(signature, of: signed) }
        return isSigned ? claims : nil
    }
}
