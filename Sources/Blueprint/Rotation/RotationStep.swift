import FoundationEssentials

/// How far the rotation of a root, a certificate authority or the service accounts' key, has come.
package enum RotationStage: Sendable, Hashable, CaseIterable {
    /// One root, which signs and is trusted.
    case settled
    /// The next root is there and is being made known. The present one signs.
    case trusting
    /// The new root signs. The old one is still trusted, for those who hold what it signed.
    case overlapping
}

/// What is known of a root's rotation at one moment.
package struct RotationFacts: Sendable, Hashable {
    /// Why another root is wanted; nil when none is.
    package var reason: String?
    /// Whether the user asks for the end of the overlap.
    package var isFinishAsked = false
    /// Whether every pod runs with just what is stored.
    package var isRolledOut = false
    /// Whether everybody else who has to know the coming root was told: what is inside the tenant names it.
    package var isKnownInside = true
    /// When the old root is dropped.
    package var overlapEnd: Date?
    package var now: Date

    package init(now: Date) { self.now = now }
}

/// What to do next about a root.
package enum RotationStep: Sendable, Hashable {
    case stay
    /// Make the next root and let it be trusted.
    case begin(reason: String)
    /// Let the next root sign.
    case promote
    /// Trust the old root no more.
    case drop

    /// Each step waits for the one before it to have reached everybody. A root that is wanted while another is still
    /// being brought in comes after that one.
    package init(_ stage: RotationStage, _ facts: RotationFacts) {
        switch stage {
        case .settled: self = facts.reason.map { .begin(reason: $0) } ?? .stay
        case .trusting: self = facts.isRolledOut && facts.isKnownInside ? .promote : .stay
        case .overlapping:
            let isOver = facts.isFinishAsked || facts.overlapEnd.map { $0 <= facts.now } ?? false
            self = facts.isRolledOut && isOver ? .drop : .stay
        }
    }
}
