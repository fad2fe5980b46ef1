import FoundationEssentials
import KubeObjects

/// A token that lets a machine join: `id.secret`, kept in the Secret kube-system/bootstrap-token-ID.
struct BootstrapToken: Sendable, Equatable, CustomStringConvertible {
    static let namespace = "kube-system"
    static let secretType = "bootstrap.kubernetes.io/token"

    let id: String
    let secret: String

    /// The id alone.
    var description: String { "\(id).(redacted)" }

    init(id: String, secret: String) {
        self.id = id
        self.secret = secret
    }

    /// Reads `[a-z0-9]{6}.[a-z0-9]{16}`.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 6, parts[1].utf8.count == 16,
            parts.allSatisfy({ $0.utf8.allSatisfy(Self.isAllowed) })
        else { return nil }
        id = String(parts[0])
        secret = String(parts[1])
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    var secretName: String { "bootstrap-token-\(id)" }
}

/// What such a Secret says.
struct BootstrapTokenSecret: Sendable {
    let token: BootstrapToken
    let expiration: Date?
    let isForAuthentication: Bool
    let isForSigning: Bool
    let extraGroups: [String]

    /// Nil when the Secret is no bootstrap token or is not a whole one.
    init?(_ secret: KubeObject) {
        guard secret["type"]?.string == BootstrapToken.secretType, secret.namespace == BootstrapToken.namespace,
            let id = Self.text(secret, "token-id"), let value = Self.text(secret, "token-secret"),
            let token = BootstrapToken("\(id).\(value)"), token.secretName == secret.name
        else { return nil }
        self.token = token
        if let text = Self.text(secret, "expiration") {
            // An expiration that cannot be read counts as passed: the careful reading.
            expiration = Timestamp.parse(text) ?? .distantPast
        } else {
            expiration = nil
        }
        isForAuthentication = Self.text(secret, "usage-bootstrap-authentication") == "true"
        isForSigning = Self.text(secret, "usage-bootstrap-signing") == "true"
        extraGroups = (Self.text(secret, "auth-extra-groups") ?? "").split(separator: ",").map(String.init)
    }

    private static func text(_ secret: KubeObject, _ key: String) -> String? {
        secret[path: "data", key]?.string.flatMap(Base64.decode).map { String(decoding: $0, as: UTF8.self) }
    }

    func isExpired(at now: Date) -> Bool { expiration.map { $0 <= now } ?? false }

    /// Who carries this token.
    var user: UserInfo {
        let groups = extraGroups.filter { $0.hasPrefix("system:bootstrappers:") }
        return UserInfo(
            name: "system:bootstrap:\(token.id)",
            groups: ["system:bootstrappers"] + groups.sorted() + ["system:authenticated"])
    }
}
