import KubeObjects

/// The x-kubernetes-validations of a schema and of all that is below it, read once and run on every write.
package final class ValidationRules: Sendable {
    /// What all rules of one write may cost together, as in Kubernetes.
    package static let costBudget = 10_000_000

    /// The schema that values are typed by.
    private let schema: StructuralSchema
    private let rules: [CompiledRule]
    private let properties: [String: ValidationRules]
    private let additional: ValidationRules?
    private let items: ValidationRules?
    private let allOf: [ValidationRules]

    /// Nil when there is no rule anywhere in the schema of a resource.
    package convenience init?(_ schema: StructuralSchema) {
        self.init(rulesOf: schema, valuesOf: schema, isResource: true)
    }

    /// Rules may stand in an `allOf`, apart from the schema that types the values they look at.
    private init?(rulesOf rules: StructuralSchema, valuesOf values: StructuralSchema, isResource: Bool) {
        schema = isResource ? values.asResource : values
        self.rules = rules.rules.map(CompiledRule.init)
        var properties: [String: ValidationRules] = [:]
        for (name, property) in rules.properties {
            guard let typed = values.properties[name] else { continue }
            properties[name] = ValidationRules(
                rulesOf: property, valuesOf: typed, isResource: typed.isEmbeddedResource)
        }
        self.properties = properties
        if case .schema(let rules) = rules.additionalProperties, case .schema(let typed) = values.additionalProperties {
            additional = ValidationRules(rulesOf: rules, valuesOf: typed, isResource: typed.isEmbeddedResource)
        } else {
            additional = nil
        }
        if let rules = rules.items, let typed = values.items {
            items = ValidationRules(rulesOf: rules, valuesOf: typed, isResource: typed.isEmbeddedResource)
        } else {
            items = nil
        }
        allOf = rules.allOf.compactMap { ValidationRules(rulesOf: $0, valuesOf: values, isResource: isResource) }
        if self.rules.isEmpty, properties.isEmpty, additional == nil, items == nil, allOf.isEmpty { return nil }
    }

    /// What the rules have against `object`, and, of an update that leaves a wrong part as it was, what they would
    /// have against it if it were new.
    package func validate(_ object: JSON, old: JSON?) -> (errors: [FieldError], warnings: [FieldError]) {
        var run = RuleRun(budget: Self.costBudget)
        let correlation = old.map { Correlation(old: $0, new: object, schema: schema) }
        run.validate(self, object, old: old, at: .root, correlation.map(Ratchet.correlated) ?? .never)
        return (run.errors, run.warnings)
    }

    /// The rules that cannot be read, each at its place below `path`: what creating the CRD is refused with.
    package func problems(at path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, compiled) in rules.enumerated() {
            let place = path.child("x-kubernetes-validations").index(index)
            if let problem = compiled.problem {
                errors.append(.invalid(place.child("rule"), .string(compiled.rule.rule), problem))
            }
            if let problem = compiled.messageProblem {
                errors.append(
                    .invalid(
                        place.child("messageExpression"), .string(compiled.rule.messageExpression),
                        "messageExpression \(problem)"))
            }
        }
        for (name, rules) in properties.sorted(by: { $0.key < $1.key }) {
            errors += rules.problems(at: path.child("properties").key(name))
        }
        errors += additional?.problems(at: path.child("additionalProperties")) ?? []
        errors += items?.problems(at: path.child("items")) ?? []
        for (index, rules) in allOf.enumerated() { errors += rules.problems(at: path.child("allOf").index(index)) }
        return errors
    }

    /// How many rules there are, here and below.
    package var count: Int {
        rules.count + properties.values.reduce(0) { $0 + $1.count } + (additional?.count ?? 0) + (items?.count ?? 0)
            + allOf.reduce(0) { $0 + $1.count }
    }
}

/// Whether an error on a part is only a warning because the part did not change.
private enum Ratchet {
    case never
    case correlated(Correlation)
    /// Below a part that cannot be correlated: the nearest part above that could be decides.
    case uncorrelated(nearest: Correlation)

    var isUnchanged: Bool {
        switch self {
        case .never: false
        case .correlated(let correlation), .uncorrelated(let correlation): correlation.isUnchanged
        }
    }

    func field(_ name: String, isRoot: Bool) -> Ratchet {
        guard case .correlated(let correlation) = self else { return self }
        // Both sides were converted to the same kind and version, so that they say nothing of what changed.
        if isRoot, name == "apiVersion" || name == "kind" { return .never }
        return correlation.field(name).map(Ratchet.correlated) ?? .uncorrelated(nearest: correlation)
    }

    func item(_ index: Int) -> Ratchet {
        guard case .correlated(let correlation) = self else { return self }
        return correlation.item(index).map(Ratchet.correlated) ?? .uncorrelated(nearest: correlation)
    }
}

/// One walk over an object.
private struct RuleRun {
    private(set) var errors: [FieldError] = []
    private(set) var warnings: [FieldError] = []
    /// Below zero, nothing more is run.
    private var budget: Int

    init(budget: Int) { self.budget = budget }

    mutating func validate(_ node: ValidationRules, _ value: JSON, old: JSON?, at path: FieldPath, _ ratchet: Ratchet) {
        guard !value.isNull, budget >= 0 else { return }
        node.run(&self, value, old: old?.nonNull, at: path, ratchet)
    }

    mutating func stop(_ error: FieldError) {
        errors.append(error)
        budget = -1
    }

    mutating func spend(_ cost: Int) -> Bool {
        guard cost <= budget else { return false }
        budget -= cost
        return true
    }

    var isExhausted: Bool { budget <= 0 }
    var isStopped: Bool { budget < 0 }

