import KubeObjects

/// What validating one value found. How many checks a value passed decides which branch of an `anyOf` is reported.
struct SchemaFindings {
    private(set) var errors: [FieldError] = []
    var passedChecks = 0

    var isEmpty: Bool { errors.isEmpty }

    /// Adds an error, once: the API server says nothing twice of one value.
    mutating func add(_ error: FieldError) {
        if !errors.contains(error) { errors.append(error) }
    }

    mutating func merge(_ other: SchemaFindings) {
        for error in other.errors { add(error) }
        passedChecks += other.passedChecks
    }
}
