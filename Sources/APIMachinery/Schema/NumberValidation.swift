import KubeObjects

/// Bounds, multiples and ranges of numbers.
struct NumberValidation {
    let schema: StructuralSchema
    let path: FieldPath

    func check(_ value: JSON, _ findings: inout SchemaFindings) {
        guard let number = value.number else { return }
        let constraints = schema.constraints
        checkRange(value, "Checked", &findings)
        if let factor = constraints.multipleOf {
            checkRange(.number(factor), "MultipleOf", &findings)
            if factor <= 0 {
                findings.add(
                    .invalid(
                        path, .number(factor),
                        "factor MultipleOf declared for \(path.dotted) must be positive: \(GoText.double(factor))"))
            } else if !isMultiple(value, number, of: factor) {
                refuse(value, "be a multiple of \(bound(factor, for: value))", &findings)
            }
        }
        if let limit = constraints.minimum {
            checkRange(.number(limit), "Minimum boundary", &findings)
            if constraints.excludesMinimum ? number <= limit : number < limit {
                let words = constraints.excludesMinimum ? "greater than" : "greater than or equal to"
                refuse(value, "be \(words) \(bound(limit, for: value))", &findings)
            }
        }
        if let limit = constraints.maximum {
            checkRange(.number(limit), "Maximum boundary", &findings)
            if constraints.excludesMaximum ? number >= limit : number > limit {
                let words = constraints.excludesMaximum ? "less than" : "less than or equal to"
                refuse(value, "be \(words) \(bound(limit, for: value))", &findings)
            }
        }
        findings.passedChecks += 2
    }

    private func refuse(_ value: JSON, _ should: String, _ findings: inout SchemaFindings) {
        findings.add(.invalid(path, value, "\(path.inBody) should \(should)"))
    }

    /// A bound as it is printed beside the value: whole beside an integer.
    private func bound(_ limit: Double, for value: JSON) -> String {
        if case .integer = value, let whole = Int64(exactly: limit.rounded(.towardZero)) { return String(whole) }
        return GoText.double(limit)
    }

    private func isMultiple(_ value: JSON, _ number: Double, of factor: Double) -> Bool {
        if case .integer(let whole) = value, let divisor = Int64(exactly: factor) { return whole % divisor == 0 }
        let quotient = factor < 1 ? 1 / factor * number : number / factor
        return abs(quotient - quotient.rounded()) < 1e-9 * max(1, abs(quotient))
    }

    /// Whether the value or the bound can be held by the schema's own type and format.
    private func checkRange(_ value: JSON, _ subject: String, _ findings: inout SchemaFindings) {
        let fits: Bool
        switch (schema.typeNames, schema.format) {
        case (["integer"], "int32"): fits = value.integer.flatMap(Int32.init(exactly:)) != nil
        case (["integer"], _): fits = value.integer != nil
        case (["number"], "float"):
            fits = value.number.map { abs($0) <= Double(Float.greatestFiniteMagnitude) } ?? false
        default: fits = true
        }
        guard !fits else { return }
        let format = schema.format.isEmpty ? "(default format)" : "with format \(schema.format)"
        // This finding names its field in the text only.
        findings.add(
            .invalid(.root, "", "\(subject) value must be of type \(schema.type) \(format) in \(path.dotted)"))
    }
}
