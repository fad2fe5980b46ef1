import KubeObjects

/// What an upgrade that is under way has to know to go on, or back, after any interruption. Stands in the journal until
/// it has come to an end; no secrets.
package struct UpgradeRecord: Sendable, Hashable {
    /// One of the kubelet's files as it was before.
    package struct Kept: Sendable, Hashable {
        package var path: String
        /// Where its content is; nil when there was no such file.
        package var copy: String?
        package var mode: UInt32
        /// What the journal said of it (`FileRecord.sha256`); nil when it was not ours.
        package var noted: String?
    }

    /// Whether we have cordoned the Node: then we uncordon it.
    package var hasCordoned = false
    /// Nil until all of them are kept. They are what was there before the first run, however many there are.
    package var kept: [Kept]?
    /// Where the kubelet answered whether it is well.
    package var health: String?

    package static let fact = "upgrade"

    package init() {}

    package init?(_ json: JSON?) {
        guard let json, json.object != nil else { return nil }
        hasCordoned = json["cordoned"]?.bool ?? false
        health = json["health"]?.string
        kept = json["kept"]?.array?.compactMap { entry in
            entry["path"]?.string.map { path in
                Kept(
                    path: path, copy: entry["copy"]?.string,
                    mode: entry["mode"]?.integer.map { UInt32(clamping: $0) } ?? 0o600, noted: entry["noted"]?.string)
            }
        }
    }

    package var json: JSON {
        var json: JSON = ["cordoned": .bool(hasCordoned)]
        if let health { json["health"] = .string(health) }
        if let kept {
            json["kept"] = .array(
                kept.map { file in
                    var entry: JSON = ["path": .string(file.path), "mode": .integer(Int64(file.mode))]
                    if let copy = file.copy { entry["copy"] = .string(copy) }
                    if let noted = file.noted { entry["noted"] = .string(noted) }
                    return entry
                })
        }
        return json
    }

    /// Where the content of a file is kept; the next upgrade keeps another there, and a reset takes it away.
    package static func copy(of path: String) -> String {
        "\(AgentFiles.backups)/upgrade-\(path.split(separator: "/").last ?? "")"
    }
}
