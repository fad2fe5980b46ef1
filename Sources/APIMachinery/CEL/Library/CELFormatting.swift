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
            return scientific(number, precision ?? 6)
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
            for item in try value.elements() ?? [] { parts.append(try describe(item)) }
            return "[\(parts.joined(separator: ", "))]"
        case .map, .object:
            var parts: [String] = []
            for key in try value.elements() ?? [] {
                guard let item = try value.lookUp(key) else { continue }
                parts.append("\(try describe(key)): \(try describe(item))")
            }
            return "{\(parts.sorted().joined(separator: ", "))}"
        default:
            guard let text = value.text else {
                throw refuse(
                    "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, "
                        + "types, durations, and timestamps", value)
            }
            return text
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

    /// Digits behind the point, rounded half to even on the decimal digits that tell the double from its neighbours.
    private static func fixed(_ number: Double, _ precision: Int) -> String {
        guard number.isFinite else { return number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity" }
        let plain = GoText.double(number.magnitude, exponentFrom: 400, exponentBelow: -400)
        let parts = plain.split(separator: ".")
        var digits = Array((parts[0] + (parts.count > 1 ? parts[1] : "")).utf8)
        let point = parts[0].utf8.count
        let kept = point + precision
        if digits.count > kept {
            let roundsUp = digits[kept] >= UInt8(ascii: "5")
            digits = Array(digits.prefix(kept))
            if roundsUp { increment(&digits) }
        }
        let grown = digits.count > kept ? 1 : 0
        while digits.count < kept + grown { digits.append(UInt8(ascii: "0")) }
        let text = String(decoding: digits, as: UTF8.self)
        let whole = text.prefix(point + grown)
        let fraction = text.dropFirst(point + grown)
        return "\(number.sign == .minus ? "-" : "")\(whole)\(precision > 0 ? "." : "")\(fraction)"
    }

    /// Adds one to a decimal number, which may grow by a digit.
    private static func increment(_ digits: inout [UInt8]) {
        var index = digits.count - 1
        while index >= 0 {
            if digits[index] < UInt8(ascii: "9") {
                digits[index] += 1
                return
            }
            digits[index] = UInt8(ascii: "0")
            index -= 1
        }
        digits.insert(UInt8(ascii: "1"), at: 0)
    }

    private static func scientific(_ number: Double, _ precision: Int) -> String {
        guard number.isFinite, number != 0 else {
            return number == 0 ? "\(fixed(number, precision))e+00" : fixed(number, precision)
        }
        var text = GoText.double(number.magnitude, exponentFrom: -400, exponentBelow: -400)
        var exponent = 0
        if let mark = text.firstIndex(of: "e") {
            exponent = Int(text[text.index(after: mark)...]) ?? 0
            text = String(text[..<mark])
        }
        var mantissa = fixed(Double(text) ?? 0, precision)
        if mantissa.hasPrefix("10") {
            mantissa = fixed(1, precision)
            exponent += 1
        }
        let magnitude = String(exponent.magnitude)
        return "\(number < 0 ? "-" : "")\(mantissa)e\(exponent < 0 ? "-" : "+")"
            + "\(magnitude.count < 2 ? "0" : "")\(magnitude)"
    }
}
