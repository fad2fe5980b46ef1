import KubeObjects

/// Values as Go's `fmt` and `encoding/json` print them: Kubernetes' messages are made with both.
enum GoText {
    /// `strconv.Quote`, which `%q` prints: a double-quoted Go string.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{07}": result += "\\a"
            case "\u{08}": result += "\\b"
            case "\u{0C}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0B}": result += "\\v"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    result += "\\x" + hexadecimal(scalar.value, digits: 2)
                } else if isPrintable(scalar) {
                    result.unicodeScalars.append(scalar)
                } else if scalar.value < 0x10000 {
                    result += "\\u" + hexadecimal(scalar.value, digits: 4)
                } else {
                    result += "\\U" + hexadecimal(scalar.value, digits: 8)
                }
            }
        }
        return result + "\""
    }

    /// `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    /// `%v` of a float64: the shortest digits that read back, with an exponent below 1e-4 and from 1e6 on.
    static func double(_ value: Double) -> String { double(value, exponentFrom: 6, exponentBelow: -4) }

    /// A float64 as `encoding/json` writes it.
    static func jsonDouble(_ value: Double) -> String {
        let text = double(value, exponentFrom: 21, exponentBelow: -6)
        // encoding/json writes e-7 where strconv writes e-07.
        guard let mark = text.firstRange(of: "e-0") else { return text }
        return String(text[..<mark.lowerBound]) + "e-" + String(text[mark.upperBound...])
    }

    /// The shortest digits that read back, in plain form, or with an exponent of at least two digits outside
    /// `exponentBelow..<exponentFrom`.
    static func double(_ value: Double, exponentFrom: Int, exponentBelow: Int) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let sign = value.sign == .minus ? "-" : ""
        let (digits, point) = shortestDigits(value.magnitude)
        let exponent = point - 1
        if value != 0, exponent < exponentBelow || exponent >= exponentFrom {
            let magnitude = String(exponent.magnitude)
            let mantissa = digits.count == 1 ? digits : "\(digits.prefix(1)).\(digits.dropFirst())"
            let padding = magnitude.count < 2 ? "0" : ""
            return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(padding)\(magnitude)"
        }
        if point <= 0 { return value == 0 ? "\(sign)0" : "\(sign)0.\(String(repeating: "0", count: -point))\(digits)" }
        if digits.count <= point { return sign + digits + String(repeating: "0", count: point - digits.count) }
        return "\(sign)\(digits.prefix(point)).\(digits.dropFirst(point))"
    }

    /// The shortest decimal digits of a finite value that is not negative, without zeros at either end, and where the
    /// decimal point stands among them.
    private static func shortestDigits(_ value: Double) -> (digits: String, point: Int) {
        var text = Substring(value.description)
        var exponent = 0
        if let mark = text.firstIndex(of: "e") {
            exponent = Int(text[text.index(after: mark)...]) ?? 0
            text = text[..<mark]
        }
        let whole = text.prefix { $0 != "." }
        let fraction = text.dropFirst(whole.count + 1)
        let all = whole + fraction
        let leading = all.prefix { $0 == "0" }.count
        var digits = String(all.dropFirst(leading))
        while digits.hasSuffix("0") { digits.removeLast() }
        if digits.isEmpty { return ("0", 1) }
        return (digits, whole.count - leading + exponent)
    }

    /// The value as `json.Marshal` writes it: keys sorted, `<`, `>` and `&` escaped.
    static func marshaled(_ value: JSON) -> String {
        var text = ""
        marshal(value, into: &text)
        return text
    }

    private static func marshal(_ value: JSON, into text: inout String) {
        switch value {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += String(number)
        case .number(let number): text += number.isFinite ? jsonDouble(number) : "null"
        case .string(let string): marshal(string, into: &text)
        case .array(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                marshal(item, into: &text)
            }
            text += "]"
        case .object(let fields):
            text += "{"
            for (index, field) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { text += "," }
                marshal(field.key, into: &text)
                text += ":"
                marshal(field.value, into: &text)
            }
            text += "}"
        }
    }

    private static func marshal(_ string: String, into text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{08}": text += "\\b"
            case "\u{0C}": text += "\\f"
            case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{00}"..<"\u{20}":
                text += "\\u" + hexadecimal(scalar.value, digits: 4)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
