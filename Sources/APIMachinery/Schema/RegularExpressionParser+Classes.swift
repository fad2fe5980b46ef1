/// What stands for one character of many: escapes and classes in brackets.
extension RegularExpressionParser {
    mutating func escape(from start: Int) throws(RegularExpressionError) -> RegularExpressionNode {
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

    mutating func brackets(from start: Int) throws(RegularExpressionError) -> ScalarSet {
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
