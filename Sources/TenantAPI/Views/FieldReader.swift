import KubeObjects

/// Reads the fields of one JSON object and says of what is wrong where it stands. An explicit null is an absent field;
/// so is an empty optional string, as in upstream's types, where the two cannot be told apart.
struct FieldReader {
    private let values: [String: JSON]
    private let path: String

    /// Nil reads as an object without fields.
    init(_ json: JSON?, at path: String) throws(InvalidObject) {
        self.path = path
        switch json {
        case nil, .null: values = [:]
        case .object(let fields): values = fields
        case .some(let other): throw InvalidObject(field: path, value: other, expected: "an object")
        }
    }

    func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// The value as it is.
    func json(_ key: String) -> JSON? {
        guard let value = values[key], value != .null else { return nil }
        return value
    }

    func has(_ key: String) -> Bool { json(key) != nil }

    /// A reader of a nested object, one without fields where it is absent.
    func object(_ key: String) throws(InvalidObject) -> FieldReader {
        try FieldReader(json(key), at: path(key))
    }

    func string(_ key: String) throws(InvalidObject) -> String? {
        guard let value = json(key) else { return nil }
        guard let text = value.string else { throw invalid(key, "a string") }
        return text.isEmpty ? nil : text
    }

    func requiredString(_ key: String) throws(InvalidObject) -> String {
        guard let text = try string(key) else { throw invalid(key, "a string that is not empty") }
        return text
    }

    func boolean(_ key: String) throws(InvalidObject) -> Bool? {
        guard let value = json(key) else { return nil }
        guard let bool = value.bool else { throw invalid(key, "true or false") }
        return bool
    }

    func integer(_ key: String) throws(InvalidObject) -> Int? {
        guard let value = json(key) else { return nil }
        guard let integer = value.integer, let number = Int(exactly: integer) else {
            throw invalid(key, "a whole number")
        }
        return number
    }

    func requiredInteger(_ key: String) throws(InvalidObject) -> Int {
        guard let number = try integer(key) else { throw invalid(key, "a whole number") }
        return number
    }

    /// Nil when absent: whether a list was given can matter.
    func strings(_ key: String) throws(InvalidObject) -> [String]? {
        guard let value = json(key) else { return nil }
        guard let strings = value.strings else { throw invalid(key, "a list of strings") }
        return strings
    }

    /// Elements as they are; none when absent.
    func list(_ key: String) throws(InvalidObject) -> [JSON] {
        guard let value = json(key) else { return [] }
        guard let items = value.array else { throw invalid(key, "a list") }
        return items
    }

    /// One reader an element.
    func readers(_ key: String) throws(InvalidObject) -> [FieldReader] {
        var readers: [FieldReader] = []
        for (index, item) in try list(key).enumerated() {
            readers.append(try FieldReader(item, at: "\(path(key))[\(index)]"))
        }
        return readers
    }

    func stringMap(_ key: String) throws(InvalidObject) -> [String: String] {
        guard let value = json(key) else { return [:] }
        guard let map = value.stringMap else { throw invalid(key, "an object of strings") }
        return map
    }

    /// A subtree that stays JSON; nil when absent.
    func subtree(_ key: String) throws(InvalidObject) -> JSON? {
        guard let value = json(key) else { return nil }
        guard value.object != nil else { throw invalid(key, "an object") }
        return value
    }

    /// One of a closed set of words; nil when absent.
    func choice<Choice>(_ key: String, _: Choice.Type = Choice.self) throws(InvalidObject) -> Choice?
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        guard let text = try string(key) else { return nil }
        guard let choice = Choice(rawValue: text) else { throw invalid(key, Self.words(of: Choice.self)) }
        return choice
    }

    func requiredChoice<Choice>(_ key: String, _: Choice.Type = Choice.self) throws(InvalidObject) -> Choice
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        guard let choice: Choice = try choice(key) else { throw invalid(key, Self.words(of: Choice.self)) }
        return choice
    }

    func invalid(_ key: String, _ expected: String) -> InvalidObject {
        InvalidObject(field: path(key), value: values[key], expected: expected)
    }

    private static func words<Choice>(of _: Choice.Type) -> String
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", ")
    }
}
