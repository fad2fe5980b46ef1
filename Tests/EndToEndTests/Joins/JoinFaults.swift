/// What goes wrong while one machine joins.
struct JoinFaults: Sendable, CustomStringConvertible {
    /// Of a join, in their order.
    static let phases = [
        "preflight", "discovery", "cluster-configuration", "kubelet-files", "agent-enrolment", "kubelet-start",
        "tls-bootstrap", "node-registered", "node-ready",
    ]

    enum Token: Sendable, Hashable {
        case good
        /// It is good until a phase begins.
        case ends(String)
        /// Its secret half is another.
        case mistyped
        /// The pin is of another authority.
        case otherPin
    }

    /// SIGKILL so long after a phase has begun.
    struct Kill: Sendable, Hashable {
        var phase: String
        var milliseconds: Int
        /// Whether the run after it is told nothing that this one was told.
        var resumes: Bool
    }

    var link = EdgeMachine.Link()
    /// One for each run, from the first on.
    var kills: [Kill] = []
    var token = Token.good
    /// The phase at whose beginning the tenant's API server dies.
    var restart: String?

    init(_ generator: inout SeededGenerator) {
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }
        func phase() -> String { Self.phases.randomElement(using: &generator) ?? Self.phases[0] }
        if chance(50) { link.lostPercent = 5 }
        if chance(50) { link.kilobytesPerSecond = 64 }
        for _ in 0..<(chance(70) ? chance(30) ? 2 : 1 : 0) {
            kills.append(
                Kill(
                    phase: phase(), milliseconds: Int.random(in: 0...300, using: &generator), resumes: chance(50)))
        }
        switch Int.random(in: 0..<100, using: &generator) {
        case ..<55: token = .good
        case ..<85: token = .ends(phase())
        case ..<93: token = .mistyped
        default: token = .otherPin
        }
        if chance(30) { restart = phase() }
    }

    var description: String {
        var parts: [String] = []
        if let percent = link.lostPercent { parts.append("\(percent) % lost") }
        if let rate = link.kilobytesPerSecond { parts.append("\(rate) kB/s") }
        parts += kills.map { "killed at \($0.phase)+\($0.milliseconds)ms" }
        switch token {
        case .good: break
        case .ends(let phase): parts.append("token ends at \(phase)")
        case .mistyped: parts.append("token mistyped")
        case .otherPin: parts.append("another pin")
        }
        if let restart { parts.append("server dies at \(restart)") }
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }

    /// Why a join may fail that has to go through this; nothing else is a true cause.
    var causes: Set<JoinCause> {
        var causes: Set<JoinCause> = []
        switch token {
        case .good: break
        case .ends: causes.insert(.tokenEnded)
        case .mistyped: causes.insert(.tokenMistyped)
        case .otherPin: causes.insert(.otherAuthority)
        }
        if restart != nil { causes.insert(.serverAway) }
        if kills.contains(where: \.resumes) { causes.formUnion([.notBegun, .tokenNotKept]) }
        return causes
    }
}

/// Why a join failed, by its own words.
enum JoinCause: String, Sendable, Hashable, CaseIterable {
    case tokenEnded = "the token had ended"
    case tokenMistyped = "the token was mistyped"
    case otherAuthority = "the pin was of another authority"
    case serverAway = "the server was away"
    case notBegun = "nothing was begun that could be gone on with"
    case tokenNotKept = "the token had not come to the disk yet"

    private var words: [String] {
        switch self {
        case .tokenEnded:
            [
                "cluster-info is not signed for token", "the tenant does not accept the bootstrap token",
                "is deleted, expired or not for authentication",
            ]
        case .tokenMistyped: ["the token's secret half is mistyped"]
        case .otherAuthority: ["and the pin is sha256:"]
        case .serverAway:
            ["the API server is down, or the port is closed on the way", "could not connect", "connection was lost"]
        case .notBegun: ["this machine has not begun to join anything"]
        case .tokenNotKept: ["a bootstrap token is needed once more"]
        }
    }

    /// Nil when none of them is named, or more than one.
    init?(of message: String) {
        let named = Self.allCases.filter { $0.words.contains(where: message.contains) }
        guard named.count == 1, let cause = named.first else { return nil }
        self = cause
    }
}
