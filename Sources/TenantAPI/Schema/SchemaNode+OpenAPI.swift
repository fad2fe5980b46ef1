import KubeObjects

extension SchemaNode {
    /// The node as a CRD's `openAPIV3Schema` has it.
    package var openAPI: JSON {
        var json: JSON = [:]
        if !summary.isEmpty { json["description"] = .string(summary) }
        writeShape(into: &json)
        json["default"] = `default`
        if !choices.isEmpty { json["enum"] = JSON(choices) }
        json["pattern"] = pattern.map { .string($0) }
        if let format { json["format"] = .string(format) }
        json["minimum"] = minimum.map { JSON($0) }
        json["maximum"] = maximum.map { JSON($0) }
        json["minLength"] = minimumLength.map { JSON($0) }
        json["maxLength"] = maximumLength.map { JSON($0) }
        json["minItems"] = minimumItems.map { JSON($0) }
        json["maxItems"] = maximumItems.map { JSON($0) }
        if isNullable { json["nullable"] = true }
        writeMerge(into: &json)
        if !rules.isEmpty { json["x-kubernetes-validations"] = .array(rules.map(\.openAPI)) }
        return json
    }

    private func writeShape(into json: inout JSON) {
        switch shape {
        case .object(let fields):
            json["type"] = "object"
            if !fields.isEmpty {
                json["properties"] = .object(
                    Dictionary(fields.map { ($0.name, $0.node.openAPI) }, uniquingKeysWith: { _, last in last }))
            }
            let required = fields.filter(\.isRequired).map(\.name).sorted()
            if !required.isEmpty { json["required"] = JSON(required) }
        case .map(let value):
            json["type"] = "object"
            json["additionalProperties"] = value.openAPI
        case .array(let item):
            json["type"] = "array"
            json["items"] = item.openAPI
        case .string: json["type"] = "string"
        case .int32:
            json["type"] = "integer"
            json["format"] = "int32"
        case .int64:
            json["type"] = "integer"
            json["format"] = "int64"
        case .integer: json["type"] = "integer"
        case .boolean: json["type"] = "boolean"
        case .intOrString:
            json["anyOf"] = [["type": "integer"], ["type": "string"]]
            json["x-kubernetes-int-or-string"] = true
        case .any: json["x-kubernetes-preserve-unknown-fields"] = true
        }
    }

    private func writeMerge(into json: inout JSON) {
        guard let merge else { return }
        if case .array = shape {
            switch merge {
            case .atomic: json["x-kubernetes-list-type"] = "atomic"
            case .set: json["x-kubernetes-list-type"] = "set"
            case .map(let keys):
                json["x-kubernetes-list-type"] = "map"
                json["x-kubernetes-list-map-keys"] = JSON(keys)
            }
        } else {
            json["x-kubernetes-map-type"] = "atomic"
        }
    }
}

extension SchemaRule {
    fileprivate var openAPI: JSON {
        var json: JSON = ["rule": .string(rule), "message": .string(message)]
        if let reason { json["reason"] = .string(reason.rawValue) }
        if let fieldPath { json["fieldPath"] = .string(fieldPath) }
        return json
    }
}
