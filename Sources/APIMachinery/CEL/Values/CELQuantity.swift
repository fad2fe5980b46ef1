/// An amount as Kubernetes writes one (`100m`, `1.5Gi`, `1e3`), kept in billionths and rounded up to a whole one.
struct CELQuantity: Sendable, Hashable, Comparable {
    let billionths: Int128

    private static let one: Int128 = 1_000_000_000

    static func < (left: CELQuantity, right: CELQuantity) -> Bool { left.billionths < right.billionths }

    init(billionths: Int128) { self.billionths = billionths }

    init(_ whole: Int64) { billionths = Int128(whole) * Self.one }

    private static let suffixes: [Substring: (Int128, Int)] = [
        // A multiplier and a power of ten, in billionths.
        "n": (1, 0), "u": (1, 3), "m": (1, 6), "": (1, 9), "k": (1, 12), "M": (1, 15), "G": (1, 18), "T": (1, 21),
        "P": (1, 24), "E": (1, 27), "Ki": (1 << 10, 9), "Mi": (1 << 20, 9), "Gi": (1 << 30, 9), "Ti": (1 << 40, 9),
        "Pi": (1 << 50, 9), "Ei": (1 << 60, 9),
    ]

    init?(_ text: String) {
        var rest = text[...]
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
        let whole = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(whole.count)
        var fraction: Substring = ""
        if rest.hasPrefix(".") {
            fraction = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty, whole.count + fraction.count <= 40 else { return nil }
        var multiplier: Int128 = 1
        var power: Int
        if let suffix = Self.suffixes[rest] {
            (multiplier, power) = suffix
        } else if let mark = rest.first, mark == "e" || mark == "E", let exponent = Int(rest.dropFirst()),
            abs(exponent) <= 40
        {
            power = 9 + exponent
        } else {
            return nil
        }
        guard var value = Int128(whole + fraction) else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: multiplier)
        guard !overflow else { return nil }
        value = product
        power -= fraction.count
        while power > 0 {
            let (larger, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            value = larger
            power -= 1
        }
        var isInexact = false
        while power < 0, value != 0 {
            if value % 10 != 0 { isInexact = true }
            value /= 10
            power += 1
        }
        if isInexact { value += 1 }
        billionths = isNegative ? -value : value
    }

    /// The amount as an integer; nil when it is none or does not fit.
    var integer: Int64? { billionths % Self.one == 0 ? Int64(exactly: billionths / Self.one) : nil }

    var approximate: Double { Double(billionths) / 1e9 }
}
