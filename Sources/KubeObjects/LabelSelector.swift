/// Why a selector cannot be read.
package struct SelectorError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A label selector: every requirement must hold; one without requirements selects everything.
package struct LabelSelector: Sendable, Hashable, CustomStringConvertible {
    package enum Requirement: Sendable, Hashable {
        case equals(String, String)
        case differs(String, String)
        case isIn(String, Set<String>)
        case isNotIn(String, Set<String>)
        case exists(String)
        case isAbsent(String)
    }

    package var requirements: [Requirement]

    package init(_ requirements: [Requirement] = []) { self.requirements = requirements }

    package init(equals labels: [String: String]) {
        requirements = labels.sorted { $0.key < $1.key }.map { .equals($0.key, $0.value) }
    }

    /// metav1.LabelSelector: `matchLabels` and `matchExpressions`.
    package init(_ json: JSON) throws(SelectorError) {
        var requirements = LabelSelector(equals: json["matchLabels"]?.stringMap ?? [:]).requirements
        for expression in json["matchExpressions"]?.array ?? [] {
            let key = expression["key"]?.string ?? ""
            let values = Set(expression["values"]?.strings ?? [])
            switch expression["operator"]?.string {
            case "In" where !values.isEmpty: requirements.append(.isIn(key, values))
            case "NotIn" where !values.isEmpty: requirements.append(.isNotIn(key, values))
            case "Exists" where values.isEmpty: requirements.append(.exists(key))
            case "DoesNotExist" where values.isEmpty: requirements.append(.isAbsent(key))
            case "In", "NotIn": throw SelectorError("for operator In or NotIn, values must not be empty (key \(key))")
            case "Exists", "DoesNotExist":
                throw SelectorError("for operator Exists or DoesNotExist, values must be empty (key \(key))")
            case let other: throw SelectorError("\"\(other ?? "")\" is not a valid label selector operator")
            }
        }
        self.requirements = requirements
    }

    /// The form of query strings: `a=b,c!=d,e in (x,y),f notin (z),g,!h`.
    package init(parsing text: String) throws(SelectorError) {
        var requirements: [Requirement] = []
        for term in Self.terms(text) { requirements.append(try Self.requirement(term)) }
        self.requirements = requirements
    }

    /// Splits at commas outside of parentheses.
    private static func terms(_ text: String) -> [String] {
        var terms = [""]
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 {
                terms.append("")
            } else {
                terms[terms.count - 1].append(character)
            }
        }
        let trimmed = terms.map(trim)
        return trimmed == [""] ? [] : trimmed
    }

    private static func trim(_ text: some StringProtocol) -> String {
        var text = text[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    private static func requirement(_ term: String) throws(SelectorError) -> Requirement {
        if let open = term.firstIndex(of: "("), term.hasSuffix(")") {
            let words = term[..<open].split(separator: " ").map(String.init)
            let values = Set(
                term[term.index(after: open)...].dropLast().split(separator: ",", omittingEmptySubsequences: false)
                    .map(trim))
            guard words.count == 2 else { throw SelectorError("unable to parse requirement: \(term)") }
            switch words[1] {
            case "in": return .isIn(try key(words[0], term), values)
            case "notin": return .isNotIn(try key(words[0], term), values)
            default: throw SelectorError("unable to parse requirement: \(term): expected in or notin")
            }
        }
        if let range = term.firstRange(of: "!=") {
            return .differs(try key(trim(term[..<range.lowerBound]), term), trim(term[range.upperBound...]))
        }
        if let range = term.firstRange(of: "==") ?? term.firstRange(of: "=") {
            return .equals(try key(trim(term[..<range.lowerBound]), term), trim(term[range.upperBound...]))
        }
        if term.hasPrefix("!") { return .isAbsent(try key(trim(term.dropFirst()), term)) }
        return .exists(try key(term, term))
    }

    private static func key(_ key: String, _ term: String) throws(SelectorError) -> String {
        let isKey = key.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_./".utf8.contains(byte)
        }
        guard !key.isEmpty, isKey else { throw SelectorError("unable to parse requirement: \(term): no label key") }
        return key
    }

    package var isEverything: Bool { requirements.isEmpty }

    package func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .equals(let key, let value): labels[key] == value
            case .differs(let key, let value): labels[key] != value
            case .isIn(let key, let values): labels[key].map(values.contains) ?? false
            case .isNotIn(let key, let values): labels[key].map { !values.contains($0) } ?? true
            case .exists(let key): labels[key] != nil
            case .isAbsent(let key): labels[key] == nil
            }
        }
    }

    /// The form of query strings.
    package var description: String {
        requirements.map { requirement in
            switch requirement {
            case .equals(let key, let value): "\(key)=\(value)"
            case .differs(let key, let value): "\(key)!=\(value)"
            case .isIn(let key, let values): "\(key) in (\(values.sorted().joined(separator: ",")))"
            case .isNotIn(let key, let values): "\(key) notin (\(values.sorted().joined(separator: ",")))"
            case .exists(let key): key
            case .isAbsent(let key): "!\(key)"
            }
        }.joined(separator: ",")
    }
}

/// A field selector: `metadata.name=x,status.phase!=Running`.
package struct FieldSelector: Sendable, Hashable, CustomStringConvertible {
    package struct Term: Sendable, Hashable {
        package let field: String
        package let value: String
        package let isEqual: Bool
    }

    package let terms: [Term]

    package init(equals fields: [String: String] = [:]) {
        terms = fields.sorted { $0.key < $1.key }.map { Term(field: $0.key, value: $0.value, isEqual: true) }
    }

    package init(parsing text: String) throws(SelectorError) {
        var terms: [Term] = []
        for term in text.split(separator: ",") {
            if let range = term.firstRange(of: "!=") {
                terms.append(
                    Term(
                        field: String(term[..<range.lowerBound]), value: String(term[range.upperBound...]),
                        isEqual: false))
            } else if let range = term.firstRange(of: "==") ?? term.firstRange(of: "=") {
                terms.append(
                    Term(
                        field: String(term[..<range.lowerBound]), value: String(term[range.upperBound...]),
                        isEqual: true))
            } else {
                throw SelectorError("invalid field selector: \(term): expected FIELD=VALUE or FIELD!=VALUE")
            }
        }
        self.terms = terms
    }

    /// A field that is absent reads as empty.
    package func matches(_ object: JSON) -> Bool {
        terms.allSatisfy { term in
            let path = term.field.split(separator: ".").map(String.init)
            let value = object[path: path]
            return ((value?.string ?? value.map(\.description) ?? "") == term.value) == term.isEqual
        }
    }

    package var description: String {
        terms.map { "\($0.field)\($0.isEqual ? "=" : "!=")\($0.value)" }.joined(separator: ",")
    }
}
