import KubeObjects

/// What undoes a join, step by step and in this order. Made from the journal and from what is there: whatever neither the
/// join nor the kubelet that it started has made is left alone, and named.
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
            case .startUnit(ResetPlan.agentUnit): "start \(ResetPlan.agentUnit) again"
            case .startUnit(let unit): "start \(unit), which ran before the join"
            case .forgetIdentity: "remove this machine's key, certificate, credential and journal"
            }
        }

        /// Whether it ends what runs; all others are for a machine where nothing of the node runs any more.
        var isOfRunning: Bool {
            switch self {
            case .stopUnit, .removeSandbox: true
            default: false
            }
        }
    }

    package var steps: [Step]
    /// What came into the kubelet's folders since the join and is neither its nor ours; without what lies beneath it.
    package var leftAlone: [String] = []

    /// Why the pods' sandboxes could not be listed; nil when they could.
    package var sandboxTrouble: String?

    package static let agentUnit = "kamaji-agent.service"

    /// What is there now, and what the journal knows.
    package struct Facts: Sendable {
        package var files: [FileRecord] = []
        package var folders: [String] = []
        package var units: [UnitRecord] = []
        /// Whether systemd runs here.
        package var hasUnits = false
        /// The agent's own daemon runs, and is not what runs this reset. It would mend what is taken away.
        package var agentRuns = false
        package var territories: [(path: String, existed: Bool)] = []
        package var bystanders: Set<String> = []
        /// Beneath the territories, deepest first.
        package var present: [(path: String, isFolder: Bool)] = []
        /// Mount points beneath the territories.
        package var mounts: [String] = []
        package var sandboxes: [(id: String, pod: String)] = []
        /// Why they are not known; nil when they are.
        package var sandboxTrouble: String?

        package init() {}
    }

    package init(_ facts: Facts) {
        var steps: [Step] = []
        if facts.agentRuns { steps.append(.stopUnit(Self.agentUnit)) }
        if facts.hasUnits { steps += facts.units.map { .stopUnit($0.name) } }
        steps += facts.sandboxes.map { .removeSandbox(id: $0.id, pod: $0.pod) }
        // Deepest first, and of equal paths the latest mount first, which is the last in the list.
        steps += facts.mounts.enumerated().filter { mount in
            KubeletBelongings.contains(mount.element, isFolder: true) && !facts.bystanders.contains(mount.element)
        }.sorted {
            ($0.element.utf8.count, $0.offset) > ($1.element.utf8.count, $1.offset)
        }.map { .unmount($0.element) }

        let recorded = Set(facts.files.map(\.path))
        // What lies beneath a mount point is another's: a volume's data, which may be of the same device.
        let mounted = facts.mounts.map { $0 + "/" }
        var folders = Set(facts.folders + facts.territories.filter { !$0.existed }.map(\.path))
        var foreign: Set<String> = []
        for entry in facts.present
        where !recorded.contains(entry.path) && !facts.bystanders.contains(entry.path)
            && !mounted.contains(where: entry.path.hasPrefix)
        {
            if !KubeletBelongings.contains(entry.path, isFolder: entry.isFolder) {
                if !folders.contains(entry.path) { foreign.insert(entry.path) }
            } else if entry.isFolder {
                folders.insert(entry.path)
            } else {
                steps.append(.removeFile(entry.path))
            }
        }
        let alone = foreign.filter { !foreign.contains(HostFiles.folder(of: $0)) }.sorted()
        for file in facts.files {
            if let prior = file.prior {
                steps.append(.restoreFile(file.path, prior))
            } else {
                steps.append(.removeFile(file.path))
            }
        }
        // Those that others have put something into stay; and of the rest only empty ones go.
        folders = folders.filter { folder in !alone.contains { $0.hasPrefix("\(folder)/") } }
        steps += folders.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }.map { .removeFolder($0) }

        if facts.hasUnits, !facts.units.isEmpty {
            steps.append(.reloadUnits)
            for unit in facts.units {
                if !unit.wasEnabled { steps.append(.disableUnit(unit.name)) }
                if unit.wasRunning { steps.append(.startUnit(unit.name)) }
            }
        }
        steps.append(.forgetIdentity)
        if facts.agentRuns { steps.append(.startUnit(Self.agentUnit)) }
        self.steps = steps
        leftAlone = alone
        sandboxTrouble = facts.sandboxTrouble
    }
}
