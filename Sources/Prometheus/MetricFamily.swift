/// The samples of one metric (Prometheus text format 0.0.4).
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
        /// A constant 1 that carries labels; a gauge where the format knows no such thing.
        case info
    }

    package struct Sample: Sendable {
        /// Of the name: empty, `_bucket`, `_sum` or `_count`.
        let suffix: String
        let labels: [(name: String, value: String)]
        let value: Double
    }

    package let definition: MetricDefinition
    private(set) var samples: [Sample] = []

    package var isEmpty: Bool { samples.isEmpty }
    package var name: String { definition.name }
    package var help: String { definition.help }
    package var kind: Kind { definition.kind }

    package init(name: String, help: String, kind: Kind) { self.init(MetricDefinition(name, kind, help: help)) }

    package init(_ definition: MetricDefinition) { self.definition = definition }

    /// The family as a page of this format has it.
    func rendered(_ format: ExpositionFormat) -> [UInt8] {
        var bytes = definition.header(format)
        for sample in samples { sample.write(of: name, format, into: &bytes) }
        return bytes
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
package struct Histogram: Sendable, Hashable {
    package let bounds: [Double]
    package private(set) var counts: [UInt64]
    package private(set) var total: UInt64 = 0
    package private(set) var sum: Double = 0

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

    package static func render(_ families: [MetricFamily], _ format: ExpositionFormat = .text) -> String {
        String(decoding: families.flatMap { $0.rendered(format) } + format.ending, as: UTF8.self)
    }

    package static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    /// By scalars, not characters: a line feed after a carriage return is one character with it.
    static func escaped(_ text: String, quotes: Bool) -> String {
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

extension MetricFamily.Sample {
    func write(of name: String, _ format: ExpositionFormat, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: suffix.utf8)
        if !labels.isEmpty {
            let pairs = labels.map { label in
                // OpenMetrics writes the bounds of buckets as floats: "1.0".
                let isWhole = format.isOpenMetrics && label.name == "le" && Int64(label.value) != nil
                let value = isWhole ? label.value + ".0" : label.value
                return "\(label.name)=\"\(MetricText.escaped(value, quotes: true))\""
            }
            bytes.append(contentsOf: "{\(pairs.joined(separator: ","))}".utf8)
        }
        bytes.append(contentsOf: " \(MetricText.number(value))\n".utf8)
    }
}
