/// A rule as a tree, its macros already expanded and its functions found.
indirect enum CELExpression: Sendable {
    case literal(CELValue)
    case variable(String)
    case select(CELExpression, CELFieldName, isOptional: Bool)
    /// `has(a.b)`.
    case test(CELExpression, CELFieldName)
    case index(CELExpression, CELExpression, isOptional: Bool)
    case call(CELFunction, [CELExpression])
    case not(CELExpression)
    case negated(CELExpression)
    case and(CELExpression, CELExpression)
    case or(CELExpression, CELExpression)
    case conditional(CELExpression, CELExpression, CELExpression)
    case binary(CELOperator, CELExpression, CELExpression)
    case list([Element])
    case map([Entry])
    case comprehension(CELComprehension)

    struct Element: Sendable {
        let value: CELExpression
        let isOptional: Bool
    }

    struct Entry: Sendable {
        let key: CELExpression
        let value: CELExpression
        let isOptional: Bool
    }
}

/// A field's name as a rule writes it, and the property it stands for.
struct CELFieldName: Sendable {
    /// `__dash__` and its like still in it.
    let written: String
    /// Nil for a name with an escape that means nothing.
    let property: String?

    init(_ written: String) {
        self.written = written
        property = CELNames.reserved.contains(written) ? nil : CELNames.unescaped(written)
    }
}

enum CELOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case memberOf = "in"
}

/// A macro over the items of a list or the keys of a map.
struct CELComprehension: Sendable {
    enum Kind: Sendable {
        case all
        case exists
        case existsOne
        case filter
        /// With an optional condition.
        case map(where: CELExpression?)
        case transformMap(where: CELExpression?)
        case transformMapEntry(where: CELExpression?)
        case sortBy
        case optionalMap
        case optionalFlatMap
    }

    let kind: Kind
    let range: CELExpression
    let variable: String
    /// The value beside the index or key, in macros with two variables.
    let secondVariable: String?
    let body: CELExpression
}

/// How property names become CEL identifiers and back.
enum CELNames {
    /// Words that a CEL expression cannot use as names.
    static let reserved: Set<String> = [
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
        "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ]

    private static let escapes: [(String, Character)] = [("dot", "."), ("dash", "-"), ("slash", "/")]

    /// The identifier of a property; nil for a name that has none.
    static func escaped(_ name: String) -> String? {
        guard let first = name.unicodeScalars.first, !("0"..."9").contains(first) else { return nil }
        if reserved.contains(name) { return "__\(name)__" }
        var result = ""
        var rest = name[...]
        while let character = rest.first {
            if rest.hasPrefix("__") {
                result += "__underscores__"
                rest = rest.dropFirst(2)
                continue
            }
            if let escape = escapes.first(where: { $0.1 == character }) {
                result += "__\(escape.0)__"
            } else if character.isASCII, character.isLetter || character.isNumber || character == "_" {
                result.append(character)
            } else {
                return nil
            }
            rest = rest.dropFirst()
        }
        return result
    }

    /// The property of an identifier; nil when it holds an escape that means nothing.
    static func unescaped(_ identifier: String) -> String? {
        guard identifier.contains("__") else { return identifier }
        var result = ""
        var rest = identifier[...]
        while !rest.isEmpty {
            guard rest.hasPrefix("__"), let word = escapedWord(rest) else {
                result.append(rest.removeFirst())
                continue
            }
            if word == "underscores" {
                result += "__"
            } else if let escape = escapes.first(where: { $0.0 == word }) {
                result.append(escape.1)
            } else if reserved.contains(word), word.count + 4 == identifier.count {
                result += word
            } else {
                return nil
            }
            rest = rest.dropFirst(word.count + 4)
        }
        return result
    }

    /// The word between two pairs of underscores at the start of the text.
    private static func escapedWord(_ text: Substring) -> String? {
        let word = text.dropFirst(2).prefix { $0 != "_" }
        guard !word.isEmpty, text.dropFirst(2 + word.count).hasPrefix("__") else { return nil }
        return String(word)
    }
}
