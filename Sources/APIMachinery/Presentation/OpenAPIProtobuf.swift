import KubeObjects

/// An OpenAPI 2 document in the protobuf form that clients of Kubernetes ask for: `openapi.v2.Document` of gnostic's
/// OpenAPIv2.proto, whence the field numbers are.
package enum OpenAPIProtobuf {
    /// As an answer names it; the `@` that clients write is nothing that their readers of media types take.
    package static let mediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

    /// Whether an Accept header asks for this form.
    package static func isAccepted(by accept: String) -> Bool {
        accept.contains("application/com.github.proto-openapi.spec.v2@v1.0+protobuf") || accept.contains(mediaType)
    }

    package static func document(_ swagger: JSON) -> [UInt8] {
        var output = ProtobufOutput()
        output.text(1, swagger["swagger"])
        output.message(2) { info in
            info.text(1, swagger["info"]?["title"])
            info.text(2, swagger["info"]?["version"])
        }
        output.message(8) { paths in
            paths.entries(2, swagger["paths"]) { path(&$0, $1) }
        }
        output.message(9) { definitions in
            definitions.entries(1, swagger["definitions"]) { schema(&$0, $1) }
        }
        return output.bytes
    }

    private static func path(_ output: inout ProtobufOutput, _ path: JSON) {
        let methods = ["get", "put", "post", "delete", "options", "head", "patch"]
        for (index, method) in methods.enumerated() {
            guard let json = path[method] else { continue }
            output.message(index + 2) { operation(&$0, json) }
        }
        for json in path["parameters"]?.array ?? [] { output.message(9) { parameter(&$0, json) } }
    }

    private static func operation(_ output: inout ProtobufOutput, _ operation: JSON) {
        output.texts(1, operation["tags"])
        output.text(3, operation["description"])
        output.text(5, operation["operationId"])
        output.texts(6, operation["produces"])
        output.texts(7, operation["consumes"])
        for json in operation["parameters"]?.array ?? [] { output.message(8) { parameter(&$0, json) } }
        output.message(9) { responses in
            responses.entries(1, operation["responses"]) { value, json in
                value.message(1) { response in
                    response.text(1, json["description"])
                    guard let body = json["schema"] else { return }
                    response.message(2) { item in item.message(1) { schema(&$0, body) } }
                }
            }
        }
        output.extensions(13, operation)
    }

    /// A ParametersItem: a reference, a body, or a parameter of the query or the path.
    private static func parameter(_ output: inout ProtobufOutput, _ parameter: JSON) {
        if let reference = parameter["$ref"] {
            output.message(2) { $0.text(1, reference) }
            return
        }
        output.message(1) { choice in
            switch parameter["in"]?.string {
            case "body":
                choice.message(1) { body in
                    body.text(1, parameter["description"])
                    body.text(2, parameter["name"])
                    body.text(3, parameter["in"])
                    body.flag(4, parameter["required"])
                    if let json = parameter["schema"] { body.message(5) { schema(&$0, json) } }
                }
            case "path": choice.message(2) { $0.message(4) { simple(&$0, parameter, type: 5) } }
            default: choice.message(2) { $0.message(3) { simple(&$0, parameter, type: 6) } }
            }
        }
    }

    /// - Parameter type: the field number of the type, which differs between the kinds of parameters.
    private static func simple(_ output: inout ProtobufOutput, _ parameter: JSON, type: Int) {
        output.flag(1, parameter["required"])
        output.text(2, parameter["in"])
        output.text(3, parameter["description"])
        output.text(4, parameter["name"])
        output.text(type, parameter["type"])
        output.text(type + 1, parameter["format"])
    }

    private static func schema(_ output: inout ProtobufOutput, _ json: JSON) {
        let texts = [("$ref", 1), ("format", 2), ("title", 3), ("description", 4), ("pattern", 13)]
        for (name, number) in texts { output.text(number, json[name]) }
        output.any(5, json["default"])
        let numbers = [("multipleOf", 6), ("maximum", 7), ("minimum", 9)]
        for (name, number) in numbers { output.number(number, json[name]) }
        let counts = [
            ("maxLength", 11), ("minLength", 12), ("maxItems", 14), ("minItems", 15), ("maxProperties", 17),
            ("minProperties", 18),
        ]
        for (name, number) in counts { output.integer(number, json[name]) }
        let flags = [("exclusiveMaximum", 8), ("exclusiveMinimum", 10), ("uniqueItems", 16), ("readOnly", 27)]
        for (name, number) in flags { output.flag(number, json[name]) }
        output.texts(19, json["required"])
        for value in json["enum"]?.array ?? [] { output.any(20, value) }
        if let additional = json["additionalProperties"] {
            output.message(21) { item in
                if additional.bool != nil {
                    item.flag(2, additional)
                } else {
                    item.message(1) { schema(&$0, additional) }
                }
            }
        }
        if let type = json["type"] { output.message(22) { $0.text(1, type) } }
        if let items = json["items"] { output.message(23) { item in item.message(1) { schema(&$0, items) } } }
        for part in json["allOf"]?.array ?? [] { output.message(24) { schema(&$0, part) } }
        if let properties = json["properties"] {
            output.message(25) { $0.entries(1, properties) { schema(&$0, $1) } }
        }
        output.extensions(31, json)
    }
}

/// Writes the fields of one protobuf message; what is absent, or of another type, is left out.
private struct ProtobufOutput {
    private(set) var bytes: [UInt8] = []

    private mutating func variableLength(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func key(_ number: Int, wire: UInt64) { variableLength(UInt64(number) << 3 | wire) }

    private mutating func block(_ number: Int, _ content: [UInt8]) {
        key(number, wire: 2)
        variableLength(UInt64(content.count))
        bytes += content
    }

    mutating func text(_ number: Int, _ json: JSON?) {
        if let text = json?.string { block(number, Array(text.utf8)) }
    }

    mutating func texts(_ number: Int, _ json: JSON?) {
        for item in json?.array ?? [] { text(number, item) }
    }

    mutating func flag(_ number: Int, _ json: JSON?) {
        guard json?.bool == true else { return }
        key(number, wire: 0)
        bytes.append(1)
    }

    mutating func integer(_ number: Int, _ json: JSON?) {
        guard let value = json?.integer else { return }
        key(number, wire: 0)
        variableLength(UInt64(bitPattern: value))
    }

    mutating func number(_ number: Int, _ json: JSON?) {
        guard let value = json?.number else { return }
        key(number, wire: 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
    }

    /// A value of any type, as YAML, of which JSON is a part.
    mutating func any(_ number: Int, _ json: JSON?) {
        guard let json else { return }
        message(number) { $0.block(2, json.encoded()) }
    }

    mutating func message(_ number: Int, _ write: (inout ProtobufOutput) -> Void) {
        var content = ProtobufOutput()
        write(&content)
        block(number, content.bytes)
    }

    /// A map as a list of messages of a name and a value, by name.
    mutating func entries(_ number: Int, _ json: JSON?, _ write: (inout ProtobufOutput, JSON) -> Void) {
        for (name, value) in (json?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            message(number) { entry in
                entry.text(1, .string(name))
                entry.message(2) { write(&$0, value) }
            }
        }
    }

    /// The fields `x-…`.
    mutating func extensions(_ number: Int, _ json: JSON) {
        for (name, value) in (json.object ?? [:]).sorted(by: { $0.key < $1.key }) where name.hasPrefix("x-") {
            message(number) { entry in
                entry.text(1, .string(name))
                entry.any(2, value)
            }
        }
    }
}
