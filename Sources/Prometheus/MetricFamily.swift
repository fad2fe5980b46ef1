/// The samples of one metric (Prometheus text format 0.0.4).
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package struct Sample: Sendable {
        /// Of the name: empty, `_bucket`, `_sum` or `_count`.
        let suffix: String
        let labels: [(name: String, value: String)]
        let value: Double
    }

    package let name: String
    package let help: String
    package let kind: Kind
    private(set) var samples: [Sample] = []

    package init(name: String, help: String, kind: Kind) {
        self.name = name
        self.help = help
        self.kind = kind
    }

    /// Labels are written in alphabetical order.
    package mutating func add(_ value: Double, labels: [String: String] = [:]) {
        samples.append(Sample(suffix: "", labels: Self.sorted(labels), value: value))
    }

    package mutating func add(_ histogram: Histogram, labels: [String: String] = [:]) {
        let labels = Self.sorted(labels)
        var cumulative: UInt64 = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            cumulative += count
            samples.append(
                Sample(
                    suffix: "_bucket", labels: labels + [("le", MetricText.number(bound))], value: Double(cumulative)))
        }
        samples.append(
            Sample(suffix: "_bucket", labels: labels + [("le", "+Inf")], value: Double(histogram.total)))
        samples.append(Sample(suffix: "_sum", labels: labels, value: histogram.sum))
        samples.append(Sample(suffix: "_count", labels: labels, value: Double(histogram.total)))
    }

    private static func sorted(_ labels: [String: String]) -> [(name: String, value: String)] {
        labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

/// Counts of observations by upper bound.
package struct Histogram: Sendable {
    let bounds: [Double]
    private(set) var counts: [UInt64]
    private(set) var total: UInt64 = 0
    private(set) var sum: Double = 0

    /// - Parameter bounds: rising; what is above the last counts in the total alone, so an infinite one adds nothing.
    package init(bounds: [Double]) {
        let bounds = bounds.filter(\.isFinite)
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count)
    }

    package mutating func observe(_ value: Double) {
        total += 1
        sum += value
        if let index = bounds.firstIndex(where: { value <= $0 }) { counts[index] += 1 }
    }
}

/// Writes families as Prometheus reads them.
package enum MetricText {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package static func render(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            for sample in family.samples {
                text += family.name + sample.suffix
                if !sample.labels.isEmpty {
                    text += "{"
                    text += sample.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
                        .joined(separator: ",")
                    text += "}"
                }
                text += " \(number(sample.value))\n"
            }
        }
        return text
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    /// By scalars, not characters: a line feed after a carriage return is one character with it.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: escaped.append(contentsOf: "\\\"".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
