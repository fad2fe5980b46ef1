import KubeObjects

/// One node of a structural schema: from it come the OpenAPI schema in the CRD and the defaults of the typed views.
package struct SchemaNode: Sendable, Hashable {
    package indirect enum Shape: Sendable, Hashable {
        /// Named fields, in the order in which they were written.
        case object([SchemaField])
        case map(SchemaNode)
        case array(SchemaNode)
        case string
        case int32
        case int64
        /// Whole numbers whose size Go leaves open: no format.
        case integer
        case boolean
        case intOrString
        /// Any JSON value, kept as it is.
        case any
    }

    /// How server-side apply merges a list or an object.
    package enum Merge: Sendable, Hashable {
        case atomic
        case set
        case map(keys: [String])
    }

    package var shape: Shape
    package var summary: String
    package var `default`: JSON?
    package var choices: [String] = []
    package var pattern: String?
    package var format: String?
    package var minimum: Int?
    package var maximum: Int?
    package var minimumLength: Int?
    package var maximumLength: Int?
    package var minimumItems: Int?
    package var maximumItems: Int?
    package var merge: Merge?
    package var isNullable = false
    package var rules: [SchemaRule] = []

    package init(_ shape: Shape, _ summary: String = "") {
        self.shape = shape
        self.summary = summary
    }
}

/// A named field of an object.
package struct SchemaField: Sendable, Hashable {
    package let name: String
    package var node: SchemaNode
    package let isRequired: Bool
}

/// A validation rule in CEL. `rule` sees the node's value as `self`, and with `oldSelf` in it, it runs on updates only.
package struct SchemaRule: Sendable, Hashable {
    /// FieldValueDuplicate is not among them: with it the API server swallows the message.
    package enum Reason: String, Sendable, Hashable {
        case invalid = "FieldValueInvalid"
        case forbidden = "FieldValueForbidden"
        case required = "FieldValueRequired"
    }

    package let rule: String
    package let message: String
    package let reason: Reason?
    /// From the node, `.a.b`: the field that the error names.
    package let fieldPath: String?
}

/// Collects an object's fields; each line is type-checked on its own, which keeps large schemas quick to compile.
@resultBuilder
package enum FieldList {
    package static func buildExpression(_ field: SchemaField) -> [SchemaField] { [field] }
    package static func buildExpression(_ fields: [SchemaField]) -> [SchemaField] { fields }
    package static func buildBlock(_ parts: [SchemaField]...) -> [SchemaField] { parts.flatMap(\.self) }
    package static func buildArray(_ parts: [[SchemaField]]) -> [SchemaField] { parts.flatMap(\.self) }
}

func required(_ name: String, _ node: SchemaNode) -> SchemaField {
    SchemaField(name: name, node: node, isRequired: true)
}

func optional(_ name: String, _ node: SchemaNode) -> SchemaField {
    SchemaField(name: name, node: node, isRequired: false)
}

extension SchemaNode {
    package static func object(_ summary: String = "", @FieldList _ fields: () -> [SchemaField]) -> SchemaNode {
        SchemaNode(.object(fields()), summary)
    }
    static func object(_ summary: String = "", _ fields: [SchemaField]) -> SchemaNode {
        SchemaNode(.object(fields), summary)
    }
    static func array(_ summary: String = "", of item: SchemaNode) -> SchemaNode { SchemaNode(.array(item), summary) }
    static func map(_ summary: String = "", of value: SchemaNode) -> SchemaNode { SchemaNode(.map(value), summary) }
    static func string(_ summary: String = "") -> SchemaNode { SchemaNode(.string, summary) }
    static func strings(_ summary: String = "") -> SchemaNode { SchemaNode(.array(SchemaNode(.string)), summary) }
    static func int32(_ summary: String = "") -> SchemaNode { SchemaNode(.int32, summary) }
    static func int64(_ summary: String = "") -> SchemaNode { SchemaNode(.int64, summary) }
    static func integer(_ summary: String = "") -> SchemaNode { SchemaNode(.integer, summary) }
    static func boolean(_ summary: String = "") -> SchemaNode { SchemaNode(.boolean, summary) }
    static func intOrString(_ summary: String = "") -> SchemaNode { SchemaNode(.intOrString, summary) }
    static func any(_ summary: String = "") -> SchemaNode { SchemaNode(.any, summary) }
    static func time(_ summary: String = "") -> SchemaNode { SchemaNode(.string, summary).format("date-time") }
}

extension SchemaNode {
    private func with(_ change: (inout SchemaNode) -> Void) -> SchemaNode {
        var node = self
        change(&node)
        return node
    }

    func `default`(_ value: JSON) -> SchemaNode { with { $0.default = value } }
    func oneOf(_ choices: [String]) -> SchemaNode { with { $0.choices = choices } }
    func matching(_ pattern: String) -> SchemaNode { with { $0.pattern = pattern } }
    func format(_ format: String) -> SchemaNode { with { $0.format = format } }
    func nullable() -> SchemaNode { with { $0.isNullable = true } }
    func atomic() -> SchemaNode { with { $0.merge = .atomic } }
    func uniqueItems() -> SchemaNode { with { $0.merge = .set } }
    func keyed(by keys: String...) -> SchemaNode { with { $0.merge = .map(keys: keys) } }
    func summary(_ text: String) -> SchemaNode { with { $0.summary = text } }

    func range(min: Int? = nil, max: Int? = nil) -> SchemaNode {
        with {
            $0.minimum = min
            $0.maximum = max
        }
    }

    func length(min: Int? = nil, max: Int? = nil) -> SchemaNode {
        with {
            $0.minimumLength = min
            $0.maximumLength = max
        }
    }

    func count(min: Int? = nil, max: Int? = nil) -> SchemaNode {
        with {
            $0.minimumItems = min
            $0.maximumItems = max
        }
    }

    func rule(
        _ rule: String, _ message: String, reason: SchemaRule.Reason? = nil, at fieldPath: String? = nil
    ) -> SchemaNode {
        with { $0.rules.append(SchemaRule(rule: rule, message: message, reason: reason, fieldPath: fieldPath)) }
    }

    func rules(_ rules: [SchemaRule]) -> SchemaNode { with { $0.rules += rules } }
}

extension SchemaNode {
    /// The node of a field some levels down; nil when there is none. `[]` steps into a list's items or a map's values.
    package func node(at path: [String]) -> SchemaNode? {
        guard let step = path.first else { return self }
        let rest = Array(path.dropFirst())
        switch shape {
        case .object(let fields): return fields.first { $0.name == step }?.node.node(at: rest)
        case .array(let item), .map(let item): return step == "[]" ? item.node(at: rest) : nil
        default: return nil
        }
    }
}
