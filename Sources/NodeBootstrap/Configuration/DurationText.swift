/// Durations as Go writes them: `4m0s`, `1.5h`, `300ms`.
package enum DurationText {
    /// Nil when the text is no such duration, or is negative or longer than a hundred years.
    package static func parse(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = text.utf8[...]
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }
            guard let number = Double(String(decoding: digits, as: UTF8.self)) else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) && $0 != UInt8(ascii: ".") }
            rest = rest.dropFirst(unit.count)
            let seconds: Double
            switch String(decoding: unit, as: UTF8.self) {
            case "h": seconds = 3600
            case "m": seconds = 60
            case "s": seconds = 1
            case "ms": seconds = 1e-3
            case "us", "µs": seconds = 1e-6
            case "ns": seconds = 1e-9
            default: return nil
            }
            total += number * seconds
        }
        guard total.isFinite, total <= 100 * 365.25 * 86_400 else { return nil }
        return .nanoseconds(Int64((total * 1e9).rounded()))
    }

    /// `4m0s`; fractions of a second only below one minute.
    package static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        if seconds < 60 {
            let milliseconds = duration.components.attoseconds / 1_000_000_000_000_000
            return milliseconds == 0 ? "\(seconds)s" : "\(Double(seconds) + Double(milliseconds) / 1000)s"
        }
        if seconds < 3600 { return "\(seconds / 60)m\(seconds % 60)s" }
        return "\(seconds / 3600)h\(seconds % 3600 / 60)m\(seconds % 60)s"
    }
}
