import KubeObjects

/// Fields that an apply would take from other managers.
package struct ApplyConflict: Error, Sendable, Hashable {
    package struct Field: Sendable, Hashable {
        package var manager: FieldManager
        package var path: [PathElement]

        package var pathText: String { path.map(\.description).joined() }
    }

    /// By manager; of each, shallow fields before deep ones.
    package var fields: [Field]

    init(_ conflicts: [FieldManager: FieldSet]) {
        fields = conflicts.sorted { $0.key.description < $1.key.description }.flatMap { manager, set in
            set.paths.map { Field(manager: manager, path: $0) }
        }
    }

    /// Without the conflicts about these paths.
    func excluding(_ allowed: FieldSet) -> ApplyConflict {
        var rest = self
        rest.fields.removeAll { allowed.contains($0.path) }
        return rest
    }

    package var message: String {
        if fields.count == 1, let only = fields.first {
            return "Apply failed with 1 conflict: conflict with \(only.manager): \(only.pathText)"
        }
        var lines: [String] = []
        var last: FieldManager?
        for field in fields {
            if field.manager != last { lines.append("conflicts with \(field.manager):") }
            last = field.manager
            lines.append("- \(field.pathText)")
        }
        return "Apply failed with \(fields.count) conflicts: \(lines.joined(separator: "\n"))"
    }

    /// The 409 with a cause for each field.
    package var status: APIStatus {
        .applyConflict(
            message,
            causes: fields.map {
                APIStatus.Cause(
                    reason: "FieldManagerConflict", message: "conflict with \($0.manager)", field: $0.pathText
                )
            })
    }
}
