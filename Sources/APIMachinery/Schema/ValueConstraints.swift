import KubeObjects

/// What a schema says of a value by itself: its bounds, its pattern, its choices.
package struct ValueConstraints: Sendable {
    enum Pattern: Sendable {
        case expression(RegularExpression)
        /// A pattern that does not compile refuses every value, and says why.
        case broken(pattern: String, why: String)
    }

    let enumeration: [JSON]
    let pattern: Pattern?
    let minLength: Int64?
    let maxLength: Int64?
    let minItems: Int64?
    let maxItems: Int64?
    let minProperties: Int64?
    let maxProperties: Int64?
    let minimum: Double?
    let maximum: Double?
    let excludesMinimum: Bool
    let excludesMaximum: Bool
    let multipleOf: Double?
    let hasUniqueItems: Bool

    static let unconstrained = ValueConstraints()

    private init() {
        enumeration = []
        pattern = nil
        minLength = nil
        maxLength = nil
        minItems = nil
        maxItems = nil
        minProperties = nil
        maxProperties = nil
        minimum = nil
        maximum = nil
        excludesMinimum = false
        excludesMaximum = false
        multipleOf = nil
        hasUniqueItems = false
    }

    init(_ reader: SchemaReader) throws(FieldError) {
        enumeration = try reader.list("enum")
        let pattern = try reader.text("pattern")
        if pattern.isEmpty {
            self.pattern = nil
        } else {
            do throws(RegularExpressionError) {
                self.pattern = .expression(try RegularExpression(pattern))
            } catch {
                self.pattern = .broken(pattern: pattern, why: error.description)
            }
        }
        minLength = try reader.count("minLength")
        maxLength = try reader.count("maxLength")
        minItems = try reader.count("minItems")
        maxItems = try reader.count("maxItems")
        minProperties = try reader.count("minProperties")
        maxProperties = try reader.count("maxProperties")
        minimum = try reader.number("minimum")
        maximum = try reader.number("maximum")
        excludesMinimum = try reader.flag("exclusiveMinimum")
        excludesMaximum = try reader.flag("exclusiveMaximum")
        multipleOf = try reader.number("multipleOf")
        hasUniqueItems = try reader.flag("uniqueItems")
    }
}
