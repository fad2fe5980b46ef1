import KubeObjects

/// Whether a value fits a shape: of an applied configuration every field must be known and every list element its own.
enum ShapeConformance {
    /// The mismatches, in the order of their paths; empty when the value fits.
    static func mismatches(_ value: JSON, _ shape: TypeShape) -> [ShapeMismatch] {
        var found: [ShapeMismatch] = []
        check(value, shape, at: "", into: &found)
        return found
    }

    private static func check(
        _ value: JSON, _ shape: TypeShape, at path: String, into found: inout [ShapeMismatch]
    ) {
        if value.isNull { return }
        switch Treatment(shape, value) {
        case .scalar:
            if let problem = scalarProblem(value, shape.resolved) {
                found.append(ShapeMismatch(problem, at: path))
            }
        case .list(let list):
            guard case .array(let items) = value else {
                found.append(ShapeMismatch("expected list, got &{\(goText(value))}", at: path))
                return
            }
            var seen: Set<PathElement> = []
            for (index, item) in items.enumerated() {
                var element = PathElement.index(index)
                if list.isAssociative {
                    do throws(ShapeMismatch) {
                        element = try list.pathElement(of: item)
                    } catch {
                        found.append(ShapeMismatch("element \(index): \(error.message)", at: path))
                        return
                    }
                    if !seen.insert(element).inserted {
                        found.append(ShapeMismatch("duplicate entries for key \(element)", at: path))
                    }
                }
                check(item, list.element, at: "\(path)\(element)", into: &found)
            }
        case .map(let map):
            guard case .object(let fields) = value else {
                found.append(ShapeMismatch("expected map, got &{\(goText(value))}", at: path))
                return
            }
            for (name, child) in fields.sorted(by: { $0.key < $1.key }) {
                if map.named[name] == nil, map.rest == nil {
                    found.append(ShapeMismatch("field not declared in schema", at: "\(path).\(name)"))
                } else {
                    check(child, map.shape(of: name), at: "\(path).\(name)", into: &found)
                }
            }
        }
    }

    private static func scalarProblem(_ value: JSON, _ shape: TypeShape) -> String? {
        guard case .scalar(let type) = shape else { return nil }
        switch (type, value) {
        case (.string, .string), (.bytes, .string), (.boolean, .bool): return nil
        case (.int32, .integer), (.int64, .integer), (.double, .integer): return nil
        case (.int32, .number), (.int64, .number), (.double, .number): return nil
        case (.time, _), (.microTime, _), (.quantity, _), (.intOrString, _), (.untyped, _):
            switch value {
            case .array, .object: return "expected any scalar, got &{\(goText(value))}"
            default: return nil
            }
        case (.string, _), (.bytes, _):
            return "expected string, got &value.valueUnstructured{Value:\(goText(value))}"
        case (.boolean, _): return "expected boolean, got &{\(goText(value))}"
        case (.int32, _), (.int64, _), (.double, _):
            return "expected numeric (int or float), got \(goType(value))"
        }
    }

    private static func goType(_ value: JSON) -> String {
        switch value {
        case .null: "<nil>"
        case .bool: "bool"
        case .integer: "int64"
        case .number: "float64"
        case .string: "string"
        case .array: "[]interface {}"
        case .object: "map[string]interface {}"
        }
    }

    private static func goText(_ value: JSON) -> String {
        switch value {
        case .string(let text): text
        default: value.description
        }
    }
}
