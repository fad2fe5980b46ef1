/// The messages in which clients of Kubernetes send built-in kinds, as tables that are read once.
///
/// A line `/core` says which API the messages below it belong to; every other line is a message's name and its fields,
/// each a number, the name in JSON and, after a colon, the type. Without one it is a string.
///
///     i integer  b boolean  f double  y bytes  t time  u time in microseconds  q quantity  x int-or-string
///     r raw JSON  e a wrapped list of strings  I B S values that count even when they are zero or empty
///     Name a message (api/Name one of another API)  *Name one that counts even when it is empty
///     [type] a list  <type> a map from strings  ^Name fields that stand in JSON among those of their parent
///
/// The facts are those of the Go types of Kubernetes 1.36.
enum ProtobufShapes {
    indirect enum Kind: Sendable {
        case string, integer, boolean, double, bytes, time, microTime, quantity, intOrString, raw, wrappedStrings
        case message(String)
        case list(Kind)
        case map(Kind)
    }

    struct Field: Sendable {
        var name: String
        var kind: Kind
        /// Empty and zero are values and not the lack of one.
        var keepsEmpty = false
        /// Its fields stand among those of its parent.
        var isInline = false
    }

    /// By name (`core/Pod`), each with its fields by number.
    static let messages: [String: [Int: Field]] = {
        var messages: [String: [Int: Field]] = [:]
        for table in [core1, core2, workloads, access] { read(table, into: &messages) }
        return messages
    }()

    private static func read(_ table: String, into messages: inout [String: [Int: Field]]) {
        var api: Substring = ""
        var message = ""
        for line in table.split(separator: "\n") {
            if line.first == "/" {
                api = line.dropFirst()
                continue
            }
            var words = line.split(separator: " ")[...]
            if line.first != " " { message = "\(api)/\(words.removeFirst())" }
            for word in words {
                let digits = word.prefix { $0.isNumber }
                guard let number = Int(digits) else { continue }
                let parts = word.dropFirst(digits.count).split(separator: ":", omittingEmptySubsequences: false)
                var field = Field(name: String(parts[0]), kind: .string)
                if parts.count > 1 { describe(parts[1], api, &field) }
                messages[message, default: [:]][number] = field
            }
        }
    }

    private static func describe(_ type: Substring, _ api: Substring, _ field: inout Field) {
        switch type.first {
        case "*":
            field.keepsEmpty = true
            field.kind = kind(type.dropFirst(), api)
        case "^":
            field.isInline = true
            field.kind = kind(type.dropFirst(), api)
        default:
            field.keepsEmpty = ["I", "B", "S"].contains(type)
            field.kind = kind(type, api)
        }
    }

    private static func kind(_ type: Substring, _ api: Substring) -> Kind {
        switch type {
        case "s", "S": return .string
        case "i", "I": return .integer
        case "b", "B": return .boolean
        case "f": return .double
        case "y": return .bytes
        case "t": return .time
        case "u": return .microTime
        case "q": return .quantity
        case "x": return .intOrString
        case "r": return .raw
        case "e": return .wrappedStrings
        default: break
        }
        switch type.first {
        case "[": return .list(kind(type.dropFirst().dropLast(), api))
        case "<": return .map(kind(type.dropFirst().dropLast(), api))
        case "*": return kind(type.dropFirst(), api)
        default: return .message(type.contains("/") ? String(type) : "\(api)/\(type)")
        }
    }
}
