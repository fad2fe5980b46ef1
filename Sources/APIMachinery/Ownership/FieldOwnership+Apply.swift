import KubeObjects

extension FieldOwnership {
    /// The manager whose applies take over what `kubectl apply` did on the client's side.
    private static let kubectl = "kubectl"
    private static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    /// Lays an applied configuration over the live object, as server-side apply does.
    ///
    /// Fields that `manager` applied before and applies no longer go, unless somebody else owns them. The result
    /// carries its managedFields; applying what is already there changes nothing, the times included. Defaults and
    /// validation are the caller's.
    ///
    /// - Parameters:
    ///   - configuration: what the manager wants, and nothing else.
    ///   - live: the stored object; nil creates one.
    ///   - force: take fields from other managers instead of refusing.
    ///   - time: now, RFC 3339 in seconds.
    /// - Throws: the conflict (409), a configuration that does not fit the kind (500, as in Kubernetes), or one that is
    ///   of another kind or carries managedFields (400).
    package func applying(
        _ configuration: KubeObject, to live: KubeObject?, manager name: String, force: Bool,
        time: String
    ) throws(APIStatus) -> KubeObject {
        try check(configuration)
        var configuration = configuration
        // Written by clients that print their own types; it asks for nothing.
        if configuration[path: "metadata", "creationTimestamp"] == .null {
            configuration[path: "metadata", "creationTimestamp"] = nil
        }
        let before =
            live ?? KubeObject(["apiVersion": .string(type.apiVersion), "kind": .string(type.kind)])
        guard var managed = ManagedFields(before[path: "metadata", "managedFields"]) else {
            throw .internalError("failed to decode managed fields")
        }
        if managed.isEmpty, live != nil {
            let none: JSON = ["apiVersion": .string(type.apiVersion), "kind": .string(type.kind)]
            track(
                from: none, to: before.json, manager("before-first-apply", .update), time: time,
                in: &managed)
        }
        var result: KubeObject
        do throws(ApplyConflict) {
            result = try merge(configuration, before, managed, name, force: force, time: time)
        } catch {
            guard name == Self.kubectl, let allowed = fieldsOfLastApplied(before) else {
                throw error.status
            }
            let rest = error.excluding(allowed)
            guard rest.fields.isEmpty else { throw rest.status }
            do throws(ApplyConflict) {
                result = try merge(configuration, before, managed, name, force: true, time: time)
            } catch {
                throw error.status
            }
        }
        if name == Self.kubectl, !(result.annotations[Self.lastApplied] ?? "").isEmpty {
            result.annotations[Self.lastApplied] = lastAppliedText(configuration)
        }
        return live.map { Self.keepingTimes(of: $0, in: result) } ?? result
    }

    private func check(_ configuration: KubeObject) throws(APIStatus) {
        guard configuration.apiVersion == type.apiVersion, configuration.kind == type.kind else {
            throw .badRequest(
                "invalid object type: \(configuration.apiVersion), Kind=\(configuration.kind)")
        }
        guard (configuration[path: "metadata", "managedFields"] ?? .null).isNull else {
            throw .badRequest("metadata.managedFields must be nil")
        }
        let mismatches = ShapeConformance.mismatches(configuration.json, shape)
        guard !mismatches.isEmpty else { return }
        let texts = mismatches.map(\.description)
        let problem =
            texts.count == 1 ? texts[0] : "errors:\n" + texts.map { "  \($0)" }.joined(separator: "\n")
        let name =
            "\(configuration.namespace ?? "")/\(configuration.name); \(type.apiVersion), Kind=\(type.kind)"
        throw APIStatus(
            code: 500, reason: "", message: "failed to create typed patch object (\(name)): \(problem)")
    }

