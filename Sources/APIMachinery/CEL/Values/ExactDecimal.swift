/// The exact value of a double that is not negative, as decimal digits: every double has a finite number of them.
struct ExactDecimal {
    /// Most significant first, each 0 to 9.
    private(set) var digits: [UInt8]
    /// How many of the digits stand behind the point; negative for zeros that are left out in front of it.
    private var fraction: Int

    init(_ number: Double) {
        digits = String(number.significandBitPattern | (number.isNormal ? 1 << 52 : 0)).utf8.map { $0 - 0x30 }
        fraction = 0
        // number = significand × 2^power; a half is five tenths.
        let power = max(Int(number.exponentBitPattern), 1) - 1075
        if power >= 0 {
            for _ in 0..<power { multiply(by: 2) }
        } else {
            for _ in 0..<(-power) { multiply(by: 5) }
            fraction = -power
        }
    }

    private mutating func multiply(by factor: UInt8) {
        var carry: UInt8 = 0
        for index in digits.indices.reversed() {
            let product = digits[index] * factor + carry
            digits[index] = product % 10
            carry = product / 10
        }
        if carry > 0 { digits.insert(carry, at: 0) }
    }

    /// With so many digits behind the point, rounded half to even, and at least one in front of it. A negative count
    /// rounds in front of the point and leaves the zeros there out.
    func rounded(toFraction count: Int) -> ExactDecimal {
        var result = self
        let excess = fraction - count
        if excess <= 0 {
            result.digits += Array(repeating: 0, count: -excess)
        } else {
            let kept = max(0, digits.count - excess)
            let padding = Array(repeating: UInt8(0), count: max(0, excess - digits.count))
            let dropped = padding + digits[kept...]
            result.digits = Array(digits[..<kept])
            let isTie = dropped[0] == 5 && dropped.dropFirst().allSatisfy { $0 == 0 }
            let isOdd = (result.digits.last ?? 0) % 2 == 1
            if dropped[0] > 5 || dropped[0] == 5 && (!isTie || isOdd) { result.increment() }
        }
        result.fraction = count
        let missing = max(count, 0) + 1 - result.digits.count
        if missing > 0 { result.digits = Array(repeating: 0, count: missing) + result.digits }
        return result
    }

    private mutating func increment() {
        for index in digits.indices.reversed() {
            guard digits[index] == 9 else {
                digits[index] += 1
                return
            }
            digits[index] = 0
        }
        digits.insert(1, at: 0)
    }
}
