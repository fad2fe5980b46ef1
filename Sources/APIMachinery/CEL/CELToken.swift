/// What is wrong with a rule before it runs, and where.
package struct CELSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
    package let problem: String
    /// From 1.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    /// The line that it stands on.
    package let source: String

    init(_ problem: String, at offset: Int, in scalars: [Unicode.Scalar]) {
        self.problem = problem
        var line = 1
        var start = 0
        for index in 0..<min(offset, scalars.count) where scalars[index] == "\n" {
            line += 1
            start = index + 1
        }
        self.line = line
        column = min(offset, scalars.count) - start + 1
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[start...].prefix { $0 != "\n" })
        source = String(text)
    }

    /// In the form that cel-go prints.
    package var description: String {
        "ERROR: <input>:\(line):\(column): \(problem)\n | \(source)\n | \(String(repeating: ".", count: column - 1))^"
    }
}

enum CELToken: Sendable, Equatable {
    case identifier(String)
    /// An identifier in backticks, which may be a field's name only.
    case quotedIdentifier(String)
    case int(Int64)
    /// The magnitude of Int64.min, which only a minus sign makes a number.
    case leastInt
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case symbol(String)
    case end
}

/// Cuts a rule into tokens.
struct CELLexer {
    let scalars: [Unicode.Scalar]
    private var position = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    struct Placed: Sendable {
        let token: CELToken
        let offset: Int
    }

    static func tokens(_ text: String) throws(CELSyntaxError) -> [Placed] {
        var lexer = CELLexer(text)
        var tokens: [Placed] = []
        while true {
            lexer.skipSpace()
            let offset = lexer.position
            let token = try lexer.next()
            tokens.append(Placed(token: token, offset: offset))
            if token == .end { return tokens }
        }
    }

    private func error(_ problem: String, at offset: Int) -> CELSyntaxError {
        CELSyntaxError("Syntax error: \(problem)", at: offset, in: scalars)
    }

    private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func peek(_ distance: Int) -> Unicode.Scalar? {
        position + distance < scalars.count ? scalars[position + distance] : nil
    }

    private mutating func skipSpace() {
        while let scalar = current {
            if scalar == "/", peek(1) == "/" {
                while let scalar = current, scalar != "\n" { position += 1 }
            } else if " \t\r\n\u{0C}".unicodeScalars.contains(scalar) {
                position += 1
            } else {
                return
            }
        }
    }

    private static func isIdentifierStart(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }

    private static func isDigit(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        return ("0"..."9").contains(scalar)
    }

    private mutating func next() throws(CELSyntaxError) -> CELToken {
        guard let scalar = current else { return .end }
        if let literal = try prefixedString() { return literal }
        if Self.isIdentifierStart(scalar) {
            return .identifier(take { Self.isIdentifierStart($0) || Self.isDigit($0) })
        }
        if Self.isDigit(scalar) || scalar == "." && Self.isDigit(peek(1)) { return try number() }
        if scalar == "`" { return try quotedIdentifier() }
        for symbol in ["&&", "||", "==", "!=", "<=", ">="] where matches(symbol) {
            position += 2
            return .symbol(symbol)
        }
        guard "+-*/%<>!?:.,()[]{}".unicodeScalars.contains(scalar) else {
            throw error("token recognition error at: '\(scalar)'", at: position)
        }
        position += 1
        return .symbol(String(scalar))
    }

