import KubeObjects

/// Checks a value against the OpenAPI part of a schema: types, bounds, patterns, choices and combinations.
///
/// On an update, errors of parts that did not change are warnings (Kubernetes' validation ratcheting): a schema may be
/// tightened without making the objects that are there unwritable.
struct SchemaValidation {
    private(set) var warnings: [FieldError] = []

    /// All that is wrong with `value`. `correlation` is nil on creation.
    mutating func validate(
        _ value: JSON, _ schema: StructuralSchema, at path: FieldPath, _ correlation: Correlation?
    ) -> [FieldError] {
        ratcheted(value, schema, at: path, correlation).errors
    }

    /// The findings on a field or item, unless it is the one that was there before.
    private mutating func ratcheted(
        _ value: JSON, _ schema: StructuralSchema, at path: FieldPath, _ correlation: Correlation?
    ) -> SchemaFindings {
        let findings = check(value, schema, at: path, correlation)
        guard !findings.isEmpty, let correlation, correlation.isUnchanged else { return findings }
        warnings += findings.errors
        return SchemaFindings()
    }

    private mutating func check(
        _ value: JSON, _ schema: StructuralSchema, at path: FieldPath, _ correlation: Correlation?
    ) -> SchemaFindings {
        var findings = SchemaFindings()
        if let error = typeError(value, schema, at: path) { findings.add(error) }
        findings.passedChecks += 1
        if value.isNull {
            checkEnumeration(value, schema, at: path, &findings)
            return findings
        }
        checkCombinations(value, schema, at: path, correlation, &findings)
        switch value {
        case .string(let text): checkString(text, schema, at: path, &findings)
        case .integer, .number: NumberValidation(schema: schema, path: path).check(value, &findings)
        case .array(let items): checkItems(items, schema, at: path, correlation, &findings)
        default: break
        }
        checkEnumeration(value, schema, at: path, &findings)
        if case .object(let fields) = value { checkFields(fields, schema, at: path, correlation, &findings) }
        findings.passedChecks += 1
        return findings
    }

    // MARK: - One value

    private func typeError(_ value: JSON, _ schema: StructuralSchema, at path: FieldPath) -> FieldError? {
        let wanted = schema.typeNames
        guard !wanted.isEmpty || !schema.format.isEmpty else { return nil }
        let names = wanted.joined(separator: ",")
        func mismatch(_ wanted: String, _ found: String) -> FieldError {
            .typeInvalid(path, .string(found), "\(path.inBody) must be of type \(wanted): \(GoText.quoted(found))")
        }
        let found: (type: String, format: String)
        switch value {
        case .null: return wanted.isEmpty || schema.isNullable ? nil : mismatch(names, "null")
        case .bool: found = ("boolean", "")
        case .integer: found = ("integer", "int64")
        case .number: found = ("number", "float64")
        case .string: found = ("string", "")
        case .array: found = ("array", "")
        case .object: found = ("object", "")
        }
        let isNumeric = wanted.contains("number") || wanted.contains("integer")
        let isWholeNumber = found.type == "number" && wanted.contains("integer") && value.integer != nil
        let fits =
            wanted.contains(found.type) || isWholeNumber || found.type == "integer" && wanted.contains("number")
        switch value {
        case .string, .array:
            if !isNumeric, !schema.format.isEmpty { return nil }
        default:
            if !schema.format.isEmpty, !fits, found.format != schema.format {
                return mismatch(schema.format, found.format)
            }
        }
        return fits ? nil : mismatch(names, found.type)
    }

    private func checkString(
        _ text: String, _ schema: StructuralSchema, at path: FieldPath, _ findings: inout SchemaFindings
    ) {
        let constraints = schema.constraints
        let length = Int64(text.unicodeScalars.count)
        if let limit = constraints.maxLength, length > limit {
            findings.add(.tooLong(path, limit: Int(limit)))
        } else if let limit = constraints.minLength, length < limit {
            findings.add(.invalid(path, .string(text), "\(path.inBody) should be at least \(limit) chars long"))
        } else {
            switch constraints.pattern {
            case .expression(let expression) where !expression.matches(text):
                findings.add(
                    .invalid(path, .string(text), "\(path.inBody) should match '\(expression.pattern)'"))
            case .broken(let pattern, let why):
                findings.add(
                    .invalid(
                        path, .string(text),
                        "\(path.inBody) should match '\(pattern), but pattern is invalid: \(why)'"))
            default: break
            }
        }
        findings.passedChecks += 1
        guard !schema.format.isEmpty, schema.type.isEmpty || schema.type == "string" else { return }
        if !SchemaFormat.accepts(text, format: schema.format) {
            findings.add(
                .typeInvalid(
                    path, .string(text), "\(path.inBody) must be of type \(schema.format): \(GoText.quoted(text))"))
        }
        findings.passedChecks += 1
    }

    private func checkEnumeration(
        _ value: JSON, _ schema: StructuralSchema, at path: FieldPath, _ findings: inout SchemaFindings
    ) {
        let choices = schema.constraints.enumeration
        if !choices.isEmpty {
            let isChosen = !value.isNull && choices.contains { $0 == value || $0.isSameNumber(as: value) }
            if !isChosen {
                findings.add(
                    .notSupported(path, value, supported: choices.map { $0.string ?? GoText.marshaled($0) }))
            }
        }
        findings.passedChecks += 1
    }

