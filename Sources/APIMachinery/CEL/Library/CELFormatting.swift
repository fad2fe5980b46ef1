/// `string.format(list)`.
enum CELFormatting {
    static func format(_ template: String, _ values: [CELValue]) throws(CELError) -> String {
        var result = ""
        var rest = Array(template.unicodeScalars)[...]
        var next = 0
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == "%" {
                rest.removeFirst()
                result += "%"
                continue
            }
            var precision: Int?
            if rest.first == "." {
                rest.removeFirst()
                var digits = ""
                while let digit = rest.first, ("0"..."9").contains(digit) {
                    digits.unicodeScalars.append(rest.removeFirst())
                }
                guard let parsed = Int(digits), parsed <= 1000 else {
                    throw CELError("error while parsing precision: no number")
                }
                precision = parsed
            }
            guard let clause = rest.popFirst() else { throw CELError("unexpected end of string") }
            guard next < values.count else { throw CELError("index \(next) out of range") }
            result += try text(values[next], clause, precision)
            next += 1
        }
        return result
    }

    private static func text(
        _ value: CELValue, _ clause: Unicode.Scalar, _ precision: Int?
    ) throws(CELError) -> String {
        switch clause {
        case "s": return try describe(value)
        case "d":
            switch value {
            case .int, .uint: return value.text ?? ""
            case .double(let number) where number.isNaN || number.isInfinite: return value.text ?? ""
            default: throw refuse("decimal clause can only be used on integers", value)
            }
        case "f":
            guard let number = double(value) else {
                throw refuse("fixed-point clause can only be used on doubles", value)
            }
            return fixed(number, precision ?? 6)
        case "e":
            guard let number = double(value) else {
                throw refuse("scientific clause can only be used on doubles", value)
            }
            return scientific(number)
        case "b":
            switch value {
            case .bool(let flag): return flag ? "1" : "0"
            case .int(let number): return String(number, radix: 2)
            case .uint(let number): return String(number, radix: 2)
            default: throw refuse("only ints, uints, and bools can be formatted as binary", value)
            }
        case "o":
            switch value {
            case .int(let number): return String(number, radix: 8)
            case .uint(let number): return String(number, radix: 8)
            default: throw refuse("octal clause can only be used on integers", value)
            }
        case "x", "X":
            let isUppercase = clause == "X"
            switch value {
            case .int(let number): return String(number, radix: 16, uppercase: isUppercase)
            case .uint(let number): return String(number, radix: 16, uppercase: isUppercase)
            case .string(let text): return hexadecimal(Array(text.utf8), isUppercase)
            case .bytes(let bytes): return hexadecimal(bytes, isUppercase)
            default: throw refuse("only integers, byte buffers, and strings can be formatted as hex", value)
            }
        default:
            throw CELError("could not parse formatting clause: unrecognized formatting clause \"\(clause)\"")
        }
    }

    private static func refuse(_ rule: String, _ value: CELValue) -> CELError {
        CELError("error during formatting: \(rule), was given \(value.typeName)")
    }

    private static func describe(_ value: CELValue) throws(CELError) -> String {
        switch value {
        case .null: return "null"
        case .type(let name): return name
        case .list, .array:
            var parts: [String] = []
            for item in try value.elements() ?? [] { parts.append(try describe(inside: item)) }
            return "[\(parts.joined(separator: ", "))]"
        case .map, .object:
            var parts: [(key: String, text: String)] = []
            for key in try value.elements() ?? [] {
                guard let item = try value.lookUp(key) else { continue }
                parts.append((try describe(inside: key), try describe(inside: item)))
            }
            parts.sort { $0.key < $1.key }
            return "{\(parts.map { "\($0.key):\($0.text)" }.joined(separator: ", "))}"
        default:
            guard let text = value.text else {
                throw refuse(
                    "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
                        + "durations, and timestamps", value)
            }
            return text
        }
    }

    /// In a list or map, values are written so that their types can be told.
    private static func describe(inside value: CELValue) throws(CELError) -> String {
        switch value {
        case .string(let text): GoText.quoted(text)
        case .bytes: "b\(GoText.quoted(try describe(value)))"
        case .double(let number): number.isFinite ? fixed(number, 6) : GoText.quoted(fixed(number, 6))
        case .duration(let span): "duration(\(GoText.quoted(span.text)))"
        case .timestamp(let moment): "timestamp(\(GoText.quoted(moment.text)))"
        default: try describe(value)
        }
    }

    private static func double(_ value: CELValue) -> Double? {
        switch value {
        case .double(let number): number
        case .int(let number): Double(number)
        case .uint(let number): Double(number)
        default: nil
        }
    }

    private static func hexadecimal(_ bytes: [UInt8], _ isUppercase: Bool) -> String {
        bytes.map { byte in
            let text = String(byte, radix: 16, uppercase: isUppercase)
            return text.count == 1 ? "0\(text)" : text
        }.joined()
    }

    /// With `precision` digits behind the point: the double's exact value, rounded half to even.
    private static func fixed(_ number: Double, _ precision: Int) -> String {
        guard number.isFinite else { return number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity" }
        let exact = ExactDecimal(number.magnitude).rounded(toFraction: precision)
        let text = exact.digits.map { String($0) }.joined()
        let whole = text.dropLast(precision)
        let sign = number.sign == .minus ? "-" : ""
        return precision == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(text.suffix(precision))"
    }

    /// As cel-go writes it: six digits, whatever the clause says, and the exponent in superscript (`1.500000×10⁰³`).
    private static func scientific(_ number: Double) -> String {
        guard number.isFinite else { return fixed(number, 0) }
        var exponent = 0
        if number != 0 {
            let text = GoText.double(number.magnitude, exponentFrom: -400, exponentBelow: -400)
            if let mark = text.firstIndex(of: "e") { exponent = Int(text[text.index(after: mark)...]) ?? 0 }
        }
        var digits = ExactDecimal(number.magnitude).rounded(toFraction: 6 - exponent).digits.drop { $0 == 0 }
        if digits.count > 7 {
            exponent += 1
            digits = digits.dropLast()
        }
        let text = digits.isEmpty ? "0000000" : digits.map { String($0) }.joined()
        let magnitude = String(exponent.magnitude)
        let padded = "\(exponent < 0 ? "-" : "")\(magnitude.count < 2 ? "0" : "")\(magnitude)"
        let superscript = String(padded.map { superscripts[$0] ?? $0 })
        return "\(number.sign == .minus ? "-" : "")\(text.prefix(1)).\(text.dropFirst())×10\(superscript)"
    }

    private static let superscripts: [Character: Character] = [
        "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹", "-": "⁻",
    ]
}
