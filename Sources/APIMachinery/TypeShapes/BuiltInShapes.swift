import KubeObjects

/// The structures of the built-in kinds, as tables that are read once.
///
/// A line `/core` says which API the structures below it belong to; every other line is a structure's name and its
/// fields. A line that starts with a space goes on with the one before it. A leading `#` makes the structure atomic.
///
///     field            a string                  field:[Name]@key,key    a list of structures told apart by keys
///     field:i          another scalar, by        field:{s}               a set
///                      `ScalarType`              field:[s]               an atomic list
///     field:Name       a structure               field:<s>               a map of strings
///     field:core/Name  one of another API        field:#… / field:%…     atomic here / not atomic here
///     field:*          anything, in one piece    field:~                 anything, field by field
///
/// After the type: `~key` merges by that field in a strategic merge patch, `~` merges scalars, `+` after it also retains
/// keys, `^` only retains keys. Then `!` for a required field, and `=value` for a default; `=` alone is for structures that
/// are always there, empty if need be.
/// The facts are those of the OpenAPI documents of Kubernetes 1.36.
enum BuiltInShapes {
    /// The structure of that name (`core/Pod`); nil for a name that the tables do not have.
    static func structure(_ name: String) -> StructShape? { all[name] }

    /// Every structure by its name.
    static let all: [String: StructShape] = {
        var found: [String: StructShape] = [:]
        for table in [pods, volumes, core, workloads, network, access, extensions, metadata] {
            ShapeTable.read(table, into: &found)
        }
        return found
    }()

    /// What a structure is called in OpenAPI documents: `io.k8s.api.core.v1.Pod`.
    static func definitionName(_ name: String) -> String {
        guard let slash = name.firstIndex(of: "/") else { return name }
        let kind = name[name.index(after: slash)...]
        return switch name[..<slash] {
        case "meta": "io.k8s.apimachinery.pkg.apis.meta.v1.\(kind)"
        case "apiextensions": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.\(kind)"
        case "autoscaling2": "io.k8s.api.autoscaling.v2.\(kind)"
        case let api: "io.k8s.api.\(api).v1.\(kind)"
        }
    }
}

/// Reads the tables' notation. The tables are ours, so what cannot be read is left out, and a test counts on all of it.
enum ShapeTable {
    static func read(_ table: String, into found: inout [String: StructShape]) {
        var api: Substring = ""
        var words: [Substring] = []
        func finish() {
            guard let first = words.first else { return }
            let isAtomic = first.hasPrefix("#")
            let name = "\(api)/\(isAtomic ? first.dropFirst() : first)"
            var fields: [String: FieldShape] = [:]
            fields.reserveCapacity(words.count - 1)
            for word in words.dropFirst() {
                let (field, shape) = field(word, api)
                fields[String(field)] = shape
            }
            found[name] = StructShape(name: name, fields: fields, isAtomic: isAtomic)
            words = []
        }
        for line in table.split(separator: "\n") {
            if line.first == " " {
                words += line.split(separator: " ")
                continue
            }
            finish()
            if line.first == "/" { api = line.dropFirst() } else { words = line.split(separator: " ") }
        }
        finish()
    }

    private static func field(_ word: Substring, _ api: Substring) -> (Substring, FieldShape) {
        var rest = word
        var defaultText: Substring?
        if let mark = rest.firstIndex(of: "=") {
            defaultText = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        let isRequired = rest.last == "!"
        if isRequired { rest = rest.dropLast() }
        guard let colon = rest.firstIndex(of: ":") else {
            let value = defaultText.map { JSON.string(String($0)) }
            return (rest, FieldShape(.scalar(.string), isRequired: isRequired, defaultValue: value))
        }
        let name = rest[..<colon]
        rest = rest[rest.index(after: colon)...]
        var patch: PatchStrategy?
        if rest.last == "^" {
            patch = PatchStrategy(merges: false, retainsKeys: true)
            rest = rest.dropLast()
        } else if let mark = rest.lastIndex(of: "~"), mark != rest.startIndex,
            rest[rest.index(before: mark)] != "<"
        {
            var key = rest[rest.index(after: mark)...]
            let retainsKeys = key.last == "+"
            if retainsKeys { key = key.dropLast() }
            patch = PatchStrategy(retainsKeys: retainsKeys, mergeKey: key.isEmpty ? nil : String(key))
            rest = rest[..<mark]
        }
        let shape = type(rest, api)
        let value = defaultText.map { text -> JSON in
            if text.isEmpty { return .object([:]) }
            if case .scalar(.string) = shape { return .string(String(text)) }
            return Int64(text).map(JSON.integer) ?? (text == "True" ? .bool(true) : .string(String(text)))
        }
        return (name, FieldShape(shape, isRequired: isRequired, defaultValue: value, patch: patch))
    }

    private static func type(_ text: Substring, _ api: Substring) -> TypeShape {
        switch text.first {
        case "*": return .anything
        case "~": return .deduced
        case "#": return overriding(type(text.dropFirst(), api), isAtomic: true)
        case "%": return overriding(type(text.dropFirst(), api), isAtomic: false)
        case "<": return .map(element: type(text.dropFirst().dropLast(), api), isAtomic: false)
        case "{": return .list(ListShape(of: type(text.dropFirst().dropLast(), api), .set))
        case "[":
            guard let end = text.lastIndex(of: "]") else { return .deduced }
            let keys = text[text.index(after: end)...].dropFirst().split(separator: ",").map(String.init)
            let element = type(text[text.index(after: text.startIndex)..<end], api)
            return .list(ListShape(of: element, keys.isEmpty ? .atomic : .map(keys: keys)))
        default:
            if let scalar = ScalarType(rawValue: String(text)) { return .scalar(scalar) }
            return .reference(text.contains("/") ? String(text) : "\(api)/\(text)")
        }
    }

    private static func overriding(_ shape: TypeShape, isAtomic: Bool) -> TypeShape {
        switch shape {
        case .map(let element, _): .map(element: element, isAtomic: isAtomic)
        case .reference(let name): .retyped(name, isAtomic: isAtomic)
        default: shape
        }
    }
}