    // MARK: - Values inside

    private mutating func checkItems(
        _ items: [JSON], _ schema: StructuralSchema, at path: FieldPath, _ correlation: Correlation?,
        _ findings: inout SchemaFindings
    ) {
        if let itemSchema = schema.items {
            for (index, item) in items.enumerated() {
                findings.merge(ratcheted(item, itemSchema, at: path.index(index), correlation?.item(index)))
            }
        }
        let constraints = schema.constraints
        if let limit = constraints.minItems, items.count < limit {
            findings.add(.invalid(path, JSON(items.count), "\(path.inBody) should have at least \(limit) items"))
        }
        if let limit = constraints.maxItems, items.count > limit {
            findings.add(.tooMany(path, count: items.count, limit: Int(limit)))
        }
        if constraints.hasUniqueItems, Set(items).count < items.count {
            findings.add(.invalid(path, "", "\(path.inBody) shouldn't contain duplicates"))
        }
        findings.passedChecks += 2
    }

    private mutating func checkFields(
        _ fields: [String: JSON], _ schema: StructuralSchema, at path: FieldPath, _ correlation: Correlation?,
        _ findings: inout SchemaFindings
    ) {
        let constraints = schema.constraints
        if let limit = constraints.minProperties, fields.count < limit {
            findings.add(
                .invalid(path, JSON(fields.count), "\(path.inBody) should have at least \(limit) properties"))
        }
        if let limit = constraints.maxProperties, fields.count > limit {
            findings.add(.tooMany(path, count: fields.count, limit: Int(limit)))
        }
        switch schema.additionalProperties {
        case .anything(allowed: false):
            for name in fields.keys.sorted() where schema.properties[name] == nil {
                findings.add(.invalid(path, .string(name), "\(path.dotted).\(name) in body is a forbidden property"))
            }
        case .schema(let additional):
            for (name, field) in fields.sorted(by: { $0.key < $1.key }) where schema.properties[name] == nil {
                findings.merge(
                    ratcheted(field, additional, at: path.child(name), childCorrelation(name, path, correlation)))
            }
        case .anything, .unspecified: break
        }
        for name in schema.propertyNames {
            guard let field = fields[name], let property = schema.properties[name] else { continue }
            findings.merge(
                ratcheted(field, property, at: path.child(name), childCorrelation(name, path, correlation)))
        }
        for name in schema.required where fields[name] == nil { findings.add(.required(path.child(name))) }
        findings.passedChecks += 1
    }

    /// The kind and version of an object are never excused as unchanged: both sides were converted to the same.
    private func childCorrelation(_ name: String, _ path: FieldPath, _ correlation: Correlation?) -> Correlation? {
        path.isRoot && (name == "kind" || name == "apiVersion") ? nil : correlation?.field(name)
    }

    // MARK: - Combinations

    private mutating func checkCombinations(
        _ value: JSON, _ schema: StructuralSchema, at path: FieldPath, _ correlation: Correlation?,
        _ findings: inout SchemaFindings
    ) {
        // Errors of a combination stand on no field: the API server names the field inside the text.
        func combination(_ text: String) -> FieldError { .invalid(.root, "", "\(GoText.quoted(path.dotted)) \(text)") }

        if !schema.anyOf.isEmpty {
            let results = schema.anyOf.map { check(value, $0, at: path, correlation) }
            if let success = results.first(where: \.isEmpty) {
                findings.merge(success)
            } else {
                findings.add(combination("must validate at least one schema (anyOf)"))
                findings.merge(closest(results))
            }
        }
        if !schema.oneOf.isEmpty {
            let results = schema.oneOf.map { check(value, $0, at: path, correlation) }
            let successes = results.filter(\.isEmpty)
            if successes.count == 1 {
                findings.merge(successes[0])
            } else if successes.isEmpty {
                findings.add(combination("must validate one and only one schema (oneOf). Found none valid"))
                findings.merge(closest(results))
            } else {
                findings.add(
                    combination(
                        "must validate one and only one schema (oneOf). Found \(successes.count) valid alternatives"))
            }
        }
        if !schema.allOf.isEmpty {
            var passed = 0
            for branch in schema.allOf {
                let result = check(value, branch, at: path, correlation)
                if result.isEmpty { passed += 1 }
                findings.merge(result)
            }
            if passed < schema.allOf.count {
                findings.add(
                    combination("must validate all the schemas (allOf)\(passed == 0 ? ". None validated" : "")"))
            }
        }
        if let not = schema.not, check(value, not, at: path, correlation).isEmpty {
            findings.add(combination("must not validate the schema (not)"))
        }
        findings.passedChecks += 1
    }

    /// The branch that came nearest: the first of those that passed most checks.
    private func closest(_ results: [SchemaFindings]) -> SchemaFindings {
        var best = SchemaFindings()
        for (index, result) in results.enumerated() where index == 0 || result.passedChecks > best.passedChecks {
            best = result
        }
        return best
    }
}

extension FieldPath {
    /// The path as the schema's messages write it; nothing at the root.
    var dotted: String { isRoot ? "" : description }

    /// `spec.foo in body`, the subject of most messages.
    var inBody: String { "\(dotted) in body" }
}

extension JSON {
    /// Whether both are numbers and equal, whatever their kinds.
    func isSameNumber(as other: JSON) -> Bool {
        guard let left = number, let right = other.number else { return false }
        return left == right
    }
}
