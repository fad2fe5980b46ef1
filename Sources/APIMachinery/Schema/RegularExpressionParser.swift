/// Why a text is no RE2 expression, in the words of Go's `regexp`.
package struct RegularExpressionError: Error, Sendable, Hashable, CustomStringConvertible {
    package let problem: String
    package let fragment: String

    package var description: String { "error parsing regexp: \(problem): `\(fragment)`" }
}

/// An expression as a tree.
indirect enum RegularExpressionNode: Sendable {
    case empty
    case scalar(UInt32)
    case set(ScalarSet)
    case any
    case anyButNewline
    case assertion(RegularExpression.Assertion)
    case sequence([RegularExpressionNode])
    case alternatives([RegularExpressionNode])
    /// `most` is nil for no upper limit.
    case repetition(RegularExpressionNode, least: Int, most: Int?, isLazy: Bool)
}

/// Reads RE2's syntax. Groups are kept for precedence only: nobody here asks what one captured.
struct RegularExpressionParser {
    struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotMatchesNewline = false
        var isLazyByDefault = false
    }

    /// As in RE2.
    private static let repetitionLimit = 1000
    private static let nestingLimit = 250

    let scalars: [Unicode.Scalar]
    var position = 0
    var flags = Flags()
    private var depth = 0

    private init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

    static func parse(_ pattern: String) throws(RegularExpressionError) -> RegularExpressionNode {
        var parser = RegularExpressionParser(pattern)
        let node = try parser.alternatives()
        guard parser.position == parser.scalars.count else { throw parser.error("unexpected )", from: 0) }
        return node
    }

    func error(_ problem: String, from start: Int) -> RegularExpressionError {
        var fragment = String.UnicodeScalarView()
        fragment.append(contentsOf: scalars[min(start, scalars.count)..<min(max(position, start), scalars.count)])
        if fragment.isEmpty { fragment.append(contentsOf: scalars) }
        return RegularExpressionError(problem: problem, fragment: String(fragment))
    }

    var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        position += 1
        return true
    }

    mutating func accept(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    private mutating func alternatives() throws(RegularExpressionError) -> RegularExpressionNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.nestingLimit else { throw error("expression nests too deeply", from: 0) }
        var branches = [try sequence()]
        while accept("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(RegularExpressionError) -> RegularExpressionNode {
        var nodes: [RegularExpressionNode] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            if accept("\\Q") {
                while current != nil, !accept("\\E") {
                    nodes.append(literal(scalars[position]))
                    position += 1
                }
                continue
            }
            let start = position
            guard let atom = try atom() else { continue }
            nodes.append(try repetitions(of: atom, from: start))
        }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func repetitions(
        of atom: RegularExpressionNode, from start: Int
    ) throws(RegularExpressionError) -> RegularExpressionNode {
        let mark = position
        var least: Int
        var most: Int?
        switch current {
        case "*": (least, most) = (0, nil)
        case "+": (least, most) = (1, nil)
        case "?": (least, most) = (0, 1)
        case "{":
            guard let counts = braces() else { return atom }
            (least, most) = counts
            if least > Self.repetitionLimit || (most ?? 0) > Self.repetitionLimit || (most ?? least) < least {
                throw error("invalid repeat count", from: mark)
            }
            position -= 1
        default: return atom
        }
        position += 1
        let isLazy = accept("?") != flags.isLazyByDefault
        if let next = current, "*+?".unicodeScalars.contains(next) {
            position += 1
            throw error("invalid nested repetition operator", from: mark)
        }
        return .repetition(atom, least: least, most: most, isLazy: isLazy)
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else that starts with a brace is plain text, and is not consumed.
    private mutating func braces() -> (Int, Int?)? {
        let mark = position
        position += 1
        guard let least = number() else {
            position = mark
            return nil
        }
        var most: Int? = least
        if accept(",") { most = number() }
        guard accept("}") else {
            position = mark
            return nil
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = current, ("0"..."9").contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit.value - 0x30), 100_000)
            position += 1
        }
        return value
    }

    func literal(_ scalar: Unicode.Scalar) -> RegularExpressionNode {
        guard flags.ignoresCase, !ScalarSet.otherCases(of: scalar.value).isEmpty else { return .scalar(scalar.value) }
        var set = ScalarSet([scalar.value...scalar.value])
        set.foldCase()
        return .set(set)
    }

    func node(_ set: ScalarSet) -> RegularExpressionNode {
        guard flags.ignoresCase else { return .set(set) }
        var folded = set
        folded.foldCase()
        return .set(folded)
    }

    /// Nil for a group that only sets flags.
    private mutating func atom() throws(RegularExpressionError) -> RegularExpressionNode? {
        let start = position
        guard let scalar = current else { return .empty }
        position += 1
        switch scalar {
        case "(": return try group(from: start)
        case "[": return node(try brackets(from: start))
        case ".": return flags.dotMatchesNewline ? .any : .anyButNewline
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case "*", "+", "?": throw error("missing argument to repetition operator", from: start)
        case "\\": return try escape(from: start)
        default: return literal(scalar)
        }
    }

    private mutating func group(from start: Int) throws(RegularExpressionError) -> RegularExpressionNode? {
        let outer = flags
        if accept("?") {
            if accept("P<") || accept("<") {
                while let scalar = current, scalar != ">" {
                    guard scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil else {
                        throw error("invalid named capture", from: start)
                    }
                    position += 1
                }
                guard accept(">") else { throw error("invalid named capture", from: start) }
            } else if try !groupFlags(from: start) {
                return nil
            }
        }
        let body = try alternatives()
        guard accept(")") else { throw error("missing closing )", from: 0) }
        flags = outer
        return body
    }

    /// Reads `flags:` (true: a group follows) or `flags)` (false: they hold to the end of the enclosing group).
    private mutating func groupFlags(from start: Int) throws(RegularExpressionError) -> Bool {
        var value = true
        while let scalar = current {
            position += 1
            switch scalar {
            case "i": flags.ignoresCase = value
            case "m": flags.isMultiline = value
            case "s": flags.dotMatchesNewline = value
            case "U": flags.isLazyByDefault = value
            case "-" where value: value = false
            case ":": return true
            case ")": return false
            default: throw error("invalid or unsupported Perl syntax", from: start)
            }
        }
        throw error("missing closing )", from: 0)
    }
}
