import KubeObjects

/// One step from a value to one inside it.
package enum PathElement: Sendable, Hashable {
    /// A field of an object.
    case field(String)
    /// The element of a list that has these values in its key fields; sorted by name.
    case key([KeyField])
    /// The element of a set.
    case value(JSON)
    /// An element of a list by its place.
    case index(Int)

    package struct KeyField: Sendable, Hashable {
        package let name: String
        package let value: JSON

        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }
}

extension PathElement {
    /// As in fieldsV1: `f:name`, `k:{"name":"a"}`, `v:"text"`, `i:0`.
    package var fieldsV1: String {
        switch self {
        case .field(let name): "f:\(name)"
        case .key(let fields): "k:\(JSON.object(Dictionary(fields.map { ($0.name, $0.value) }) { $1 }))"
        case .value(let value): "v:\(value)"
        case .index(let index): "i:\(index)"
        }
    }

    enum Reading: Sendable {
        case element(PathElement)
        /// Of a later version of the format; left out with all that is below it.
        case unknown
        case malformed
    }

    static func read(fieldsV1 text: String) -> Reading {
        guard text.utf8.count >= 2, text.utf8.dropFirst().first == UInt8(ascii: ":") else {
            return .malformed
        }
        let rest = text.dropFirst(2)
        switch text.first {
        case "f": return .element(.field(String(rest)))
        case "v": return (try? JSON(parsing: rest.utf8)).map { .element(.value($0)) } ?? .malformed
        case "i": return Int(rest).map { .element(.index($0)) } ?? .malformed
        case "k":
            guard let fields = (try? JSON(parsing: rest.utf8))?.object else { return .malformed }
            return .element(.key(fields.map { KeyField($0.key, $0.value) }.sorted { $0.name < $1.name }))
        default: return .unknown
        }
    }
}

/// As messages print it: `.spec`, `[name="a"]`, `[="text"]`, `[0]`.
extension PathElement: CustomStringConvertible {
    package var description: String {
        switch self {
        case .field(let name): ".\(name)"
        case .key(let fields):
            "[\(fields.map { "\($0.name)=\(Self.text($0.value))" }.joined(separator: ","))]"
        case .value(let value): "[=\(Self.text(value))]"
        case .index(let index): "[\(index)]"
        }
    }

    private static func text(_ value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): GoText.double(number)
        case .string(let text): GoText.quoted(text)
        case .array(let items): "[\(items.map(text).joined(separator: ","))]"
        case .object(let fields):
            fields.sorted { $0.key < $1.key }.map { "\($0.key)=\(text($0.value))" }.joined()
        }
    }
}

/// Fields before keys before values before indices, each in its own order.
extension PathElement: Comparable {
    package static func < (left: PathElement, right: PathElement) -> Bool {
        switch (left, right) {
        case (.field(let left), .field(let right)): left < right
        case (.key(let left), .key(let right)): precedes(left, right)
        case (.value(let left), .value(let right)): order(left, right) < 0
        case (.index(let left), .index(let right)): left < right
        default: left.rank < right.rank
        }
    }

    private var rank: Int {
        switch self {
        case .field: 0
        case .key: 1
        case .value: 2
        case .index: 3
        }
    }

    private static func precedes(_ left: [KeyField], _ right: [KeyField]) -> Bool {
        for (mine, other) in zip(left, right) {
            if mine.name != other.name { return mine.name < other.name }
            let order = order(mine.value, other.value)
            if order != 0 { return order < 0 }
        }
        return left.count < right.count
    }

    /// Numbers before strings before booleans before the rest.
    private static func order(_ left: JSON, _ right: JSON) -> Int {
        func rank(_ value: JSON) -> Int {
            switch value {
            case .integer, .number: 0
            case .string: 1
            case .bool: 2
            case .array: 3
            case .object: 4
            case .null: 5
            }
        }
        func sign<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
            left < right ? -1 : left > right ? 1 : 0
        }
        switch (left, right) {
        case (.integer(let left), .integer(let right)): return sign(left, right)
        case (.string(let left), .string(let right)): return sign(left, right)
        case (.bool(let left), .bool(let right)): return sign(left ? 1 : 0, right ? 1 : 0)
        default:
            if let left = left.number, let right = right.number { return sign(left, right) }
            let (mine, other) = (rank(left), rank(right))
            return mine == other ? sign(left.description, right.description) : sign(mine, other)
        }
    }
}
