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
    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotMatchesNewline = false
        var isLazyByDefault = false
    }

    /// As in RE2.
    private static let repetitionLimit = 1000
    private static let nestingLimit = 250

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var flags = Flags()
    private var depth = 0

    private init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

    static func parse(_ pattern: String) throws(RegularExpressionError) -> RegularExpressionNode {
        var parser = RegularExpressionParser(pattern)
        let node = try parser.alternatives()
        guard parser.position == parser.scalars.count else { throw parser.error("unexpected )", from: 0) }
        return node
    }

    private func error(_ problem: String, from start: Int) -> RegularExpressionError {
        var fragment = String.UnicodeScalarView()
        fragment.append(contentsOf: scalars[min(start, scalars.count)..<min(max(position, start), scalars.count)])
        if fragment.isEmpty { fragment.append(contentsOf: scalars) }
        return RegularExpressionError(problem: problem, fragment: String(fragment))
    }

    private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        position += 1
        return true
    }

    private mutating func accept(_ text: String) -> Bool {
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

    private func literal(_ scalar: Unicode.Scalar) -> RegularExpressionNode {
        guard flags.ignoresCase, !ScalarSet.otherCases(of: scalar.value).isEmpty else { return .scalar(scalar.value) }
        var set = ScalarSet([scalar.value...scalar.value])
        set.foldCase()
        return .set(set)
    }

    private func node(_ set: ScalarSet) -> RegularExpressionNode {
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

    private mutating func escape(from start: Int) throws(RegularExpressionError) -> RegularExpressionNode {
        switch current {
        case "A": return assertion(.textStart)
        case "z": return assertion(.textEnd)
        case "b": return assertion(.wordBoundary)
        case "B": return assertion(.notWordBoundary)
        default: break
        }
        if let set = try classEscape(from: start) { return node(set) }
        return literal(try scalarEscape(from: start))
    }

    private mutating func assertion(_ kind: RegularExpression.Assertion) -> RegularExpressionNode {
        position += 1
        return .assertion(kind)
    }

    /// `\d`, `\pL`, `\p{Lu}` and their like, after the backslash; nil when another escape stands here.
    private mutating func classEscape(from start: Int) throws(RegularExpressionError) -> ScalarSet? {
        guard let letter = current else { throw error("trailing backslash at end of expression", from: start) }
        var set: ScalarSet
        switch letter {
        case "d", "D": set = .digits
        case "s", "S": set = .spaces
        case "w", "W": set = .words
        case "p", "P":
            position += 1
            return try category(isExcluded: letter == "P", from: start)
        default: return nil
        }
        position += 1
        set.isInverted = ("A"..."Z").contains(letter)
        return set
    }

    private mutating func category(isExcluded: Bool, from start: Int) throws(RegularExpressionError) -> ScalarSet {
        var isExcluded = isExcluded
        var name = ""
        if accept("{") {
            if accept("^") { isExcluded.toggle() }
            while let scalar = current, scalar != "}" {
                name.unicodeScalars.append(scalar)
                position += 1
            }
            guard accept("}") else { throw error("invalid character class range", from: start) }
        } else if let scalar = current {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard let bits = ScalarSet.categoryBits(named: name) else {
            throw error("invalid character class range", from: start)
        }
        return ScalarSet(categories: bits, isExcluded: isExcluded)
    }

    /// An escape that stands for one scalar, after the backslash.
    private mutating func scalarEscape(from start: Int) throws(RegularExpressionError) -> Unicode.Scalar {
        guard let letter = current else { throw error("trailing backslash at end of expression", from: start) }
        position += 1
        switch letter {
        case "a": return "\u{07}"
        case "f": return "\u{0C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{0B}"
        case "x":
            var digits = ""
            if accept("{") {
                while let scalar = current, scalar != "}" {
                    digits.unicodeScalars.append(scalar)
                    position += 1
                }
                guard accept("}") else { throw error("invalid escape sequence", from: start) }
            } else {
                while digits.count < 2, let scalar = current {
                    digits.unicodeScalars.append(scalar)
                    position += 1
                }
            }
            guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
                throw error("invalid escape sequence", from: start)
            }
            return scalar
        case "0"..."7":
            var value = letter.value - 0x30
            var count = 1
            while count < 3, let digit = current, ("0"..."7").contains(digit) {
                value = value * 8 + digit.value - 0x30
                position += 1
                count += 1
            }
            // A single digit that is not zero would be a back reference, which RE2 has not.
            guard count > 1 || letter == "0", let scalar = Unicode.Scalar(value) else {
                throw error("invalid escape sequence", from: start)
            }
            return scalar
        default:
            let isWord = letter.isASCII && ScalarSet.words.contains(letter.value)
            guard letter.isASCII, !isWord || letter == "_" else {
                throw error("invalid escape sequence", from: start)
            }
            return letter
        }
    }

    private mutating func brackets(from start: Int) throws(RegularExpressionError) -> ScalarSet {
        var set = ScalarSet()
        let isInverted = accept("^")
        var isFirst = true
        while true {
            guard let scalar = current else { throw error("missing closing ]", from: start) }
            if scalar == "]", !isFirst {
                position += 1
                break
            }
            isFirst = false
            if scalar == "[", let posix = try posixClass() {
                set.formUnion(posix)
                continue
            }
            let mark = position
            if scalar == "\\" {
                position += 1
                if let escaped = try classEscape(from: mark) {
                    set.formUnion(escaped)
                    continue
                }
                position = mark
            }
            let low = try bracketScalar(from: mark)
            var high = low
            if current == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
                position += 1
                high = try bracketScalar(from: mark)
            }
            guard low.value <= high.value else { throw error("invalid character class range", from: mark) }
            set.formUnion(ScalarSet([low.value...high.value]))
        }
        if flags.ignoresCase { set.foldCase() }
        set.isInverted = isInverted
        return set
    }

    private mutating func bracketScalar(from mark: Int) throws(RegularExpressionError) -> Unicode.Scalar {
        guard let scalar = current else { throw error("missing closing ]", from: mark) }
        position += 1
        return scalar == "\\" ? try scalarEscape(from: mark) : scalar
    }

    /// `[:alpha:]` and its like, where one stands here.
    private mutating func posixClass() throws(RegularExpressionError) -> ScalarSet? {
        let start = position
        guard accept("[:") else { return nil }
        let isInverted = accept("^")
        for (name, ranges) in Self.posixClasses where accept("\(name):]") {
            var set = ScalarSet(ranges)
            set.isInverted = isInverted
            return set
        }
        position = start
        guard let end = scalars[start...].firstIndex(of: "]"), end > start, scalars[end - 1] == ":" else { return nil }
        position = end + 1
        throw error("invalid character class range", from: start)
    }

    private static let posixClasses: [(String, [ClosedRange<UInt32>])] = [
        ("alnum", [0x30...0x39, 0x41...0x5A, 0x61...0x7A]),
        ("alpha", [0x41...0x5A, 0x61...0x7A]),
        ("ascii", [0x00...0x7F]),
        ("blank", [0x09...0x09, 0x20...0x20]),
        ("cntrl", [0x00...0x1F, 0x7F...0x7F]),
        ("digit", [0x30...0x39]),
        ("graph", [0x21...0x7E]),
        ("lower", [0x61...0x7A]),
        ("print", [0x20...0x7E]),
        ("punct", [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
        ("space", [0x09...0x0D, 0x20...0x20]),
        ("upper", [0x41...0x5A]),
        ("word", [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]),
        ("xdigit", [0x30...0x39, 0x41...0x46, 0x61...0x66]),
    ]
}
