import KubeObjects

/// Who wrote a field, and how: what tells entries of metadata.managedFields apart.
package struct FieldManager: Sendable, Hashable {
    package enum Operation: String, Sendable {
        case apply = "Apply"
        case update = "Update"
    }

    package var name: String
    package var operation: Operation
    /// Empty for appliers, who are the same in every version.
    package var apiVersion: String
    package var subresource: String

    package init(name: String, operation: Operation, apiVersion: String, subresource: String = "") {
        self.name = name.isEmpty ? "unknown" : name
        self.operation = operation
        self.apiVersion = operation == .apply ? "" : apiVersion
        self.subresource = subresource
    }
}

/// As conflict messages name it: `"kubectl" with subresource "scale" using apps/v1`.
extension FieldManager: CustomStringConvertible {
    package var description: String {
        var text = GoText.quoted(name)
        if !subresource.isEmpty { text += " with subresource \(GoText.quoted(subresource))" }
        if operation == .update { text += " using \(apiVersion)" }
        return text
    }
}

/// metadata.managedFields: which fields each manager owns, and since when.
package struct ManagedFields: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package var fields: FieldSet
        /// The version the fields' names are of.
        package var apiVersion: String
        /// RFC 3339 in seconds; nil when nobody said.
        package var time: String?
    }

    package var entries: [FieldManager: Entry] = [:]

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// Reads an object's managedFields; nil when an entry cannot be read, which makes all of them void.
    package init?(_ json: JSON?) {
        for entry in json?.array ?? [] {
            guard
                let operation = entry["operation"]?.string.flatMap(FieldManager.Operation.init(rawValue:)),
                let apiVersion = entry["apiVersion"]?.string, !apiVersion.isEmpty,
                entry["fieldsType"]?.string == "FieldsV1",
                let fields = FieldSet(fieldsV1: entry["fieldsV1"] ?? [:])
            else { return nil }
            var manager = FieldManager(
                name: "", operation: operation, apiVersion: apiVersion,
                subresource: entry["subresource"]?.string ?? "")
            manager.name = entry["manager"]?.string ?? ""
            entries[manager] = Entry(fields: fields, apiVersion: apiVersion, time: entry["time"]?.string)
        }
    }

    /// The entries as they stand in an object, in Kubernetes' order; nil for none.
    package var json: JSON? {
        if entries.isEmpty { return nil }
        let ordered = entries.sorted { left, right in
            if left.key.operation != right.key.operation {
                return left.key.operation.rawValue < right.key.operation.rawValue
            }
            let (leftTime, rightTime) = (left.value.time ?? "", right.value.time ?? "")
            if leftTime != rightTime { return leftTime < rightTime }
            if left.key.name != right.key.name { return left.key.name < right.key.name }
            if left.value.apiVersion != right.value.apiVersion {
                return left.value.apiVersion < right.value.apiVersion
            }
            return left.key.subresource < right.key.subresource
        }
        return .array(
            ordered.map { manager, entry in
                var json: JSON = [
                    "manager": .string(manager.name), "operation": .string(manager.operation.rawValue),
                    "apiVersion": .string(entry.apiVersion), "fieldsType": "FieldsV1",
                    "fieldsV1": entry.fields.fieldsV1,
                ]
                if let time = entry.time { json["time"] = .string(time) }
                if !manager.subresource.isEmpty { json["subresource"] = .string(manager.subresource) }
                return json
            })
    }

    /// `[]` and `[{}]` ask for all entries to be dropped.
    static func asksForReset(_ json: JSON?) -> Bool { json == [] || json == [[:]] }

    /// Writers beyond this many are gathered under one name.
    private static let updateManagerLimit = 10

    /// Gathers the oldest entries of updates under `ancient-changes`, version by version, until few enough are left.
    mutating func capUpdateManagers() {
        let updaters = entries.filter { $0.key.operation == .update }.sorted { left, right in
            let (leftTime, rightTime) = (left.value.time ?? "", right.value.time ?? "")
            return leftTime == rightTime ? left.key.name < right.key.name : leftTime < rightTime
        }
        var count = updaters.count
        var firstOfVersion: [String: FieldManager] = [:]
        for (manager, entry) in updaters {
            guard count > Self.updateManagerLimit else { return }
            guard let first = firstOfVersion[entry.apiVersion] else {
                firstOfVersion[entry.apiVersion] = manager
                continue
            }
            let bucket = FieldManager(
                name: "ancient-changes", operation: .update, apiVersion: entry.apiVersion)
            if entries[bucket] == nil, let oldest = entries.removeValue(forKey: first) {
                entries[bucket] = oldest
            }
            let gathered = (entries[bucket]?.fields ?? FieldSet()).union(entry.fields)
            entries[manager] = nil
            entries[bucket] = Entry(fields: gathered, apiVersion: entry.apiVersion, time: entry.time)
            count -= 1
        }
    }
}
