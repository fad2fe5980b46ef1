/// What a scalar's text means (YAML 1.1's core types, as go-yaml reads them for sigs.k8s.io/yaml).
enum YAMLScalar {
    static func resolve(_ text: String, isPlain: Bool, tag: String?) -> JSON {
        switch tag {
        case nil, "!": return isPlain && tag == nil ? plain(text) : .string(text)
        case "tag:yaml.org,2002:str", "tag:yaml.org,2002:binary": return .string(text)
        default: return plain(text)
        }
    }

    /// Whether this text, written plainly, would be read back as the same string.
    static func staysString(_ text: String) -> Bool { plain(text) == .string(text) }

    private static let booleans: [String: Bool] = [
        "y": true, "Y": true, "yes": true, "Yes": true, "YES": true, "on": true, "On": true, "ON": true,
        "true": true, "True": true, "TRUE": true,
        "n": false, "N": false, "no": false, "No": false, "NO": false, "off": false, "Off": false, "OFF": false,
        "false": false, "False": false, "FALSE": false,
    ]
    private static let nulls: Set<String> = ["", "~", "null", "Null", "NULL"]

    private static func plain(_ text: String) -> JSON {
        if nulls.contains(text) { return .null }
        if let value = booleans[text] { return .bool(value) }
        guard let first = text.utf8.first,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) || "+-.".utf8.contains(first)
        else { return .string(text) }
        return number(text) ?? .string(text)
    }

    private static func number(_ text: String) -> JSON? {
        let digits = text.replacing("_", with: "")
        if let value = integer(digits) { return .integer(value) }
        // Letters would let Double read words such as "infinity" or hexadecimal floats.
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
            digits.utf8.contains(where: { (0x30...0x39).contains($0) }), let value = Double(padded(digits)),
            value.isFinite, !digits.hasPrefix("+-")
        else { return nil }
        return .number(value)
    }

    /// `.5` and `5.` are numbers in YAML.
    private static func padded(_ text: String) -> String {
        var text = text
        if text.hasPrefix("+") { text.removeFirst() }
        if text.hasPrefix(".") { text = "0" + text }
        if text.hasPrefix("-.") { text = "-0" + text.dropFirst() }
        return text
    }

    private static func integer(_ text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
        let radix: (prefix: Int, base: Int)
        if digits.hasPrefix("0x") {
            radix = (2, 16)
        } else if digits.hasPrefix("0b") {
            radix = (2, 2)
        } else if digits.hasPrefix("0o") {
            radix = (2, 8)
        } else if digits.count > 1, digits.hasPrefix("0") {
            radix = (1, 8)
        } else {
            radix = (0, 10)
        }
        let body = digits.dropFirst(radix.prefix)
        guard let first = body.first, first != "-", first != "+" else { return nil }
        return Int64((isNegative ? "-" : "") + body, radix: radix.base)
    }
}
