/// The samples of one object, written out: ready to be copied into every page until the object changes.
package struct SampleSet: Sendable, Hashable {
    /// Lines by the name of their family.
    package private(set) var lines: [String: [UInt8]] = [:]
    private let identity: [UInt8]

    /// - Parameter identity: labels that every sample carries, before its own.
    package init(identity: KeyValuePairs<String, String> = [:]) {
        var bytes: [UInt8] = []
        for (name, value) in identity { Self.write(name, value, into: &bytes) }
        self.identity = bytes
    }

    package var isEmpty: Bool { lines.isEmpty }

    package mutating func add(
        _ metric: MetricDefinition, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        add(metric.name, suffix: "", value, labels)
    }

    /// A truth as a number.
    package mutating func add(
        _ metric: MetricDefinition, _ value: Bool, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        add(metric, value ? 1 : 0, labels)
    }

    /// A constant that carries labels, or a state that holds.
    package mutating func mark(_ metric: MetricDefinition, _ labels: KeyValuePairs<String, String> = [:]) {
        add(metric, 1, labels)
    }

    /// A sample of a histogram that was counted elsewhere: `suffix` is `_bucket`, `_sum` or `_count`.
    package mutating func pass(
        _ metric: MetricDefinition, suffix: String, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        add(metric.name, suffix: suffix, value, labels)
    }

    private mutating func add(
        _ name: String, suffix: String, _ value: Double, _ labels: KeyValuePairs<String, String>
    ) {
        var line = lines.removeValue(forKey: name) ?? []
        line.append(contentsOf: name.utf8)
        line.append(contentsOf: suffix.utf8)
        if !identity.isEmpty || !labels.isEmpty {
            line.append(UInt8(ascii: "{"))
            line.append(contentsOf: identity)
            for (name, value) in labels { Self.write(name, value, into: &line) }
            // Of the comma that ends every label.
            line[line.count - 1] = UInt8(ascii: "}")
        }
        line.append(UInt8(ascii: " "))
        line.append(contentsOf: MetricText.number(value).utf8)
        line.append(UInt8(ascii: "\n"))
        lines[name] = line
    }

    private static func write(_ name: String, _ value: String, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: "="))
        bytes.append(UInt8(ascii: "\""))
        for byte in LabelText.bounded(value).utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: [byte, byte])
            case UInt8(ascii: "\n"): bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case UInt8(ascii: "\""): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ","))
    }
}

/// Values of labels come from objects that others write: they are cut, never let through at any length.
package enum LabelText {
    /// Bytes of UTF-8.
    package static let limit = 256

    /// The value itself, or its beginning and eight hexadecimal digits that tell two long values apart.
    package static func bounded(_ value: String) -> String {
        guard value.utf8.count > limit else { return value }
        var kept = ""
        var count = 0
        for scalar in value.unicodeScalars {
            let size = UTF8.width(scalar)
            guard count + size <= limit - 9 else { break }
            kept.unicodeScalars.append(scalar)
            count += size
        }
        // FNV-1a: the same in every process, unlike Swift's own hash.
        var hash: UInt32 = 2_166_136_261
        for byte in value.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        let digits = String(hash, radix: 16)
        return kept + "-" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
