/// One line of somebody else's metrics.
package struct ScrapedSample: Sendable, Hashable {
    /// With its suffix, as it stands.
    package let name: String
    package let labels: [String: String]
    package let value: Double
}

/// Reads what a server under our eyes exposes in text 0.0.4. What is no sample is passed over: a page of another's
/// making is worth what can be read of it.
package enum ExpositionReader {
    /// The samples of the wanted metrics, in order.
    package static func samples(_ page: [UInt8], where isWanted: (Substring) -> Bool) -> [ScrapedSample] {
        var found: [ScrapedSample] = []
        for line in page.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
            let end = line.firstIndex { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: " ") } ?? line.endIndex
            let name = Substring(decoding: line[..<end], as: UTF8.self)
            guard isWanted(name), let sample = sample(String(name), line[end...]) else { continue }
            found.append(sample)
        }
        return found
    }

    private static func sample(_ name: String, _ rest: ArraySlice<UInt8>) -> ScrapedSample? {
        var rest = rest
        var labels: [String: String] = [:]
        if rest.first == UInt8(ascii: "{") {
            rest = rest.dropFirst()
            while let byte = rest.first, byte != UInt8(ascii: "}") {
                guard let equals = rest.firstIndex(of: UInt8(ascii: "=")) else { return nil }
                let label = String(decoding: rest[..<equals].drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
                rest = rest[(equals + 1)...]
                guard let value = quoted(&rest) else { return nil }
                labels[label] = value
                rest = rest.drop { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }
            }
            guard rest.first == UInt8(ascii: "}") else { return nil }
            rest = rest.dropFirst()
        }
        // A timestamp may follow the value.
        let number = rest.split(separator: UInt8(ascii: " ")).first.map { String(decoding: $0, as: UTF8.self) }
        guard let value = number.flatMap(Self.number) else { return nil }
        return ScrapedSample(name: name, labels: labels, value: value)
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        default: Double(text)
        }
    }

    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped == UInt8(ascii: "n") ? 0x0A : escaped)
            default: value.append(byte)
            }
        }
        return nil
    }
}
