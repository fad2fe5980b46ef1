import FoundationEssentials
import KubeObjects
import TenantAPI

/// What a root's Secret says of its rotation in annotations.
package struct RootMarks: Sendable, Hashable {
    /// As it stands on the Secret: empty asks, a time says when it was last done.
    package var rotate: String?
    package var finish: String?
    /// When the signing root followed another; nil while none is on its way out.
    package var promotedAt: Date?

    package init(_ secret: KubeObject?) {
        rotate = secret?.annotations[Keys.rotate]
        finish = secret?.annotations[Keys.finishRotation]
        promotedAt = secret?.annotations[Keys.promoted].flatMap(Timestamp.parse)
    }

    package init() {}

    /// What we put on the Secret. A user's empty annotation that nothing was done about yet is left to its user.
    package var annotations: [String: String] {
        var annotations: [String: String] = [:]
        if let rotate, !rotate.isEmpty { annotations[Keys.rotate] = rotate }
        if let finish, !finish.isEmpty { annotations[Keys.finishRotation] = finish }
        annotations[Keys.promoted] = promotedAt.map(Timestamp.format)
        return annotations
    }

    package var asksForRotation: Bool { rotate == "" }
    package var asksToFinish: Bool { finish == "" }

    /// A rotation begins. A wish for an end that was left over from before it is no wish for its end.
    mutating func begin(_ now: Date) {
        if asksForRotation { rotate = Timestamp.format(now) }
        if asksToFinish { finish = Timestamp.format(now) }
        promotedAt = nil
    }

    mutating func drop(_ now: Date) {
        if asksToFinish { finish = Timestamp.format(now) }
        promotedAt = nil
    }
}

extension RootMarks {
    /// Takes note of a step that is being done.
    package func after(_ step: RotationStep, now: Date) -> RootMarks {
        var marks = self
        switch step {
        case .stay: break
        case .begin: marks.begin(now)
        case .promote: marks.promotedAt = now
        case .drop: marks.drop(now)
        }
        return marks
    }
}