    private mutating func take(while condition: (Unicode.Scalar) -> Bool) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = current, condition(scalar) {
            text.append(scalar)
            position += 1
        }
        return String(text)
    }

    private func matches(_ text: String) -> Bool { scalars[position...].starts(with: text.unicodeScalars) }

    private mutating func quotedIdentifier() throws(CELSyntaxError) -> CELToken {
        let start = position
        position += 1
        let name = take { $0 != "`" && $0 != "\n" }
        guard current == "`", !name.isEmpty else { throw error("token recognition error at: '`'", at: start) }
        position += 1
        return .quotedIdentifier(name)
    }

    private mutating func number() throws(CELSyntaxError) -> CELToken {
        let start = position
        if current == "0", peek(1) == "x" || peek(1) == "X" {
            position += 2
            let digits = take { $0.properties.isASCIIHexDigit }
            if current == "u" || current == "U" {
                position += 1
                guard let value = UInt64(digits, radix: 16) else { throw error("invalid uint literal", at: start) }
                return .uint(value)
            }
            return try integer(UInt64(digits, radix: 16), at: start)
        }
        var text = take(while: Self.isDigit)
        var isDouble = false
        if current == ".", Self.isDigit(peek(1)) {
            isDouble = true
            position += 1
            text += "." + take(while: Self.isDigit)
        }
        if let mark = current, mark == "e" || mark == "E" {
            let sign = peek(1) == "+" || peek(1) == "-" ? 1 : 0
            if Self.isDigit(peek(1 + sign)) {
                isDouble = true
                text += "e"
                position += 1
                if sign == 1 {
                    text.unicodeScalars.append(scalars[position])
                    position += 1
                }
                text += take(while: Self.isDigit)
            }
        }
        if isDouble {
            guard let value = Double(text.hasPrefix(".") ? "0" + text : text) else {
                throw error("invalid double literal", at: start)
            }
            return .double(value)
        }
        if current == "u" || current == "U" {
            position += 1
            guard let value = UInt64(text) else { throw error("invalid uint literal", at: start) }
            return .uint(value)
        }
        return try integer(UInt64(text), at: start)
    }

    private func integer(_ magnitude: UInt64?, at start: Int) throws(CELSyntaxError) -> CELToken {
        guard let magnitude else { throw error("invalid int literal", at: start) }
        if let value = Int64(exactly: magnitude) { return .int(value) }
        guard magnitude == Int64.min.magnitude else { throw error("invalid int literal", at: start) }
        return .leastInt
    }

    // MARK: - Strings

    /// A string or bytes literal with its prefix (`r`, `b`, both), where one stands here.
    private mutating func prefixedString() throws(CELSyntaxError) -> CELToken? {
        var isRaw = false
        var isBytes = false
        var length = 0
        while let scalar = peek(length) {
            if !isRaw, scalar == "r" || scalar == "R" {
                isRaw = true
            } else if !isBytes, scalar == "b" || scalar == "B" {
                isBytes = true
            } else {
                break
            }
            length += 1
        }
        guard let quote = peek(length), quote == "\"" || quote == "'" else { return nil }
        let start = position
        position += length
        let isTriple = peek(1) == quote && peek(2) == quote
        position += isTriple ? 3 : 1
        var bytes: [UInt8] = []
        while let scalar = current {
            if scalar == quote, !isTriple || peek(1) == quote && peek(2) == quote {
                position += isTriple ? 3 : 1
                return isBytes ? .bytes(bytes) : .string(String(decoding: bytes, as: UTF8.self))
            }
            if scalar == "\n", !isTriple { break }
            if scalar == "\\", !isRaw {
                try escape(into: &bytes, isBytes: isBytes)
            } else {
                bytes.append(contentsOf: String(scalar).utf8)
                position += 1
            }
        }
        throw error("token recognition error at: '\(quote)'", at: start)
    }

    private mutating func escape(into bytes: inout [UInt8], isBytes: Bool) throws(CELSyntaxError) {
        let start = position
        position += 1
        guard let letter = current else { throw error("unterminated string", at: start) }
        position += 1
        let plain: Unicode.Scalar? =
            switch letter {
            case "a": "\u{07}"
            case "b": "\u{08}"
            case "f": "\u{0C}"
            case "n": "\n"
            case "r": "\r"
            case "t": "\t"
            case "v": "\u{0B}"
            case "\\", "?", "\"", "'", "`": letter
            default: nil
            }
        if let plain {
            bytes.append(contentsOf: String(plain).utf8)
            return
        }
        let code: UInt32?
        switch letter {
        case "x", "X": code = digits(2, radix: 16)
        case "u" where !isBytes: code = digits(4, radix: 16)
        case "U" where !isBytes: code = digits(8, radix: 16)
        case "0"..."3":
            position -= 1
            code = digits(3, radix: 8)
        default: code = nil
        }
        guard let code else { throw error("unable to unescape string", at: start) }
        if isBytes {
            bytes.append(UInt8(truncatingIfNeeded: code))
        } else {
            guard let scalar = Unicode.Scalar(code) else { throw error("invalid unicode code point", at: start) }
            bytes.append(contentsOf: String(scalar).utf8)
        }
    }

    private mutating func digits(_ count: Int, radix: Int) -> UInt32? {
        guard position + count <= scalars.count else { return nil }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[position..<(position + count)])
        position += count
        return UInt32(String(text), radix: radix)
    }
}
