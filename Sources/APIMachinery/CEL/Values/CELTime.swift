/// A span of time, in nanoseconds.
struct CELDuration: Sendable, Hashable, Comparable {
    let nanoseconds: Int64

    static func < (left: CELDuration, right: CELDuration) -> Bool { left.nanoseconds < right.nanoseconds }

    init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    private static let units: [(name: String, nanoseconds: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    /// Go's form: `1h2m3.5s`, `-300ms`, `0`.
    init?(_ text: String) {
        var rest = text[...]
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
        if rest == "0" {
            self.init(nanoseconds: 0)
            return
        }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
            rest = rest.dropFirst(name.count)
            guard let unit = Self.units.first(where: { $0.name == name }),
                let part = Self.scaled(digits, by: Int64(unit.nanoseconds))
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        self.init(nanoseconds: isNegative ? -total : total)
    }

    /// A decimal number of units, exactly.
    private static func scaled(_ digits: Substring, by unit: Int64) -> Int64? {
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, digits != "." else { return nil }
        guard let whole = parts[0].isEmpty ? 0 : Int64(parts[0]) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        guard parts.count == 2, !parts[1].isEmpty else { return product }
        guard let fraction = Double("0.\(parts[1])") else { return nil }
        let (sum, tooLarge) = product.addingReportingOverflow(Int64(fraction * Double(unit)))
        return tooLarge ? nil : sum
    }

    /// What a schema's format `duration` takes: Go's form, or numbers with spelt-out units (`3 days`).
    init?(schemaText text: String) {
        if let plain = CELDuration(text) {
            self = plain
            return
        }
        let day: Int64 = 86_400_000_000_000
        let words: [(prefix: String, nanoseconds: Int64)] = [
            ("ns", 1), ("nano", 1), ("us", 1000), ("micro", 1000), ("ms", 1_000_000), ("milli", 1_000_000),
            ("s", 1_000_000_000), ("sec", 1_000_000_000), ("m", 60_000_000_000), ("min", 60_000_000_000),
            ("h", 3_600_000_000_000), ("hr", 3_600_000_000_000), ("hour", 3_600_000_000_000), ("d", day),
            ("day", day), ("w", 7 * day), ("wk", 7 * day), ("week", 7 * day),
        ]
        var rest = text.lowercased()[...]
        var total: Int64 = 0
        var isFound = false
        while let start = rest.firstIndex(where: { $0.isASCII && $0.isNumber }) {
            rest = rest[start...]
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let word = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(word.count)
            let unit = words.last { word == $0.prefix || $0.prefix.count > 2 && word.hasPrefix($0.prefix) }
            guard let unit, let count = Int64(digits) else { continue }
            let (part, overflow) = count.multipliedReportingOverflow(by: unit.nanoseconds)
            let (sum, tooLarge) = total.addingReportingOverflow(part)
            guard !overflow, !tooLarge else { return nil }
            total = sum
            isFound = true
        }
        guard isFound else { return nil }
        self.init(nanoseconds: total)
    }

    /// As cel-go prints it: seconds with a fraction, `90s`, `1.5s`.
    var text: String {
        "\(GoText.double(Double(nanoseconds) / 1e9, exponentFrom: 21, exponentBelow: -10))s"
    }
}

/// A moment, in seconds and nanoseconds since 1970 in UTC.
struct CELTimestamp: Sendable, Hashable, Comparable {
    let seconds: Int64
    let nanoseconds: Int64

    /// The years 1 to 9999, which CEL's timestamps span.
    private static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    static func < (left: CELTimestamp, right: CELTimestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// Nil outside the years 1 to 9999.
    init?(seconds: Int64, nanoseconds: Int64 = 0) {
        let carried = seconds.addingReportingOverflow(nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : -1)
        guard !carried.overflow, Self.range.contains(carried.partialValue) else { return nil }
        self.seconds = carried.partialValue
        self.nanoseconds = nanoseconds >= 0 ? nanoseconds % 1_000_000_000 : nanoseconds + 1_000_000_000
    }

    /// `2006-01-02`.
    init?(date text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], let year = Self.digits(parts[0]),
            let month = Self.digits(parts[1]), let day = Self.digits(parts[2]),
            let days = Self.days(year: year, month: month, day: day)
        else { return nil }
        self.init(seconds: days * 86400)
    }

    /// RFC 3339, with any fraction of a second.
    init?(_ text: String) {
        let scalars = Array(text.utf8)
        guard scalars.count >= 20, scalars[10] == UInt8(ascii: "T") || scalars[10] == UInt8(ascii: "t"),
            let midnight = CELTimestamp(date: String(text.prefix(10)))
        else { return nil }
        let clock = text.dropFirst(11).prefix(8).split(separator: ":", omittingEmptySubsequences: false)
        guard clock.map(\.utf8.count) == [2, 2, 2], let hour = Self.digits(clock[0]),
            let minute = Self.digits(clock[1]), let second = Self.digits(clock[2]), hour < 24, minute < 60, second < 60
        else { return nil }
        var rest = text.dropFirst(19)
        var nanoseconds: Int64 = 0
        if rest.hasPrefix(".") {
            let fraction = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard !fraction.isEmpty else { return nil }
            let padded = fraction.prefix(9) + String(repeating: "0", count: max(0, 9 - fraction.count))
            nanoseconds = Int64(padded) ?? 0
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard let offset = Self.offset(String(rest)) else { return nil }
        self.init(
            seconds: midnight.seconds + Int64(hour * 3600 + minute * 60 + second) - offset, nanoseconds: nanoseconds)
    }

    private static func digits(_ text: Substring) -> Int? {
        text.allSatisfy { $0.isASCII && $0.isNumber } ? Int(text) : nil
    }

    /// Seconds east of UTC: `Z`, `+02:00`, `-08:00`.
    static func offset(_ text: String) -> Int64? {
        if text == "Z" || text == "z" || text == "UTC" || text.isEmpty { return text.isEmpty ? nil : 0 }
        let parts = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
        guard let sign = text.first, sign == "+" || sign == "-", parts.map(\.utf8.count) == [2, 2],
            let hours = digits(parts[0]), let minutes = digits(parts[1]), hours < 24, minutes < 60
        else { return nil }
        return Int64(hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
    }

    private static func days(year: Int, month: Int, day: Int) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), (1...lengths[month - 1]).contains(day) else { return nil }
        // Years are counted from March, so that the leap day ends one.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    /// The calendar fields, `offset` seconds east of UTC.
    struct Calendar {
        let year: Int
        /// From 1.
        let month: Int
        /// From 1.
        let day: Int
        /// From 0.
        let dayOfYear: Int
        /// From 0, Sunday.
        let dayOfWeek: Int
        let hour: Int
        let minute: Int
        let second: Int
    }

    func calendar(offset: Int64 = 0) -> Calendar {
        let local = Int(seconds + offset)
        let days = local >= 0 ? local / 86400 : (local - 86399) / 86400
        let clock = local - days * 86400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfMarchYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfMarchYear + 2) / 153
        let day = dayOfMarchYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let newYear = Self.days(year: year, month: 1, day: 1) ?? 0
        return Calendar(
            year: year, month: month, day: day, dayOfYear: days - Int(newYear), dayOfWeek: ((days + 4) % 7 + 7) % 7,
            hour: clock / 3600, minute: clock / 60 % 60, second: clock % 60)
    }

    /// RFC 3339 in UTC.
    var text: String {
        let calendar = calendar()
        func padded(_ value: Int, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        var fraction = ""
        if nanoseconds != 0 {
            fraction = "." + padded(Int(nanoseconds), 9)
            while fraction.hasSuffix("0") { fraction.removeLast() }
        }
        return "\(padded(calendar.year, 4))-\(padded(calendar.month, 2))-\(padded(calendar.day, 2))T"
            + "\(padded(calendar.hour, 2)):\(padded(calendar.minute, 2)):\(padded(calendar.second, 2))\(fraction)Z"
    }
}
