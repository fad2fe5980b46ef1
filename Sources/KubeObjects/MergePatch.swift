/// JSON merge patch (RFC 7386).
package enum MergePatch {
    /// `patch` laid over `target`: null removes, objects merge, everything else replaces.
    package static func apply(_ patch: JSON, to target: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var fields = target.object ?? [:]
        for (key, change) in changes {
            if change.isNull {
                fields[key] = nil
            } else {
                fields[key] = apply(change, to: fields[key] ?? .null)
            }
        }
        return .object(fields)
    }

    /// The least patch that makes `target` of `source`. Lists are replaced whole.
    package static func difference(from source: JSON, to target: JSON) -> JSON {
        guard case .object(let before) = source, case .object(let after) = target else { return target }
        var changes: [String: JSON] = [:]
        for key in before.keys where after[key] == nil { changes[key] = .null }
        for (key, value) in after where before[key] != value {
            changes[key] = before[key].map { difference(from: $0, to: value) } ?? value
        }
        return .object(changes)
    }
}
