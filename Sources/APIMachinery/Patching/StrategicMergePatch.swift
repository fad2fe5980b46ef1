import KubeObjects

/// application/strategic-merge-patch+json: a merge patch that knows which lists are merged element by element, and by
/// which of their fields. Built-in kinds take it; custom resources do not.
package enum StrategicMergePatch {
    private static let directive = "$patch"
    private static let retainKeys = "$retainKeys"
    private static let deletion = "$deleteFromPrimitiveList"
    private static let order = "$setElementOrder"

    /// The object with the patch laid over it.
    ///
    /// - Throws: 400 for a patch that is not of the format, 422 for lists of lists, and 500 for what the format does
    ///   not say, with the texts of Kubernetes.
    package static func apply(_ patch: JSON, to original: JSON, _ shape: TypeShape) throws(APIStatus)
        -> JSON
    {
        guard case .object(let fields) = patch else { throw .badRequest("invalid JSON document") }
        return .object(try merge(fields, into: original.object ?? [:], shape, depth: 0))
    }

    private static func merge(
        _ patch: [String: JSON], into original: [String: JSON], _ shape: TypeShape, depth: Int
    ) throws(APIStatus) -> [String: JSON] {
        // The parser allows no deeper nesting either.
        guard depth < 500 else { throw .badRequest("the patch is nested too deeply") }
        if let directive = patch[directive] {
            var rest = patch
            rest[Self.directive] = nil
            switch directive {
            case "replace": return rest
            case "delete": return [:]
            default: throw unknownDirective(directive, patch)
            }
        }
        var (patch, result) = (patch, original)
        try applyRetainKeys(&patch, to: &result)
        try applyElementOrders(&patch, to: &result, shape, depth)
        for (key, value) in patch {
            if key.hasPrefix(deletion) {
                let field = try listName(key, prefix: deletion, problem: "primitive list")
                guard let items = result[field]?.array else { continue }
                guard let gone = value.array else {
                    throw .badRequest("invalid patch format of primitive list")
                }
                result[field] = .array(items.filter { !gone.contains($0) })
                continue
            }
            if value.isNull {
                result[key] = nil
                continue
            }
            let field = PatchedField(key, of: shape)
            switch (result[key], value) {
            case (.object(let before), .object(let fields)):
                result[key] = .object(try merge(fields, into: before, field.shape, depth: depth + 1))
            case (.array(let before), .array(let items)):
                let merged = field.merges ? try mergeList(items, into: before, field, depth) : items
                result[key] = .array(merged)
            default: result[key] = withoutDirectives(value)
            }
        }
        return result
    }

    private static func unknownDirective(_ directive: JSON, _ patch: [String: JSON]) -> APIStatus {
        plain(
            500,
            "unknown patch type: \(directive.string ?? directive.description) in map: \(JSON.object(patch))"
        )
    }

    private static func plain(_ code: Int, _ message: String) -> APIStatus {
        APIStatus(code: code, reason: "", message: message)
    }

    /// `$deleteFromPrimitiveList/finalizers` speaks of `finalizers`.
    private static func listName(_ key: String, prefix: String, problem: String) throws(APIStatus)
        -> String
    {
        guard key.hasPrefix("\(prefix)/") else {
            throw .badRequest("invalid patch format of \(problem)")
        }
        return String(key.dropFirst(prefix.count + 1))
    }

    /// A value that is new, as it is to be stored: without null fields and without what is a directive; nil when the
    /// whole of it is one.
    private static func withoutDirectives(_ value: JSON) -> JSON? {
        switch value {
        case .object(let fields):
            if fields[directive] != nil { return nil }
            return .object(fields.compactMapValues { $0.isNull ? nil : withoutDirectives($0) })
        case .array(let items): return .array(items.compactMap(withoutDirectives))
        default: return value
        }
    }

    /// Drops what the patch does not name.
    private static func applyRetainKeys(
        _ patch: inout [String: JSON], to result: inout [String: JSON]
    ) throws(APIStatus) {
        guard let list = patch.removeValue(forKey: retainKeys) else { return }
        guard let keys = list.strings.map(Set.init) else {
            throw .badRequest("invalid patch format of retainKeys")
        }
        for (key, value) in patch
        where !value.isNull && !key.hasPrefix(deletion) && !key.hasPrefix(order) {
            guard keys.contains(key) else { throw .badRequest("invalid patch format of retainKeys") }
        }
        result = result.filter { keys.contains($0.key) }
    }
}

// MARK: - Lists

extension StrategicMergePatch {
    /// What a patch must know of a field.
    private struct PatchedField {
        var shape: TypeShape
        /// The shape of a list's elements.
        var element: TypeShape
        var merges: Bool
        var mergeKey: String?

        init(_ name: String, of shape: TypeShape) {
            switch shape.resolved {
            case .structure(let structure):
                self.shape = structure.shape(of: name)
                merges = structure.fields[name]?.patch?.merges ?? false
                mergeKey = structure.fields[name]?.patch?.mergeKey
            case .map(let element, _):
                self.shape = element
                merges = false
            default:
                self.shape = .deduced
                merges = false
            }
            if case .list(let list) = self.shape { element = list.element } else { element = .deduced }
        }

        func key(of item: JSON) throws(APIStatus) -> JSON {
            guard let mergeKey else { return item }
            guard let value = item[mergeKey] else {
                throw StrategicMergePatch.plain(
                    500, "map: \(item) does not contain declared merge key: \(mergeKey)")
            }
            return value
        }
    }

