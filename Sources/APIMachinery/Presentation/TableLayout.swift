import FoundationEssentials
import KubeObjects

/// A column of a Table.
struct TableColumn: Sendable, Hashable {
    var name: String
    var type = "string"
    var format = ""
    var description = ""
    /// Above 0 it is shown by `-o wide` only.
    var priority = 0

    static let name = TableColumn(
        name: "Name", format: "name", description: "Unique within its namespace and kind.")

    var json: JSON {
        [
            "name": .string(name), "type": .string(type), "format": .string(format),
            "description": .string(description), "priority": JSON(priority),
        ]
    }
}

/// An object and the moment it is looked at.
struct TableRow: Sendable {
    let object: JSON
    let now: Date

    var name: String { text("metadata", "name") ?? "" }
    var age: JSON { .string(HumanDuration.age(text("metadata", "creationTimestamp"), now: now)) }

    func text(_ path: String...) -> String? { object[path: path]?.string }
    func count(_ path: String...) -> Int64 { object[path: path]?.integer ?? 0 }
    func items(_ path: String...) -> [JSON] { object[path: path]?.array ?? [] }
    func fields(_ path: String...) -> [String: JSON] { object[path: path]?.object ?? [:] }

    /// The text, or what stands for its absence.
    func cell(_ path: String..., absent: String = "") -> JSON {
        let text = object[path: path]?.string ?? ""
        return .string(text.isEmpty ? absent : text)
    }

    func hasCondition(_ type: String) -> Bool {
        items("status", "conditions").contains {
            $0["type"]?.string == type && $0["status"]?.string == "True"
        }
    }

    /// `a=1,b=2`, or `<none>`.
    static func labels(_ fields: [String: JSON]) -> String {
        if fields.isEmpty { return "<none>" }
        return fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.string ?? "")" }.joined(
            separator: ",")
    }

    /// A metav1.LabelSelector as a query has it, or `<none>`.
    static func selector(_ json: JSON?) -> String {
        guard let json, !json.isNull else { return "<none>" }
        do throws(SelectorError) {
            let text = try LabelSelector(json).description
            return text.isEmpty ? "<none>" : text
        } catch {
            return "<error>"
        }
    }

    /// Names and images of the containers of a pod's spec.
    func containers(_ path: String...) -> [JSON] {
        let containers = object[path: path]?.array ?? []
        let joined = { (key: String) -> JSON in
            .string(containers.map { $0[key]?.string ?? "" }.joined(separator: ","))
        }
        return [joined("name"), joined("image")]
    }
}

/// The columns of a built-in kind, and what stands in them.
struct TableLayout: Sendable {
    let columns: [TableColumn]
    let cells: @Sendable (TableRow) -> [JSON]

    /// Columns by a short notation: `Ready` is a string, `Count:integer` is not, `Node*` is shown by `-o wide`.
    init(_ columns: String, _ cells: @escaping @Sendable (TableRow) -> [JSON]) {
        self.columns = columns.split(separator: "|").map { text in
            var text = text
            let isWide = text.last == "*"
            if isWide { text = text.dropLast() }
            let parts = text.split(separator: ":", maxSplits: 1)
            var column = TableColumn(name: String(parts[0]))
            if column.name == "Name" { column = .name }
            if parts.count == 2 { column.type = String(parts[1]) }
            column.priority = isWide ? 1 : 0
            return column
        }
        self.cells = cells
    }

    /// Nil for kinds that show nothing but their name and creation.
    static func builtIn(_ type: ResourceType) -> TableLayout? {
        // Kinds of a custom group may have the plural of a built-in one.
        guard let known = ServedResource.builtInGroups[type.plural], known.contains(type.group) else {
            return nil
        }
        let all = [workloads, pods, network, cluster, storage, access]
        for layouts in all { if let layout = layouts[type.plural] { return layout } }
        return nil
    }
}

extension ServedResource {
    /// The groups that have a built-in resource of a name.
    static let builtInGroups: [String: Set<String>] = builtIns.reduce(into: [:]) { groups, resource in
        groups[resource.type.plural, default: []].insert(resource.type.group)
    }
}
