import KubeObjects

/// One of x-kubernetes-validations, read once.
struct CompiledRule: Sendable {
    let rule: ValidationRule
    /// Nil for an empty rule, which holds always.
    let program: CELProgram?
    let messageProgram: CELProgram?
    /// Why the rule cannot run.
    let problem: String?
    /// Why its messageExpression cannot; the rule's own message then speaks.
    let messageProblem: String?
    /// `fieldPath` as errors write it, without the dot in front.
    let fieldPath: String

    init(_ rule: ValidationRule) {
        self.rule = rule
        (program, problem) = Self.compile(rule.rule)
        (messageProgram, messageProblem) = Self.compile(rule.messageExpression)
        fieldPath = Self.normalized(rule.fieldPath)
    }

    private static func compile(_ text: String) -> (CELProgram?, String?) {
        guard !text.trimmingSpace().isEmpty else { return (nil, nil) }
        do throws(CELSyntaxError) {
            return (try CELProgram(text), nil)
        } catch {
            return (nil, "compilation failed: \(error)")
        }
    }

    /// `.spec.map['key']` as `spec.map[key]`.
    private static func normalized(_ path: String) -> String {
        let plain = path.split(separator: "'", omittingEmptySubsequences: false).joined()
        return plain.hasPrefix(".") ? String(plain.dropFirst()) : plain
    }

    var usesOldSelf: Bool { program?.usesOldSelf ?? false }

    /// The error of a rule that does not hold.
    func failure(at path: FieldPath, value: JSON?, detail: String) -> FieldError {
        let path = fieldPath.isEmpty ? path : path.child(fieldPath)
        return switch rule.reason {
        case "FieldValueForbidden": .forbidden(path, detail)
        case "FieldValueRequired": .required(path, detail)
        case "FieldValueDuplicate": .duplicate(path, value)
        default: .invalid(path, value, detail)
        }
    }
}
