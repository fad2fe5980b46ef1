import FoundationEssentials
import KubeObjects

/// A status that is being written over the one before it.
struct StatusWriter {
    let previous: JSON
    var json: JSON
    private let stamp: String

    init(previous: JSON, now: Date) {
        self.previous = previous
        json = previous
        stamp = Timestamp.format(now)
    }

    /// Writes an entry with its `lastUpdate`, which moves only when something else in the entry did. Fields of the
    /// entry that are not ours to write (none today) would go: the entry is written whole.
    mutating func write(_ path: [String], _ entry: JSON) {
        var entry = entry
        var before = previous[path: path] ?? [:]
        let dated = before["lastUpdate"]
        before["lastUpdate"] = nil
        entry["lastUpdate"] = before == entry ? (dated ?? .string(stamp)) : .string(stamp)
        json[path: path] = entry
    }

    mutating func removeCondition(_ type: String) {
        var conditions = Conditions(json["conditions"]?.array ?? [])
        conditions.remove(type)
        json["conditions"] = .array(conditions.items)
    }

    mutating func setCondition(_ type: String, _ isTrue: Bool?, reason: String, message: String, generation: Int64) {
        var conditions = Conditions(json["conditions"]?.array ?? [])
        conditions.set(type, isTrue, reason: reason, message: message, generation: generation, stamp: stamp)
        json["conditions"] = .array(conditions.items)
    }
}
