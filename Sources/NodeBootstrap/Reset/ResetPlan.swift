import KubeObjects

/// What undoes a join, step by step and in this order. Made from the journal and from what is there: whatever the join
/// did not make is not in it.
package struct ResetPlan: Sendable, Hashable {
    package enum Step: Sendable, Hashable {
        case stopUnit(String)
        case removeSandbox(id: String, pod: String)
        case unmount(String)
        case removeFile(String)
        /// Puts back what was there before the join.
        case restoreFile(String, FileRecord.Prior)
        case removeFolder(String)
        case disableUnit(String)
        case reloadUnits
        case startUnit(String)
        case forgetIdentity

        package var text: String {
            switch self {
            case .stopUnit(let unit): "stop \(unit)"
            case .removeSandbox(_, let pod): "stop and remove pod \(pod)"
            case .unmount(let path): "unmount \(path)"
            case .removeFile(let path): "remove \(path)"
            case .restoreFile(let path, _): "restore \(path) as it was before the join"
            case .removeFolder(let path): "remove folder \(path)"
            case .disableUnit(let unit): "disable \(unit)"
            case .reloadUnits: "reload systemd's units"
            case .startUnit(let unit): "start \(unit), which ran before the join"
            case .forgetIdentity: "remove this machine's key, certificate, credential and journal"
            }
        }
    }

    package var steps: [Step]

    /// What is there now, and what the journal knows.
    package struct Facts: Sendable {
        package var files: [FileRecord] = []
        package var folders: [String] = []
        package var units: [UnitRecord] = []
        /// Whether systemd runs here.
        package var hasUnits = false
        package var territories: [(path: String, existed: Bool)] = []
        package var bystanders: Set<String> = []
        /// Beneath the territories, deepest first.
        package var present: [(path: String, isFolder: Bool)] = []
        /// Mount points beneath the territories.
        package var mounts: [String] = []
        package var sandboxes: [(id: String, pod: String)] = []

        package init() {}
    }

    package init(_ facts: Facts) {
        var steps: [Step] = []
        if facts.hasUnits { steps += facts.units.map { .stopUnit($0.name) } }
        steps += facts.sandboxes.map { .removeSandbox(id: $0.id, pod: $0.pod) }
        // Deepest first, and of equal paths the latest mount first, which is the last in the list.
        steps += facts.mounts.enumerated().sorted {
            ($0.element.utf8.count, $0.offset) > ($1.element.utf8.count, $1.offset)
        }.map { .unmount($0.element) }

        let recorded = Set(facts.files.map(\.path))
        // What lies beneath a mount point is another's: a volume's data, which may be of the same device.
        let mounted = facts.mounts.map { $0 + "/" }
        for entry in facts.present
        where !recorded.contains(entry.path) && !facts.bystanders.contains(entry.path)
            && !mounted.contains(where: entry.path.hasPrefix)
        {
            steps.append(entry.isFolder ? .removeFolder(entry.path) : .removeFile(entry.path))
        }
        for file in facts.files {
            if let prior = file.prior {
                steps.append(.restoreFile(file.path, prior))
            } else {
                steps.append(.removeFile(file.path))
            }
        }
        let planned = Set(steps.compactMap { if case .removeFolder(let path) = $0 { path } else { nil } })
        let newTerritories = facts.territories.filter { !$0.existed }.map(\.path)
        let folders = Set(facts.folders + newTerritories + planned)
        steps.removeAll { if case .removeFolder = $0 { true } else { false } }
        // Those that others have put something into meanwhile stay: only empty ones go.
        steps += folders.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }.map { .removeFolder($0) }

        if facts.hasUnits, !facts.units.isEmpty {
            steps.append(.reloadUnits)
            for unit in facts.units {
                if !unit.wasEnabled { steps.append(.disableUnit(unit.name)) }
                if unit.wasRunning { steps.append(.startUnit(unit.name)) }
            }
        }
        steps.append(.forgetIdentity)
        self.steps = steps
    }
}
