import KubeObjects
import NodeIdentity

/// Reads the fields of a configuration, each by its path from the top. What is not there, or null, was not said; what is of
/// another kind than it has to be was meant, and is an error that names it.
struct FieldReader: Sendable {
    private let json: JSON
    /// Their values are in no message.
    private let secrets: Set<String>

    init(_ json: JSON, secrets: Set<String>) {
        self.json = json
        self.secrets = secrets
    }

    /// - Parameter path: names, parted by full stops.
    func value(_ path: String) throws(JoinInputError) -> JSON? {
        var value = json
        var place = ""
        for name in path.split(separator: ".") {
            guard value.object != nil else { throw mismatch(place, value, "give a mapping") }
            guard let next = value[String(name)], !next.isNull else { return nil }
            value = next
            place += place.isEmpty ? String(name) : ".\(name)"
        }
        return value
    }

    /// Nil for an empty text too, as kubeadm has it.
    func text(_ path: String) throws(JoinInputError) -> String? {
        guard let value = try value(path) else { return nil }
        guard let text = value.string else { throw mismatch(path, value, "give a text, in quotation marks") }
        return text.isEmpty ? nil : text
    }

    func texts(_ path: String) throws(JoinInputError) -> [String] {
        guard let value = try value(path) else { return [] }
        guard let texts = value.strings else { throw mismatch(path, value, "give a list of texts: [a, b]") }
        return texts
    }

    func isTrue(_ path: String) throws(JoinInputError) -> Bool {
        guard let value = try value(path) else { return false }
        guard let isTrue = value.bool else {
            throw mismatch(path, value, "give true or false, without quotation marks")
        }
        return isTrue
    }

    /// - Returns: a mapping each.
    func entries(_ path: String) throws(JoinInputError) -> [FieldReader] {
        guard let value = try value(path) else { return [] }
        guard let entries = value.array else { throw mismatch(path, value, "give a list of mappings") }
        var readers: [FieldReader] = []
        for (index, entry) in entries.enumerated() {
            guard entry.object != nil else { throw mismatch("\(path)[\(index)]", entry, "give a mapping") }
            readers.append(FieldReader(entry, secrets: secrets))
        }
        return readers
    }

    /// Nil for zero too, as kubeadm has it.
    func duration(_ path: String) throws(JoinInputError) -> Duration? {
        guard let text = try text(path) else { return nil }
        guard let duration = DurationText.parse(text) else {
            throw JoinInputError(.configuration, "\(path) is \"\(text)\": give a duration such as 5m0s")
        }
        return duration > .zero ? duration : nil
    }

    private func mismatch(_ path: String, _ value: JSON, _ wanted: String) -> JoinInputError {
        let shown = String("\(value)".prefix(80))
        let what = secrets.contains(path) ? value.kindName : "\(shown) (\(value.kindName))"
        return JoinInputError(.configuration, "\(path.isEmpty ? "the configuration" : path) is \(what): \(wanted)")
    }
}
