extension YAML {
    /// The values as documents in block style, keys in alphabetical order, each after a `---` but the first. Every
    /// string that would read back as something else is quoted.
    package static func write(_ values: [JSON]) -> String {
        values.map { value in
            var writer = YAMLWriter()
            writer.block(value, indent: 0)
            return writer.text
        }.joined(separator: "---\n")
    }

    package static func write(_ value: JSON) -> String { write([value]) }
}

private struct YAMLWriter {
    /// Readers look for a key's colon no further than 1,024 characters away.
    private static let simpleKeyLimit = 1000

    var text = ""

    /// Writes a value that starts on a fresh line.
    mutating func block(_ value: JSON, indent: Int) {
        switch value {
        case .object(let fields) where !fields.isEmpty: mapping(fields, indent: indent, isInline: false)
        case .array(let items) where !items.isEmpty: sequence(items, indent: indent)
        default:
            text += scalar(value, indent: indent)
            text += "\n"
        }
    }

    /// `isInline`: the first key goes where the pen is, after the dash of a list.
    private mutating func mapping(_ fields: [String: JSON], indent: Int, isInline: Bool) {
        for (index, key) in fields.keys.sorted().enumerated() {
            if index > 0 || !isInline { text += String(repeating: " ", count: indent) }
            let written = quoted(key)
            if written.utf8.count > Self.simpleKeyLimit {
                text += "? \(written)\n\(String(repeating: " ", count: indent)):"
            } else {
                text += "\(written):"
            }
            entry(fields[key] ?? .null, indent: indent, listIndent: indent)
        }
    }

    private mutating func sequence(_ items: [JSON], indent: Int) {
        for item in items {
            text += String(repeating: " ", count: indent)
            text += "-"
            if case .object(let fields) = item, !fields.isEmpty {
                text += " "
                mapping(fields, indent: indent + 2, isInline: true)
            } else {
                entry(item, indent: indent, listIndent: indent + 2)
            }
        }
    }

    /// Writes what comes after a key or a dash.
    private mutating func entry(_ value: JSON, indent: Int, listIndent: Int) {
        switch value {
        case .object(let fields) where !fields.isEmpty:
            text += "\n"
            mapping(fields, indent: indent + 2, isInline: false)
        case .array(let items) where !items.isEmpty:
            text += "\n"
            sequence(items, indent: listIndent)
        default:
            text += " "
            text += scalar(value, indent: indent)
            text += "\n"
        }
    }

    private func scalar(_ value: JSON, indent: Int) -> String {
        switch value {
        case .object: "{}"
        case .array: "[]"
        case .string(let string): isLiteral(string) ? literal(string, indent: indent + 2) : quoted(string)
        default: value.description
        }
    }

    /// Text of several lines is written as it stands, where the block style can carry it.
    private func isLiteral(_ string: String) -> Bool {
        guard string.utf8.contains(0x0A), let first = string.utf8.first, ![0x20, 0x0A, 0x09].contains(first)
        else { return false }
        return string.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || isPrintable($0) }
    }

    private func literal(_ string: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines = string.split(separator: "\n", omittingEmptySubsequences: false)
        let chomping: String
        if lines.last == "" {
            lines.removeLast()
            // With an empty line at its end the text keeps all its line breaks.
            chomping = lines.last == "" ? "+" : ""
        } else {
            chomping = "-"
        }
        return "|\(chomping)\n" + lines.map { $0.isEmpty ? "" : margin + $0 }.joined(separator: "\n")
    }

    private func quoted(_ string: String) -> String {
        if isPlain(string) { return string }
        var text = "\""
        for character in string.unicodeScalars {
            switch character {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where isPrintable(character): text.unicodeScalars.append(character)
            default:
                let digits = String(character.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            }
        }
        return text + "\""
    }

    private func isPlain(_ string: String) -> Bool {
        guard let first = string.unicodeScalars.first, let last = string.unicodeScalars.last,
            YAMLScalar.staysString(string)
        else { return false }
        if "-?:,[]{}#&*!|>'\"%@` ".unicodeScalars.contains(first) || last == " " || last == ":" { return false }
        // A date or a number in base 60 is a string to us, and something else to other readers.
        if ("0"..."9").contains(first) || first == "+" || first == "." || first == "=" || first == "<" { return false }
        var previous: Unicode.Scalar = " "
        for character in string.unicodeScalars {
            if !isPrintable(character) { return false }
            if character == " ", previous == ":" { return false }
            if character == "#", previous == " " { return false }
            previous = character
        }
        return true
    }

    private func isPrintable(_ character: Unicode.Scalar) -> Bool {
        switch character.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}