    /// Merges lists that a patch orders in `$setElementOrder`, and takes them out of the patch.
    private static func applyElementOrders(
        _ patch: inout [String: JSON], to result: inout [String: JSON], _ shape: TypeShape, _ depth: Int
    ) throws(APIStatus) {
        for key in patch.keys.filter({ $0.hasPrefix(order) }) {
            let name = try listName(key, prefix: order, problem: "setElementOrder list")
            guard let wanted = patch.removeValue(forKey: key)?.array else {
                throw .badRequest("invalid patch format of setElementOrder list")
            }
            let field = PatchedField(name, of: shape)
            let before = result[name]?.array
            let items = patch[name]?.array
            if let items { try checkOrder(of: items, against: wanted, field) }
            let merged: [JSON]
            switch (before, items) {
            case (nil, nil): continue
            case (let before?, nil): merged = before
            case (nil, let items?): merged = items.compactMap(withoutDirectives)
            case (let before?, let items?):
                merged = field.merges ? try mergeList(items, into: before, field, depth) : items
            }
            result[name] = .array(try ordered(merged, by: wanted, then: before ?? [], field))
            patch[name] = nil
        }
    }

    /// The elements of a patch must come in the order that its `$setElementOrder` says.
    private static func checkOrder(of items: [JSON], against wanted: [JSON], _ field: PatchedField)
        throws(APIStatus)
    {
        if items.isEmpty || wanted.isEmpty { return }
        var place = wanted.startIndex
        for item in items where item[directive] == nil {
            let key = try field.key(of: item)
            while place < wanted.endIndex {
                let other = try field.key(of: wanted[place])
                place += 1
                if other == key { break }
                if place == wanted.endIndex {
                    throw plain(
                        500,
                        "The order in patch list:\n\(JSON.array(items))\n doesn't match $setElementOrder list:\n"
                            + "\(JSON.array(wanted))\n")
                }
            }
        }
    }

    private static func mergeList(
        _ items: [JSON], into original: [JSON], _ field: PatchedField, _ depth: Int
    ) throws(APIStatus) -> [JSON] {
        let all = original + items
        if all.contains(where: { $0.array != nil }) {
            throw plain(422, "lists of lists are not supported")
        }
        let structures = all.count { $0.object != nil }
        guard structures == 0 || structures == all.count else {
            throw plain(500, "list element types are not identical: \(JSON.array(all))")
        }
        if structures == 0 {
            var seen: Set<JSON> = []
            let merged = all.filter { seen.insert($0).inserted }
            return try ordered(merged, by: items, then: original, field)
        }
        guard field.mergeKey != nil else { throw plain(500, "cannot merge lists without merge key") }
        var merged = original
        var additions: [JSON] = []
        var replaces = false
        for item in items {
            guard let directive = item[directive] else {
                additions.append(item)
                continue
            }
            switch directive {
            case "delete":
                let gone = try field.key(of: item)
                merged.removeAll { other in field.mergeKey.flatMap { other[$0] } == gone }
            case "replace": replaces = true
            case "merge": throw plain(500, "merging lists cannot yet be specified in the patch")
            default: throw unknownDirective(directive, item.object ?? [:])
            }
        }
        if replaces { return additions }
        for item in additions {
            let key = try field.key(of: item)
            let place = merged.firstIndex { other in field.mergeKey.flatMap { other[$0] } == key }
            if let place {
                let fields = try merge(
                    item.object ?? [:], into: merged[place].object ?? [:], field.element, depth: depth + 1)
                merged[place] = .object(fields)
            } else if let item = withoutDirectives(item) {
                merged.append(item)
            }
        }
        return try ordered(merged, by: additions, then: original, field)
    }

    /// Elements that `wanted` names stand in its order; the others stay where they were among them as well as may be.
    private static func ordered(
        _ items: [JSON], by wanted: [JSON], then original: [JSON], _ field: PatchedField
    ) throws(APIStatus) -> [JSON] {
        func places(_ list: [JSON]) throws(APIStatus) -> [JSON: Int] {
            var found: [JSON: Int] = [:]
            for (place, item) in list.enumerated() where item[directive] == nil {
                let key = try field.key(of: item)
                if found[key] == nil { found[key] = place }
            }
            return found
        }
        let (inWanted, inOriginal) = (try places(wanted), try places(original))
        var keyed: [(key: JSON, item: JSON)] = []
        for item in items { keyed.append((try field.key(of: item), item)) }
        let sorted = { (list: [(key: JSON, item: JSON)], places: [JSON: Int]) in
            list.enumerated().sorted { left, right in
                let mine = places[left.element.key] ?? Int.max
                let other = places[right.element.key] ?? Int.max
                return mine == other ? left.offset < right.offset : mine < other
            }.map(\.element)
        }
        var named = sorted(keyed.filter { inWanted[$0.key] != nil }, inWanted)[...]
        var others = sorted(keyed.filter { inWanted[$0.key] == nil }, inOriginal)[...]
        var result: [JSON] = []
        while let other = others.first, let next = named.first {
            if let mine = inOriginal[other.key], let its = inOriginal[next.key], mine < its {
                result.append(other.item)
                others.removeFirst()
            } else {
                result.append(next.item)
                named.removeFirst()
            }
        }
        return result + named.map(\.item) + others.map(\.item)
    }
}
