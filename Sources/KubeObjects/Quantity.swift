/// An amount of a resource (apimachinery's resource.Quantity): a decimal number with an SI or binary suffix.
package struct Quantity: Sendable, Hashable, Comparable, CustomStringConvertible {
    package enum Format: Sendable, Hashable {
        case decimalSI, binarySI, decimalExponent
    }

    /// The value is `mantissa * 10^exponent`, the mantissa without trailing zeros, so that equal amounts are equal.
    private let mantissa: Int64
    private let exponent: Int
    package let format: Format

    private static let binary: [(suffix: String, power: Int)] = [
        ("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60),
    ]
    private static let decimal: [(suffix: String, power: Int)] = [
        ("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18),
    ]

    /// Nil when the text is no quantity or does not fit 64 bits.
    package init?(_ text: String) {
        var digits = text[...]
        var suffix = ""
        while let last = digits.last, !last.isNumber, last != "." {
            suffix.insert(last, at: suffix.startIndex)
            digits.removeLast()
        }
        var power = 0
        var factor: Int64 = 1
        var format = Format.decimalSI
        if let (_, bits) = Self.binary.first(where: { $0.suffix == suffix }) {
            format = .binarySI
            factor = 1 << Int64(bits)
        } else if let (_, ten) = Self.decimal.first(where: { $0.suffix == suffix }) {
            power = ten
            if suffix.isEmpty, let mark = digits.lastIndex(where: { $0 == "e" || $0 == "E" }),
                let given = Int(digits[digits.index(after: mark)...])
            {
                power = given
                digits = digits[..<mark]
                format = .decimalExponent
            }
        } else {
            return nil
        }
        let isNegative = digits.hasPrefix("-")
        if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.contains(where: { !$0.isEmpty }),
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            var value = Int64(parts.joined().isEmpty ? "0" : parts.joined())
        else { return nil }
        power -= parts.count == 2 ? parts[1].count : 0
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        value = isNegative ? -product : product
        while value != 0, value % 10 == 0 {
            value /= 10
            power += 1
        }
        mantissa = value
        exponent = value == 0 ? 0 : power
        self.format = format
    }

    private var approximate: Double {
        var value = Double(mantissa)
        for _ in 0..<abs(exponent) { value = exponent > 0 ? value * 10 : value / 10 }
        return value
    }

    package static func < (left: Quantity, right: Quantity) -> Bool {
        if left.exponent == right.exponent { return left.mantissa < right.mantissa }
        // Brought to one exponent where 64 bits allow it, and compared roughly where they do not.
        let (low, high) = left.exponent < right.exponent ? (left, right) : (right, left)
        if let raised = high.scaled(to: low.exponent) {
            return left.exponent < right.exponent ? low.mantissa < raised : raised < low.mantissa
        }
        return left.approximate < right.approximate
    }

    package static func == (left: Quantity, right: Quantity) -> Bool {
        left.mantissa == right.mantissa && left.exponent == right.exponent
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(mantissa)
        hasher.combine(exponent)
    }

    private func scaled(to power: Int) -> Int64? {
        var value = mantissa
        for _ in 0..<max(exponent - power, 0) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
        }
        return value
    }

    /// In whole units, rounded up; nil when that does not fit 64 bits.
    package var units: Int64? {
        if exponent >= 0 { return scaled(to: 0) }
        var value = mantissa
        var isExact = true
        for _ in 0..<(-exponent) {
            if value % 10 != 0 { isExact = false }
            value /= 10
        }
        return isExact || mantissa < 0 ? value : value + 1
    }

    /// In thousandths, as CPU is counted; rounded up.
    package var milliUnits: Int64? {
        Quantity(mantissa: mantissa, exponent: mantissa == 0 ? 0 : exponent + 3, format: format).units
    }

    private init(mantissa: Int64, exponent: Int, format: Format) {
        self.mantissa = mantissa
        self.exponent = exponent
        self.format = format
    }

    /// Canonical: the largest suffix that leaves an integer.
    package var description: String {
        if mantissa == 0 { return "0" }
        if format == .binarySI, let whole = scaled(to: 0), exponent >= 0 {
            for (suffix, bits) in Self.binary.reversed() where whole % (1 << Int64(bits)) == 0 {
                return "\(whole >> Int64(bits))\(suffix)"
            }
            return "\(whole)"
        }
        let power = (exponent < 0 ? exponent - 2 : exponent) / 3 * 3
        let shown = scaled(to: power) ?? mantissa
        if format == .decimalExponent { return power == 0 ? "\(shown)" : "\(shown)e\(power)" }
        let suffix = Self.decimal.first { $0.power == power }?.suffix
        return suffix.map { "\(shown)\($0)" } ?? "\(mantissa)e\(exponent)"
    }
}

/// A number or a name, such as a port or `maxSurge`.
package enum IntOrString: Sendable, Hashable {
    case integer(Int64)
    case string(String)

    package init?(_ json: JSON) {
        switch json {
        case .string(let text): self = .string(text)
        default:
            guard let value = json.integer else { return nil }
            self = .integer(value)
        }
    }

    /// A share of `total`: `25%` scales, rounding as asked; a bare number is itself. Nil when a string is no percentage.
    package func scaled(of total: Int64, roundsUp: Bool) -> Int64? {
        switch self {
        case .integer(let value): return value
        case .string(let text):
            guard text.hasSuffix("%"), let percent = Int64(text.dropLast()) else { return nil }
            let product = total * percent
            return roundsUp ? (product + 99) / 100 : product / 100
        }
    }
}
