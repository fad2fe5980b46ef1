/// What is said of a metric once, wherever its samples come from.
package struct MetricDefinition: Sendable, Hashable {
    package enum Unit: String, Sendable, Hashable {
        case seconds, bytes, ratio
    }

    package let name: String
    package let kind: MetricFamily.Kind
    /// The unit that the name ends in, before `_total`; nil where it is a plain number.
    package let unit: Unit?
    /// One sentence.
    package let help: String
    /// In the order in which they are written.
    package let labels: [String]

    package init(_ name: String, _ kind: MetricFamily.Kind, help: String, labels: [String] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        unit = Self.unit(of: name, kind)
    }

    private static func unit(of name: String, _ kind: MetricFamily.Kind) -> Unit? {
        var stem = Substring(name)
        if kind == .counter, stem.hasSuffix("_total") { stem = stem.dropLast("_total".count) }
        return stem.split(separator: "_").last.flatMap { Unit(rawValue: String($0)) }
    }

    /// `# HELP`, `# TYPE` and where the format has it `# UNIT`.
    package func header(_ format: ExpositionFormat) -> [UInt8] {
        guard format.isOpenMetrics else {
            // The text format knows no info: it is a gauge there.
            let type = kind == .info ? "gauge" : kind.rawValue
            return Array("# HELP \(name) \(MetricText.escaped(help, quotes: false))\n# TYPE \(name) \(type)\n".utf8)
        }
        let family = openMetricsFamily
        var text = "# HELP \(family) \(MetricText.escaped(help, quotes: true))\n# TYPE \(family) \(kind.rawValue)\n"
        if let unit { text += "# UNIT \(family) \(unit.rawValue)\n" }
        return Array(text.utf8)
    }

    /// OpenMetrics names a family without the suffix of its samples.
    private var openMetricsFamily: String {
        switch kind {
        case .counter where name.hasSuffix("_total"): String(name.dropLast("_total".count))
        case .info where name.hasSuffix("_info"): String(name.dropLast("_info".count))
        default: name
        }
    }
}
