import KubeObjects

/// The schema of one version of a custom resource, with its rules read: everything that a write of one is put through.
package struct CompiledSchema: Sendable {
    package let structure: StructuralSchema
    package let rules: ValidationRules?
    private let scale: ScalePaths?

    /// Reads `spec.versions[].schema.openAPIV3Schema`. A schema that cannot be read is an error; rules that cannot
    /// are listed by `ruleProblems`. `scale` is the version's `subresources.scale`, whose fields are checked too.
    package init(_ openAPIV3Schema: JSON, scale: ScalePaths? = nil) throws(FieldError) {
        self.scale = scale
        structure = try StructuralSchema(openAPIV3Schema)
        rules = ValidationRules(structure)
    }

    /// What is wrong with the rules themselves; a CRD with such a rule is refused.
    package func ruleProblems(at path: FieldPath) -> [FieldError] { rules?.problems(at: path) ?? [] }

    package func defaulted(_ object: JSON) -> JSON { structure.defaulted(object) }

    package func prune(_ object: JSON) -> (object: JSON, unknownFields: [String]) { structure.prune(object) }

    package struct Verdict: Sendable {
        package var errors: [FieldError] = []
        /// Faults of parts that an update left as they were.
        package var warnings: [FieldError] = []

        package var isAccepted: Bool { errors.isEmpty }
    }

    /// Checks an object, already pruned and defaulted: the schema, embedded resources, sets and list-maps, and, when
    /// the shape is right, the rules. `old` is the stored object on an update.
    package func validate(_ object: JSON, old: JSON? = nil) -> Verdict {
        var validation = SchemaValidation()
        let correlation = old.map { Correlation(old: $0, new: object, schema: structure) }
        var errors = validation.validate(object, structure, at: .root, correlation)
        if let scale { errors += scale.specErrors(in: object) + scale.statusErrors(in: object) }
        return finish(object, old, errors, validation.warnings)
    }

    /// Checks an update of the status subresource: of the schema only the status, of the rules all.
    package func validateStatus(_ object: JSON, old: JSON) -> Verdict {
        var validation = SchemaValidation()
        var errors: [FieldError] = []
        if let status = object["status"], let schema = structure.schema(ofField: "status") {
            let correlation = old["status"].map { Correlation(old: $0, new: status, schema: schema) }
            errors = validation.validate(status, schema, at: "status", correlation)
        }
        if let scale { errors += scale.statusErrors(in: object) }
        return finish(object, old, errors, validation.warnings)
    }

    private func finish(_ object: JSON, _ old: JSON?, _ found: [FieldError], _ warnings: [FieldError]) -> Verdict {
        var verdict = Verdict(errors: found, warnings: warnings)
        verdict.errors += structure.embeddedResourceErrors(in: object, at: .root)
        // Duplicates that were there before do not make an object unwritable.
        if old.map({ structure.duplicates(in: $0, at: .root).isEmpty }) ?? true {
            verdict.errors += structure.duplicates(in: object, at: .root)
        }
        guard let rules else { return verdict }
        guard !verdict.errors.contains(where: \.blocksRules) else {
            verdict.errors.append(
                .invalid(
                    .root, .null,
                    "some validation rules were not checked because the object was invalid; correct the existing "
                        + "errors to complete validation"))
            return verdict
        }
        let judged = rules.validate(object, old: old)
        verdict.errors += judged.errors
        verdict.warnings += judged.warnings
        return verdict
    }
}

extension FieldError {
    /// Whether rules must not run on an object with this error: they trust its shape and size.
    fileprivate var blocksRules: Bool {
        switch kind {
        case .notSupported, .required, .tooLong, .tooMany, .typeInvalid: true
        default: false
        }
    }
}

extension StructuralSchema {
    /// Whole resources inside a resource need an apiVersion and a kind.
    func embeddedResourceErrors(in value: JSON, at path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        switch value {
        case .object(let fields):
            if isEmbeddedResource {
                for name in ["apiVersion", "kind"] {
                    switch fields[name] {
                    case nil: errors.append(.required(path.child(name)))
                    case .string(""): errors.append(.invalid(path.child(name), "", "must not be empty"))
                    case .string: break
                    case .some(let other): errors.append(.invalid(path.child(name), other, "must be a string"))
                    }
                }
            }
            for (name, field) in fields.sorted(by: { $0.key < $1.key }) {
                if let property = properties[name] {
                    errors += property.embeddedResourceErrors(in: field, at: path.child(name))
                } else if case .schema(let schema) = additionalProperties {
                    errors += schema.embeddedResourceErrors(in: field, at: path.key(name))
                }
            }
        case .array(let list):
            guard let items else { break }
            for (index, item) in list.enumerated() {
                errors += items.embeddedResourceErrors(in: item, at: path.index(index))
            }
        default: break
        }
        return errors
    }
}
