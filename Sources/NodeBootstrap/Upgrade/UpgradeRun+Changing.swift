import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import Systemd

/// What an upgrade does to the kubelet, and how it is undone.
extension UpgradeRun {
    /// - Returns: one line about it.
    func writeFiles(_ survey: inout Survey) async throws -> String {
        if survey.record.kept == nil {
            survey.record.kept = try await keep()
            survey.record.health = try await journal.fact("health")?.string
            try await note(survey.record)
        }
        let output = try await survey.join.writeFiles(survey.tenant, survey.settings, only: Set(Self.paths))
        return output.line
    }

    /// Copies what is there now to where a reset takes it away.
    private func keep() async throws -> [UpgradeRecord.Kept] {
        let records = try await journal.files()
        let files = writer.files
        try writer.mark("keep the old configuration")
        return try await writer.thread.run {
            try files.makeFolder(AgentFiles.backups, mode: 0o700)
            return try Self.paths.map { path in
                let noted = records.first { $0.path == path }?.sha256
                guard let content = try files.read(path), let mode = try files.attributesFollowingLinks(path)?.mode
                else { return UpgradeRecord.Kept(path: path, copy: nil, mode: 0, noted: noted) }
                let copy = UpgradeRecord.copy(of: path)
                try files.write(NodeFile(copy, mode: 0o600, content))
                return UpgradeRecord.Kept(path: path, copy: copy, mode: mode, noted: noted)
            }
        }
    }

    /// - Returns: what a kubelet that is back shows.
    func restart(_ survey: Survey) async throws -> (value: KubeletReturn, line: String) {
        let restarts = try await restart()
        return (
            KubeletReturn(version: survey.facts.installed, before: survey.object, restarts: restarts),
            environment.units == nil ? "yours to do" : "started anew"
        )
    }

    /// - Returns: how often systemd has started it by itself since.
    private func restart() async throws -> UInt32 {
        guard let units = environment.units else {
            report(.waiting(.restart, "nobody starts services here: restart the kubelet now"))
            return 0
        }
        try writer.mark("restart kubelet")
        try await units.reload()
        try await units.restart(JoinRun.kubeletUnit)
        return try await units.state(of: JoinRun.kubeletUnit).restarts
    }

    /// - Returns: one line about it.
    func awaitReturn(_ wanted: KubeletReturn, _ survey: Survey, _ phase: UpgradePhase) async throws -> String {
        try writer.mark("wait for the node")
        let began = environment.now()
        let start = environment.pacing.elapsed()
        while true {
            let cause: String
            switch wanted.verdict(try await sight(survey)) {
            case .back: return "Node \(survey.node) is back with kubelet \(wanted.version?.description ?? "")"
            case .lost(let why): cause = why
            case .waiting(let why):
                report(.waiting(phase, why))
                guard environment.pacing.elapsed() - start >= options.patience else {
                    try await environment.pacing.sleep(.milliseconds(500))
                    continue
                }
                cause = "not back within \(DurationText.text(options.patience)): \(why)"
            }
            throw UpgradeFailure(
                phase, cause + (await UnitLog(environment).appendix(of: JoinRun.kubeletUnit, since: began)))
        }
    }

    private func sight(_ survey: Survey) async throws -> KubeletReturn.Sight {
        var isWell: Bool?
        if let url = try await journal.fact("health")?.string {
            let response = try? await environment.transport.send(HTTPRequest("GET", url, timeout: .seconds(2)))
            isWell = response?.status == 200
        }
        var sight = KubeletReturn.Sight(isWell: isWell, node: nil)
        sight.unit = try await environment.units?.state(of: JoinRun.kubeletUnit)
        do {
            // The kubelet may have replaced its certificate meanwhile.
            let connection = try await kubeletConnection(survey.tenant, survey.node)
            let client = environment.client(connection, patience: KubeClient.Patience(attempts: 1))
            sight.node = try await client.find(.nodes, ObjectKey(namespace: nil, name: survey.node.text))
        } catch let error where !(error is CancellationError) {
            sight.trouble = "\(error)"
        }
        return sight
    }

    /// Puts back what was there before the upgrade, restarts the kubelet with it and gives what is to be thrown: `error`,
    /// with what became of that. What is noted of the upgrade goes only when the node is as it was.
    func goBack(_ survey: Survey, _ error: any Error) async throws -> UpgradeFailure {
        let failure = error as? UpgradeFailure ?? UpgradeFailure(.files, "\(error)")
        var survey = survey
        report(.warning("the old configuration is put back"))
        do {
            let before = try await sight(survey).node ?? survey.object
            try await putBack(survey.record)
            let restarts = try await restart()
            var wanted = KubeletReturn(version: survey.facts.installed, before: before, restarts: restarts)
            wanted.wasReady = survey.object?.isReadyNode ?? false
            _ = try await awaitReturn(wanted, survey, failure.phase)
            try await journal.setFact("started", .string(try await survey.join.writtenDigest()))
            try await uncordon(&survey)
            try await finish()
        } catch let second {
            let why = (second as? UpgradeFailure)?.message ?? "\(second)"
            report(.failed(failure.phase, "the old configuration is not in force again either: \(why)"))
            return UpgradeFailure(
                failure.phase,
                "\(failure.message)\n  The old configuration is not in force again either: \(why)\n"
                    + "  Run \"kamaji-agent upgrade\" again when the cause is mended")
        }
        report(.warning("the old configuration is back, and the Node is well with it"))
        return UpgradeFailure(
            failure.phase, "\(failure.message)\n  The old configuration is back, and the Node is well with it")
    }

    private func putBack(_ record: UpgradeRecord) async throws {
        for file in record.kept ?? [] {
            let content: [UInt8]?
            if let copy = file.copy { content = try await writer.read(copy) } else { content = nil }
            guard let content else {
                guard file.copy == nil else { throw RepairError(description: "\(file.copy ?? "") is gone") }
                try await writer.retire(file.path)
                continue
            }
            // What the journal said of it before is true again; what was there before the join stays noted.
            if let noted = file.noted {
                try await journal.record(FileRecord(path: file.path, sha256: noted, mode: file.mode, prior: nil))
            } else {
                try await journal.forget(file: file.path)
            }
            try await writer.putOwn(NodeFile(file.path, mode: file.mode, content))
        }
        try await journal.setFact("health", record.health.map { .string($0) } ?? .null)
    }
}
