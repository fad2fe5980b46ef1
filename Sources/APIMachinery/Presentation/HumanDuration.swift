import FoundationEssentials
import KubeObjects

/// Times as tables show them.
enum HumanDuration {
    /// Two units at the most, the second only where it still tells something: `45s`, `3m4s`, `5h`, `2d3h`, `4y`.
    static func text(seconds: Double) -> String {
        guard seconds > -2 else { return "<invalid>" }
        guard seconds >= 0, seconds < 1e15 else { return "0s" }
        let total = Int(seconds)
        func pair(_ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String) -> String {
            small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit)\(small)\(smallUnit)"
        }
        let (minutes, hours) = (total / 60, total / 3600)
        if total < 120 { return "\(total)s" }
        if minutes < 10 { return pair(minutes, "m", total % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        if hours < 24 * 8 { return pair(hours / 24, "d", hours % 24, "h") }
        if hours < 24 * 365 * 2 { return "\(hours / 24)d" }
        if hours < 24 * 365 * 8 { return pair(hours / 24 / 365, "y", hours / 24 % 365, "d") }
        return "\(hours / 24 / 365)y"
    }

    /// How long ago an RFC 3339 time was; `<unknown>` for none.
    static func age(_ time: String?, now: Date) -> String {
        guard let time, let date = Timestamp.parse(time) else { return "<unknown>" }
        return text(seconds: now.timeIntervalSince(date))
    }
}