    private func merge(
        _ configuration: KubeObject, _ live: KubeObject, _ before: ManagedFields, _ name: String,
        force: Bool,
        time: String
    ) throws(ApplyConflict) -> KubeObject {
        let manager = manager(name, .apply)
        var managed = reconciled(before)
        let last = managed.entries[manager]
        let fields = FieldSet(of: configuration.json, shape).subtractingTrees(untouched)
        managed.entries[manager] = ManagedFields.Entry(
            fields: fields, apiVersion: type.apiVersion, time: last?.time)

        let liveJSON = isTyped ? shape.filled(live.json) : live.json
        let merged = Merging.merge(liveJSON, configuration.json, shape) ?? [:]
        let result = last.map { prune(merged, $0.fields, managed) } ?? merged

        let comparison = Comparison(liveJSON, result, shape).excluding(untouched)
        let changed = comparison.modified.union(comparison.added)
        var conflicts: [FieldManager: FieldSet] = [:]
        for (other, entry) in managed.entries where other != manager && isComparable(entry) {
            let conflict = entry.fields.intersection(changed)
            if !conflict.isEmpty { conflicts[other] = conflict }
        }
        if !force, !conflicts.isEmpty { throw ApplyConflict(conflicts) }
        take(changed, lost: comparison.removed, except: manager, in: &managed)
        if managed.entries[manager]?.fields.isEmpty ?? false { managed.entries[manager] = nil }

        let isChanged = !result.isSame(as: liveJSON)
        if isChanged { managed.entries[manager]?.time = time }
        stripSystemFields(of: manager, in: &managed)
        var object = KubeObject(isChanged ? unfilled(result, configuration, live) : live.json)
        object[path: "metadata", "managedFields"] = managed.json
        return object
    }

    /// The result without the empty structures that neither the live object nor the configuration has.
    private func unfilled(_ result: JSON, _ configuration: KubeObject, _ live: KubeObject) -> JSON {
        guard isTyped else { return result }
        return shape.unfilled(result, given: live.json, configuration.json)
    }
}

// MARK: - Removal of what is no longer applied

extension FieldOwnership {
    /// Removes what the manager applied before and applies no longer, and nobody else owns.
    private func prune(_ merged: JSON, _ last: FieldSet, _ managed: ManagedFields) -> JSON {
        if last.isEmpty { return merged }
        let last = last.withNamedFields(shape)
        let bare = Removal.remove(last, from: merged, shape) ?? [:]
        let owned = managed.entries.values.filter(isComparable).reduce(FieldSet()) {
            $0.union($1.fields)
        }
        let mergedFields = FieldSet(of: merged, shape).withNamedFields(shape)
        // What others own, and what this apply sets, comes back; then what the manager never owned.
        let keep = FieldSet(of: bare, shape).withNamedFields(shape).union(owned.withNamedFields(shape))
        let withOwned = Removal.remove(mergedFields.subtracting(keep), from: merged, shape) ?? [:]
        let remaining = FieldSet(of: withOwned, shape).withNamedFields(shape)
        let gone = mergedFields.subtracting(remaining).intersection(last)
        return Removal.remove(gone, from: merged, shape) ?? [:]
    }
}

// MARK: - From client-side to server-side apply

extension FieldOwnership {
    /// The fields that the last client-side apply set and that still stand; nil when there was none.
    private func fieldsOfLastApplied(_ live: KubeObject) -> FieldSet? {
        guard let text = live.annotations[Self.lastApplied], !text.isEmpty,
            let last = try? JSON(parsing: text), last["apiVersion"]?.string == type.apiVersion
        else { return nil }
        let comparison = Comparison(last, live.json, shape)
        return FieldSet(of: last, shape).subtracting(comparison.modified).subtracting(comparison.added)
            .subtracting(comparison.removed)
    }

    /// What `kubectl apply` would remember of this configuration.
    private func lastAppliedText(_ configuration: KubeObject) -> String {
        var configuration = configuration
        configuration[path: "metadata", "managedFields"] = nil
        var annotations = configuration.annotations
        annotations[Self.lastApplied] = nil
        configuration[path: "metadata", "annotations"] = JSON(annotations)
        return GoText.marshaled(configuration.json) + "\n"
    }
}
