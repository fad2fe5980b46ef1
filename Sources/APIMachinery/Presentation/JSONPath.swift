import KubeObjects

/// The JSONPath of additionalPrinterColumns: fields, quoted keys, indices, wildcards and filters, from the root of the
/// object on. `.status.conditions[?(@.type=="Ready")].status`.
struct JSONPath: Sendable, Hashable {
    indirect enum Step: Sendable, Hashable {
        case field(String)
        case index(Int)
        case wildcard
        case filter(JSONPath, Comparison?)
    }

    struct Comparison: Sendable, Hashable {
        enum Operator: String, CaseIterable {
            // The longer ones first, as the text is matched in this order.
            case equal = "=="
            case notEqual = "!="
            case atMost = "<="
            case atLeast = ">="
            case less = "<"
            case greater = ">"
        }

        enum Operand: Sendable, Hashable {
            case literal(JSON)
            case path(JSONPath)
        }

        var comparator: Operator
        var operand: Operand
    }

    var steps: [Step] = []

    /// Reads a path, with or without the braces and the `$` it may be dressed in; nil for what is beyond the subset.
    init?(_ text: String) {
        var rest = text[...]
        if rest.first == "{", rest.last == "}" { rest = rest.dropFirst().dropLast() }
        if rest.first == "$" { rest = rest.dropFirst() }
        while let first = rest.first {
            switch first {
            case ".":
                rest = rest.dropFirst()
                if rest.isEmpty || rest.first == "[" { continue }
                guard let name = Self.name(&rest) else { return nil }
                steps.append(name == "*" ? .wildcard : .field(name))
            case "[":
                guard let step = Self.bracket(&rest) else { return nil }
                steps.append(step)
            default:
                guard steps.isEmpty, let name = Self.name(&rest) else { return nil }
                steps.append(.field(name))
            }
        }
    }

    /// A field name up to the next `.` or `[`; a backslash takes the next character as it is.
    private static func name(_ rest: inout Substring) -> String? {
        var name = ""
        while let character = rest.first, character != ".", character != "[" {
            rest = rest.dropFirst()
            if character == "\\", let escaped = rest.first {
                name.append(escaped)
                rest = rest.dropFirst()
            } else {
                name.append(character)
            }
        }
        return name.isEmpty ? nil : name
    }

    private static func bracket(_ rest: inout Substring) -> Step? {
        guard let end = closing(rest) else { return nil }
        let inside = rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        if inside == "*" { return .wildcard }
        if let index = Int(inside) { return .index(index) }
        if let text = quoted(inside) { return .field(text) }
        guard inside.hasPrefix("?("), inside.hasSuffix(")") else { return nil }
        return filter(inside.dropFirst(2).dropLast())
    }

    /// The `]` that ends the bracket at the start; quotes hide brackets.
    private static func closing(_ text: Substring) -> Substring.Index? {
        var depth = 0
        var quote: Character?
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
                continue
            }
            switch character {
            case "'", "\"": quote = character
            case "[": depth += 1
            case "]":
                depth -= 1
                if depth == 0 { return index }
            default: break
            }
        }
        return nil
    }

    private static func quoted(_ text: Substring) -> String? {
        guard let first = text.first, first == "'" || first == "\"", text.count >= 2, text.last == first
        else { return nil }
        return String(text.dropFirst().dropLast())
    }

    private static func filter(_ text: Substring) -> Step? {
        for comparator in Comparison.Operator.allCases {
            guard let range = text.firstRange(of: comparator.rawValue) else { continue }
            guard let left = operandPath(text[..<range.lowerBound]) else { return nil }
            let right = trimmed(text[range.upperBound...])
            if let path = operandPath(right) {
                return .filter(left, Comparison(comparator: comparator, operand: .path(path)))
            }
            let literal = quoted(right).map(JSON.string) ?? (try? JSON(parsing: String(right)))
            guard let literal else { return nil }
            return .filter(left, Comparison(comparator: comparator, operand: .literal(literal)))
        }
        return operandPath(text).map { .filter($0, nil) }
    }

    private static func operandPath(_ text: Substring) -> JSONPath? {
        let text = trimmed(text)
        guard text.first == "@" else { return nil }
        return JSONPath(String(text.dropFirst()))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return text
    }
}

extension JSONPath {
    /// Everything the path leads to, in order; nothing where a field is missing.
    func values(in root: JSON) -> [JSON] {
        var found = [root]
        for step in steps { found = found.flatMap { Self.follow(step, from: $0) } }
        return found
    }

    private static func follow(_ step: Step, from value: JSON) -> [JSON] {
        switch step {
        case .field(let name): return value[name].map { [$0] } ?? []
        case .index(let index):
            let items = value.array ?? []
            let place = index < 0 ? items.count + index : index
            return items.indices.contains(place) ? [items[place]] : []
        case .wildcard:
            if let items = value.array { return items }
            return (value.object ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        case .filter(let path, let comparison):
            return (value.array ?? []).filter { item in
                guard let left = path.values(in: item).first else { return false }
                guard let comparison else { return true }
                let right: JSON? =
                    switch comparison.operand {
                    case .literal(let literal): literal
                    case .path(let path): path.values(in: item).first
                    }
                return right.map { compare(left, $0, comparison.comparator) } ?? false
            }
        }
    }

    private static func compare(_ left: JSON, _ right: JSON, _ comparator: Comparison.Operator)
        -> Bool
    {
        let order: Int
        if let left = left.number, let right = right.number {
            order = left < right ? -1 : left > right ? 1 : 0
        } else if let left = left.string, let right = right.string {
            order = left < right ? -1 : left > right ? 1 : 0
        } else {
            return comparator == .equal ? left == right : comparator == .notEqual ? left != right : false
        }
        return switch comparator {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .greater: order > 0
        case .atMost: order <= 0
        case .atLeast: order >= 0
        }
    }
}
