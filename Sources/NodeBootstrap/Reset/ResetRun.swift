import Glibc
import KubeObjects
import Systemd

/// Undoes what joining did to this machine. It can be interrupted and run again: the journal is forgotten last.
package struct ResetRun: Sendable {
    private let environment: NodeEnvironment
    private let report: @Sendable (ResetPlan.Step) -> Void

    package init(_ environment: NodeEnvironment, report: @escaping @Sendable (ResetPlan.Step) -> Void) {
        self.environment = environment
        self.report = report
    }

    /// Whether the agent's daemon runs beside this process. A reset that the daemon's own unit runs cannot stop it.
    package func agentRuns() async throws -> Bool {
        guard let units = environment.units else { return false }
        let group = try await environment.writer.thread.run { try HostFiles().text("/proc/self/cgroup") ?? "" }
        guard !group.contains("/\(ResetPlan.agentUnit)") else { return false }
        let state = try await units.state(of: ResetPlan.agentUnit)
        return state.isInstalled && (state.isRunning || state.isStarting)
    }

    /// Ends the daemon, which may be in the midst of a repair, so that the machine can be had for oneself.
    package func stopAgent() async throws { try await environment.units?.stop(ResetPlan.agentUnit) }

    /// - Parameter agentRuns: as `agentRuns()` told before anything was stopped.
    package func plan(agentRuns: Bool = false) async throws -> ResetPlan {
        let (journal, writer) = (environment.journal, environment.writer)
        var facts = ResetPlan.Facts()
        facts.agentRuns = agentRuns
        facts.files = try await journal.files()
        facts.folders = try await journal.folders()
        facts.units = try await journal.units()
        facts.hasUnits = environment.units != nil
        facts.territories = try await journal.territories()
        facts.bystanders = try await journal.bystanders()
        let (files, territories) = (writer.files, facts.territories.map(\.path))
        facts.mounts = try await writer.thread.run { try Self.mounts(beneath: territories, files) }
        facts.present = try await writer.thread.run { () throws -> [(path: String, isFolder: Bool)] in
            try territories.flatMap { try files.walk($0) }.map { ($0.path, $0.attributes.kind == .directory) }
        }
        do {
            facts.sandboxes = try await sandboxes()
        } catch let error where !(error is CancellationError) {
            facts.sandboxTrouble = "\(error)"
        }
        return ResetPlan(facts)
    }

    /// Mount points of this process's view beneath the territories, without the root before them.
    private static func mounts(beneath territories: [String], _ files: HostFiles) throws -> [String] {
        let lines = (try HostFiles().text("/proc/self/mounts") ?? "").split(separator: "\n")
        return lines.compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 1 else { return nil }
            let place = unescape(fields[1])
            guard place.hasPrefix(files.root) else { return nil }
            let path = String(place.dropFirst(files.root.count))
            return territories.contains { path.hasPrefix("\($0)/") } ? path : nil
        }
    }

    /// The kernel writes blanks and the like as three octal digits.
    static func unescape(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Of this kubelet's pods alone: another kubelet may use the same runtime.
    private func sandboxes() async throws -> [(id: String, pod: String)] {
        let files = environment.writer.files
        let (socket, own) = try await environment.writer.thread.run { () throws -> (String?, Set<String>) in
            let instance = try files.text(KubeletFiles.instanceConfigurationPath).flatMap {
                try YAML.parse($0).first
            }
            let pods = try files.names(in: Self.pods).filter {
                try files.attributes("\(Self.pods)/\($0)")?.kind == .directory
            }
            return (instance?["containerRuntimeEndpoint"]?.string, Set(pods))
        }
        guard let socket, !own.isEmpty else { return [] }
        let place = files.place(RuntimeSocket.path(of: socket))
        let found = try await RuntimeInquiry(transport: environment.transport).sandboxes(place)
        return found.filter { own.contains($0.uid) }.map { ($0.id, $0.name) }
    }

    /// One folder for each pod that this kubelet runs.
    private static let pods = "/var/lib/kubelet/pods"

    /// Does every step of the plan; one that cannot be done is reported and does not stop those after it, but the journal
    /// is then kept for the next try. While the kubelet or pods may run nothing of theirs is taken away: it would be made
    /// anew, and by it they are found again.
    ///
    /// - Returns: what could not be done.
    package func run(_ plan: ResetPlan) async throws -> [String] {
        let id = try await environment.journal.beginRun("reset", at: environment.now())
        let territories = try await environment.journal.territories().map(\.path)
        var failures: [String] = []
        var pods = plan.sandboxTrouble.map { "list the pods that run: \($0)" }.map { [$0] } ?? []
        for step in plan.steps {
            if !pods.isEmpty, !step.isOfRunning {
                failures += pods
                failures.append(
                    "nothing else was done while pods may run: start the container runtime and reset again; where none "
                        + "runs any more, remove \(Self.pods) first")
                break
            }
            // The journal is needed for another try, and the daemon would undo what was done so far.
            if case .forgetIdentity = step, !failures.isEmpty { break }
            try environment.writer.mark("reset: \(step.text)")
            report(step)
            do {
                try await perform(step, territories: territories)
            } catch {
                let failure = "\(step.text): \(error)"
                if case .stopUnit(let unit) = step {
                    failures += [failure, "nothing else was done while \(unit) may run: stop it and reset again"]
                    break
                }
                if case .removeSandbox = step { pods.append(failure) } else { failures.append(failure) }
            }
        }
        if !failures.isEmpty {
            try await environment.journal.endRun(id, failures.joined(separator: "; "), at: environment.now())
        }
        return failures
    }

    private func perform(_ step: ResetPlan.Step, territories: [String]) async throws {
        let (files, thread) = (environment.writer.files, environment.writer.thread)
        func territory(of path: String) -> String? { territories.first { path.hasPrefix("\($0)/") } }
        switch step {
        case .stopUnit(let unit): try await withUnit(unit) { try await $0.stop(unit) }
        case .disableUnit(let unit): try await withUnit(unit) { try await $0.setEnabled(false, unit) }
        case .reloadUnits: try await environment.units?.reload()
        case .startUnit(let unit): try await withUnit(unit) { try await $0.start(unit) }
        case .removeSandbox(let id, _):
            let instance = try await thread.run { () throws -> String? in
                try files.text(KubeletFiles.instanceConfigurationPath).flatMap { try YAML.parse($0).first }?[
                    "containerRuntimeEndpoint"]?.string
            }
            let place = files.place(RuntimeSocket.path(of: instance ?? RuntimeSocket.candidates[0]))
            try await RuntimeInquiry(transport: environment.transport).removeSandbox(id, place)
        case .unmount(let path):
            try await thread.run {
                guard umount2(files.place(path), Int32(UMOUNT_NOFOLLOW)) == 0 || errno == EINVAL else {
                    throw HostError("unmount", path, errno)
                }
            }
        case .removeFile(let path):
            let territory = territory(of: path)
            try await thread.run {
                if let territory { try files.remove(path, beneath: territory) } else { try files.remove(path) }
            }
        case .removeFolder(let path):
            let territory = territory(of: path)
            _ = try await thread.run {
                if let territory {
                    try files.removeFolderIfEmpty(path, beneath: territory)
                } else {
                    try files.removeFolderIfEmpty(path)
                }
            }
        case .restoreFile(let path, let prior):
            try await thread.run {
                if let target = prior.target {
                    return try files.link(path, to: target, owner: (prior.uid, prior.gid))
                }
                guard let content = try files.read(prior.backup) else { return }
                try files.write(NodeFile(path, mode: prior.mode, content), owner: (prior.uid, prior.gid))
            }
        case .forgetIdentity: try await forgetIdentity()
        }
    }

    /// Of a unit whose package is gone there is nothing to be stopped, disabled or started.
    private func withUnit(_ unit: String, _ body: (any UnitControl) async throws -> Void) async throws {
        guard let units = environment.units else { return }
        let state = try await units.state(of: unit)
        guard state.isInstalled || state.isRunning || state.isStarting else { return }
        try await body(units)
    }

    private func forgetIdentity() async throws {
        let isFolderOurs = try await environment.journal.fact(Journal.ownFolder)?.bool ?? false
        try await environment.journal.forgetEverything()
        let files = environment.writer.files
        try await environment.writer.thread.run {
            for path in [
                AgentFiles.key, AgentFiles.nextKey, AgentFiles.certificate, AgentFiles.authorities,
                AgentFiles.credential,
            ] {
                try files.remove(path)
                try files.remove(path + HostFiles.temporarySuffix)
            }
            for name in try files.names(in: AgentFiles.backups) { try files.remove("\(AgentFiles.backups)/\(name)") }
            try files.removeFolderIfEmpty(AgentFiles.backups)
            // Open files live on without a name until they are closed.
            for suffix in ["", "-wal", "-shm", ".damaged"] { try files.remove(Journal.path + suffix) }
            if isFolderOurs { try files.removeFolderIfEmpty(AgentFiles.directory) }
        }
    }
}
