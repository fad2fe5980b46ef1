import Foundation

/// What is wrong with a page of metrics, by the rules of Prometheus' text format 0.0.4; empty when nothing is.
struct MetricsComplaints {
    private(set) var complaints: [String] = []
    private(set) var types: [String: String] = [:]
    /// Values by name and labels, as they are written.
    private(set) var samples: [String: Double] = [:]

    init(_ text: String) {
        if !text.hasSuffix("\n") { complaints.append("the last line has no end") }
        var current: String?
        for line in text.split(separator: "\n").map(String.init) {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP "), words.count >= 3 {
                current = words[2]
            } else if line.hasPrefix("# TYPE "), words.count == 4 {
                if types[words[2]] != nil { complaints.append("\(words[2]) has two types") }
                if !["counter", "gauge", "histogram", "summary", "untyped"].contains(words[3]) {
                    complaints.append("\(words[3]) is no type")
                }
                types[words[2]] = words[3]
                current = words[2]
            } else {
                take(sample: line, of: current)
            }
        }
        checkHistograms()
    }

    private mutating func take(sample line: String, of family: String?) {
        let pattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (NaN|[+-]Inf|-?[0-9.]+([eE][+-]?[0-9]+)?)$/
        guard let match = line.wholeMatch(of: pattern) else { return complaints.append("no sample: \(line)") }
        let name = String(match.1)
        let label = /[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*"/
        let labels = match.2.map { String($0.dropFirst().dropLast()) } ?? ""
        if !labels.isEmpty, labels.split(separator: ",").contains(where: { $0.wholeMatch(of: label) == nil }) {
            complaints.append("wrong labels: \(line)")
        }
        let base = family ?? ""
        let suffixes = types[base] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        if !suffixes.contains(where: { name == base + $0 }) { complaints.append("\(line) stands under \(base)") }
        if samples.updateValue(Double(match.3) ?? .nan, forKey: name + (match.2.map(String.init) ?? "")) != nil {
            complaints.append("twice: \(line)")
        }
    }

    /// Buckets rise, and the last one is the count.
    private mutating func checkHistograms() {
        for family in types where family.value == "histogram" {
            let counts = samples.filter { $0.key.hasPrefix("\(family.key)_count") }
            for (key, count) in counts {
                let labels = key.dropFirst("\(family.key)_count".count).dropFirst().dropLast()
                let prefix = "\(family.key)_bucket{\(labels)\(labels.isEmpty ? "" : ",")le=\""
                let buckets = samples.filter { $0.key.hasPrefix(prefix) }
                    .map { (Double($0.key.dropFirst(prefix.count).dropLast(2)) ?? .infinity, $0.value) }
                    .sorted { $0.0 < $1.0 }
                if buckets.last?.1 != count { complaints.append("\(key): the last bucket is not the count") }
                if zip(buckets, buckets.dropFirst()).contains(where: { $0.1 > $1.1 }) {
                    complaints.append("\(key): buckets fall")
                }
            }
        }
    }
}
