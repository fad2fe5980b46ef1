/// What a scraper can read.
package enum ExpositionFormat: Sendable, Hashable, CaseIterable {
    /// Text 0.0.4: what every Prometheus reads, and what stands for anything unknown.
    case text
    /// Text 1.0.0: the same lines.
    case text1
    case openMetrics0
    case openMetrics1

    package var isOpenMetrics: Bool { self == .openMetrics0 || self == .openMetrics1 }

    package var contentType: String {
        switch self {
        case .text: MetricText.contentType
        case .text1: "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"
        case .openMetrics0: "application/openmetrics-text; version=0.0.1; charset=utf-8"
        case .openMetrics1: "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
        }
    }

    /// What follows the last family.
    package var ending: [UInt8] { isOpenMetrics ? Array("# EOF\n".utf8) : [] }

    /// The format that an `Accept` header prefers (RFC 9110, 12.5.1), of equals the first; text 0.0.4 where nothing that
    /// it names is known, because a scraper without an answer it can read learns nothing at all.
    package static func negotiated(accept: String?) -> ExpositionFormat {
        var best: (format: ExpositionFormat, quality: Double)?
        for range in WeightedValue.list(accept ?? "") where range.quality > 0 {
            guard let format = format(of: range), range.quality > best?.quality ?? 0 else { continue }
            best = (format, range.quality)
        }
        return best?.format ?? .text
    }

    private static func format(of range: WeightedValue) -> ExpositionFormat? {
        switch (range.value, range.parameters["version"]) {
        case ("application/openmetrics-text", "1.0.0"): .openMetrics1
        case ("application/openmetrics-text", nil), ("application/openmetrics-text", "0.0.1"): .openMetrics0
        case ("text/plain", "1.0.0"): .text1
        case ("text/plain", nil), ("text/plain", "0.0.4"), ("text/*", _), ("*/*", _): .text
        default: nil
        }
    }
}

/// One element of a header such as `Accept`: a value, its parameters, and how much it is wanted.
package struct WeightedValue: Sendable, Hashable {
    /// In lower case.
    package let value: String
    /// Names in lower case, without `q`.
    package let parameters: [String: String]
    /// 0 means not at all. What is no number counts as 0.
    package let quality: Double

    package static func list(_ header: String) -> [WeightedValue] {
        header.split(separator: ",").prefix(64).compactMap { element in
            let parts = element.split(separator: ";").map(trimmed)
            guard let value = parts.first, !value.isEmpty else { return nil }
            var parameters: [String: String] = [:]
            var quality = 1.0
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=", maxSplits: 1).map(trimmed)
                guard pair.count == 2 else { continue }
                let text =
                    pair[1].hasPrefix("\"") && pair[1].count > 1 ? String(pair[1].dropFirst().dropLast()) : pair[1]
                if pair[0].lowercased() == "q" {
                    quality = Double(text).flatMap { (0...1).contains($0) ? $0 : nil } ?? 0
                } else {
                    parameters[pair[0].lowercased()] = text
                }
            }
            return WeightedValue(value: value.lowercased(), parameters: parameters, quality: quality)
        }
    }

    /// Whether an `Accept-Encoding` header takes gzip. Without the header nothing is compressed.
    package static func acceptsGzip(_ header: String?) -> Bool {
        let codings = list(header ?? "")
        let wanted = codings.first { $0.value == "gzip" } ?? codings.first { $0.value == "*" }
        return (wanted?.quality ?? 0) > 0
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = text.drop(while: isBlank)
        return String(start.reversed().drop(while: isBlank).reversed())
    }
}
