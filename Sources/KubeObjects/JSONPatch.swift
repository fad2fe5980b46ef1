/// Why a JSON patch cannot be parsed or applied.
package struct JSONPatchError: Error, Sendable, Hashable, CustomStringConvertible {
    package let message: String
    /// Whether a `test` operation found something else: the patch is sound and the object is not as expected.
    package let isFailedTest: Bool

    init(_ message: String, isFailedTest: Bool = false) {
        self.message = message
        self.isFailedTest = isFailedTest
    }

    package var description: String { message }
}

/// JSON patch (RFC 6902).
package struct JSONPatch: Sendable, Hashable {
    package enum Operation: Sendable, Hashable {
        case add(JSONPointer, JSON)
        case remove(JSONPointer)
        case replace(JSONPointer, JSON)
        case move(from: JSONPointer, JSONPointer)
        case copy(from: JSONPointer, JSONPointer)
        case test(JSONPointer, JSON)
    }

    package let operations: [Operation]

    package init(operations: [Operation]) { self.operations = operations }

    package init(_ json: JSON) throws(JSONPatchError) {
        guard let entries = json.array else { throw JSONPatchError("a JSON patch is a list of operations") }
        var operations: [Operation] = []
        for (index, entry) in entries.enumerated() {
            operations.append(try Self.operation(entry, at: index))
        }
        self.operations = operations
    }

    private static func operation(_ entry: JSON, at index: Int) throws(JSONPatchError) -> Operation {
        func pointer(_ field: String) throws(JSONPatchError) -> JSONPointer {
            guard let text = entry[field]?.string else {
                throw JSONPatchError("operation \(index) has no \"\(field)\"")
            }
            guard let pointer = JSONPointer(text) else {
                throw JSONPatchError(
                    "operation \(index): \"\(text)\" is no JSON pointer: it must be empty or start with /")
            }
            return pointer
        }
        func value() throws(JSONPatchError) -> JSON {
            guard let value = entry["value"] else { throw JSONPatchError("operation \(index) has no \"value\"") }
            return value
        }
        switch entry["op"]?.string {
        case "add": return .add(try pointer("path"), try value())
        case "remove": return .remove(try pointer("path"))
        case "replace": return .replace(try pointer("path"), try value())
        case "move": return .move(from: try pointer("from"), try pointer("path"))
        case "copy": return .copy(from: try pointer("from"), try pointer("path"))
        case "test": return .test(try pointer("path"), try value())
        case let other:
            throw JSONPatchError(
                "operation \(index) is \"\(other ?? "")\": use add, remove, replace, move, copy or test")
        }
    }

    /// The patched document; all operations apply, or none.
    package func apply(to document: JSON) throws(JSONPatchError) -> JSON {
        var document = document
        for operation in operations {
            switch operation {
            case .add(let path, let value): try document.insert(value, at: path.tokens, path, replaces: false)
            case .replace(let path, let value):
                guard document.value(at: path.tokens) != nil else { throw missing(path) }
                try document.insert(value, at: path.tokens, path, replaces: true)
            case .remove(let path): _ = try document.take(at: path.tokens, path)
            case .move(let from, let path):
                guard from == path || !path.tokens.starts(with: from.tokens) else {
                    throw JSONPatchError("\(from) cannot be moved into itself, to \(path)")
                }
                let value = try document.take(at: from.tokens, from)
                try document.insert(value, at: path.tokens, path, replaces: false)
            case .copy(let from, let path):
                guard let value = document.value(at: from.tokens) else { throw missing(from) }
                try document.insert(value, at: path.tokens, path, replaces: false)
            case .test(let path, let value):
                // A field that is not there equals null, as the patch library of Kubernetes has it.
                guard (document.value(at: path.tokens) ?? .null) == value else {
                    throw JSONPatchError("testing value \(path) failed", isFailedTest: true)
                }
            }
        }
        return document
    }

    private func missing(_ path: JSONPointer) -> JSONPatchError { JSONPatchError("there is nothing at \(path)") }
}

/// RFC 6901.
package struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    package let tokens: [String]

    package init(tokens: [String]) { self.tokens = tokens }

    package init?(_ text: String) {
        if text.isEmpty {
            tokens = []
            return
        }
        guard text.hasPrefix("/") else { return nil }
        tokens = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
    }

    package var description: String {
        tokens.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
    }
}

extension JSON {
    /// The value that a pointer's tokens lead to.
    package func value(at tokens: [String]) -> JSON? {
        var here = self
        for token in tokens {
            switch here {
            case .object(let fields):
                guard let next = fields[token] else { return nil }
                here = next
            case .array(let items):
                guard let index = Self.index(token, count: items.count - 1) else { return nil }
                here = items[index]
            default: return nil
            }
        }
        return here
    }

    /// An array index without leading zeros, at most `count`.
    private static func index(_ token: String, count: Int) -> Int? {
        guard token.utf8.allSatisfy({ (0x30...0x39).contains($0) }), token == "0" || !token.hasPrefix("0"),
            let index = Int(token), index <= count
        else { return nil }
        return index
    }

    fileprivate mutating func insert(
        _ value: JSON, at tokens: [String], _ path: JSONPointer, replaces: Bool
    ) throws(JSONPatchError) {
        guard let token = tokens.first else {
            self = value
            return
        }
        let rest = Array(tokens.dropFirst())
        switch self {
        case .object(var fields):
            self = .null
            if rest.isEmpty {
                fields[token] = value
            } else {
                guard var child = fields.removeValue(forKey: token) else {
                    throw JSONPatchError("there is nothing at the parent of \(path)")
                }
                try child.insert(value, at: rest, path, replaces: replaces)
                fields[token] = child
            }
            self = .object(fields)
        case .array(var items):
            self = .null
            if rest.isEmpty {
                if token == "-", !replaces {
                    items.append(value)
                } else {
                    guard let index = Self.index(token, count: replaces ? items.count - 1 : items.count) else {
                        throw JSONPatchError("\(path) is outside of its list")
                    }
                    if replaces { items[index] = value } else { items.insert(value, at: index) }
                }
            } else {
                guard let index = Self.index(token, count: items.count - 1) else {
                    throw JSONPatchError("\(path) is outside of its list")
                }
                try items[index].insert(value, at: rest, path, replaces: replaces)
            }
            self = .array(items)
        default: throw JSONPatchError("there is nothing at the parent of \(path)")
        }
    }

    fileprivate mutating func take(at tokens: [String], _ path: JSONPointer) throws(JSONPatchError) -> JSON {
        guard let token = tokens.first else {
            let whole = self
            self = .null
            return whole
        }
        let rest = Array(tokens.dropFirst())
        let taken: JSON
        switch self {
        case .object(var fields):
            guard var child = fields.removeValue(forKey: token) else {
                throw JSONPatchError("there is nothing at \(path)")
            }
            if rest.isEmpty {
                taken = child
            } else {
                taken = try child.take(at: rest, path)
                fields[token] = child
            }
            self = .object(fields)
        case .array(var items):
            guard let index = Self.index(token, count: items.count - 1) else {
                throw JSONPatchError("there is nothing at \(path)")
            }
            taken = rest.isEmpty ? items.remove(at: index) : try items[index].take(at: rest, path)
            self = .array(items)
        default: throw JSONPatchError("there is nothing at \(path)")
        }
        return taken
    }
}