    mutating func report(_ error: FieldError) { errors.append(error) }
    mutating func warn(_ error: FieldError) { warnings.append(error) }
}

extension ValidationRules {
    fileprivate func run(_ run: inout RuleRun, _ value: JSON, old: JSON?, at path: FieldPath, _ ratchet: Ratchet) {
        runRules(&run, value, old: old, at: path, ratchet)
        for branch in allOf {
            guard !run.isStopped else { return }
            let nearest: Ratchet =
                if case .uncorrelated = ratchet { ratchet } else { .never }
            run.validate(branch, value, old: old, at: path, nearest)
        }
        switch value {
        case .object(let fields):
            let oldFields = schema.isGranularMap ? old?.object : nil
            for (name, field) in fields.sorted(by: { $0.key < $1.key }) {
                guard !run.isStopped else { return }
                if let rules = properties[name] {
                    run.validate(
                        rules, field, old: oldFields?[name], at: path.child(name),
                        ratchet.field(name, isRoot: path.isRoot))
                } else if let additional, schema.properties[name] == nil {
                    run.validate(
                        additional, field, old: oldFields?[name], at: path.key(name),
                        ratchet.field(name, isRoot: path.isRoot))
                }
            }
        case .array(let list):
            guard let items else { return }
            for (index, item) in list.enumerated() {
                guard !run.isStopped else { return }
                // Only the items of list-maps have an old self.
                let oldItem = old.flatMap { schema.correlate(item, in: $0) }
                run.validate(items, item, old: oldItem, at: path.index(index), ratchet.item(index))
            }
        default: break
        }
    }

    private func runRules(_ run: inout RuleRun, _ value: JSON, old: JSON?, at path: FieldPath, _ ratchet: Ratchet) {
        guard !rules.isEmpty else { return }
        let type = JSON.string(schema.type)
        guard !run.isExhausted else { return run.stop(outOfBudget(path)) }
        let selfValue: CELValue
        let oldValue: CELValue?
        do throws(CELError) {
            selfValue = try CELValue(value, schema)
            oldValue = if let old { try CELValue(old, schema) } else { nil }
        } catch {
            for compiled in rules where compiled.program != nil {
                run.report(.invalid(path, type, "\(error.message) evaluating rule: \(compiled.rule.title)"))
            }
            return
        }
        for compiled in rules {
            if let problem = compiled.problem {
                run.report(.invalid(path, type, "rule compile error: \(problem)"))
                continue
            }
            guard let program = compiled.program else { continue }
            let isOptional = compiled.rule.hasOptionalOldSelf
            // A transition rule says nothing about what is new.
            if program.usesOldSelf, oldValue == nil, !isOptional { continue }
            let oldSelf: CELValue? = isOptional ? .optional(oldValue) : oldValue
            let (result, cost) = program.run(self: selfValue, oldSelf: oldSelf)
            guard run.spend(cost) else { return run.stop(outOfBudget(path)) }
            switch result {
            case .failure(let error):
                if error.isCostLimit {
                    return run.stop(
                        .invalid(
                            path, type,
                            "'\(error.message)': no further validation rules will be run due to call cost exceeds "
                                + "limit for rule: \(compiled.rule.title)"))
                }
                run.report(.invalid(path, type, failure(error, compiled.rule)))
            case .success(.bool(true)): continue
            case .success(.bool(false)):
                guard let detail = detail(&run, compiled, selfValue, oldSelf, at: path) else { return }
                let shown = schema.type == "object" || schema.type == "array" ? JSON?.none : value
                let error = compiled.failure(at: path, value: shown, detail: detail)
                if !program.usesOldSelf, ratchet.isUnchanged {
                    run.warn(error)
                } else {
                    run.report(error)
                }
            case .success:
                run.report(.invalid(path, type, "rule compile error: cel expression must evaluate to a bool"))
            }
        }
    }

    private func outOfBudget(_ path: FieldPath) -> FieldError {
        .invalid(
            path, .string(schema.type),
            "validation failed due to running out of cost budget, no further validation rules will be run")
    }

    private func failure(_ error: CELError, _ rule: ValidationRule) -> String {
        error.message.hasPrefix("no such overload")
            ? "'\(error.message)': call arguments did not match a supported operator, function or macro signature "
                + "for rule: \(rule.title)"
            : "\(error.message) evaluating rule: \(rule.title)"
    }

    /// The longest message that a messageExpression may make, in bytes.
    private static let messageLimit = 5 * 1024

    /// What is said of a rule that does not hold: its messageExpression's text if that is one line of a sensible
    /// length, else its message. Nil when the run had to be stopped.
    private func detail(
        _ run: inout RuleRun, _ compiled: CompiledRule, _ value: CELValue, _ old: CELValue?, at path: FieldPath
    ) -> String? {
        guard let program = compiled.messageProgram else { return compiled.rule.failure }
        let (result, cost) = program.run(self: value, oldSelf: old)
        guard run.spend(cost) else {
            run.stop(
                .invalid(
                    path, .string(schema.type),
                    "messageExpression evaluation failed due to running out of cost budget, no further validation "
                        + "rules will be run"))
            return nil
        }
        switch result {
        case .success(.string(let text)):
            let line = text.trimmingSpace()
            let isUsable = !line.isEmpty && line.utf8.count <= Self.messageLimit && !line.contains("\n")
            return isUsable ? line : compiled.rule.failure
        case .failure(let error) where error.isCostLimit:
            run.stop(
                .invalid(
                    path, .string(schema.type),
                    "no further validation rules will be run due to call cost exceeds limit for messageExpression: "
                        + GoText.quoted(compiled.rule.messageExpression)))
            return nil
        default: return compiled.rule.failure
        }
    }
}
