/// What lets a machine join a tenant: `id.secret`, as Kubernetes' bootstrap-token authentication wants it. Its
/// description is the id alone.
package struct BootstrapToken: Sendable, Hashable {
    /// Six letters and digits. Public: it names the Secret and the user `system:bootstrap:ID`.
    package let id: String
    /// Sixteen letters and digits.
    package let secret: String

    /// The alphabet of both halves (kubernetes/cluster-bootstrap, `BootstrapTokenPattern`).
    package static let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    private static let idLength = 6
    private static let secretLength = 16

    /// Reads `[a-z0-9]{6}.[a-z0-9]{16}`; nil when the text is anything else.
    package init?(_ text: String) {
        let halves = text.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        self.init(id: String(halves[0]), secret: String(halves[1]))
    }

    /// Reads a token that somebody typed, and says what is wrong with one that is none, without repeating its secret.
    package init(parsing text: String) throws(JoinInputError) {
        if let token = BootstrapToken(text) {
            self = token
            return
        }
        let halves = text.split(separator: ".", omittingEmptySubsequences: false)
        let why =
            if text.isEmpty {
                "is empty"
            } else if text.trimmingASCIISpace() != text {
                "has white space around it"
            } else if halves.count != 2 {
                "has \(halves.count - 1) dots, and one parts its id from its secret"
            } else if halves[0].utf8.count != Self.idLength {
                "has an id of \(halves[0].utf8.count) characters, and it has \(Self.idLength)"
            } else if halves[1].utf8.count != Self.secretLength {
                "has a secret of \(halves[1].utf8.count) characters, and it has \(Self.secretLength)"
            } else {
                "has something else than lower-case letters and digits"
            }
        throw JoinInputError(
            .token, "the bootstrap token \(why): \"kamaji-manager token create\" prints one, such as abcdef.0123…")
    }

    package init?(id: String, secret: String) {
        guard Self.isID(id), Self.isAllowed(secret, count: Self.secretLength) else { return nil }
        self.id = id
        self.secret = secret
    }

    private init(checked id: String, secret: String) {
        self.id = id
        self.secret = secret
    }

    /// A new one, of the system's cryptographic randomness: 82 bits of secret.
    package static func generate() -> BootstrapToken {
        var random = SystemRandomNumberGenerator()
        return generate(using: &random)
    }

    package static func generate(using random: inout some RandomNumberGenerator) -> BootstrapToken {
        BootstrapToken(checked: text(idLength, &random), secret: text(secretLength, &random))
    }

    /// A new secret for an id that is settled.
    package static func generate(id: String) -> BootstrapToken? {
        var random = SystemRandomNumberGenerator()
        return BootstrapToken(id: id, secret: text(secretLength, &random))
    }

    private static func text(_ count: Int, _ random: inout some RandomNumberGenerator) -> String {
        String((0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
    }

    package static func isID(_ text: String) -> Bool { isAllowed(text, count: idLength) }

    private static func isAllowed(_ text: String, count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }

    /// Both halves, as `--token` takes them.
    package var text: String { "\(id).\(secret)" }
}

extension BootstrapToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(id).****" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
