import KubeObjects
import PKI

/// Changes the machine's files, each change noted in the journal before it is made, with what was there before. Doing
/// it once more changes nothing.
package struct NodeWriter: Sendable {
    package let files: HostFiles
    package let thread: WorkThread
    package let journal: Journal
    /// Called before each effect with what it is; a test ends the run here, as a power failure would.
    private let checkpoint: @Sendable (String) throws -> Void

    package init(
        files: HostFiles, thread: WorkThread, journal: Journal,
        checkpoint: @escaping @Sendable (String) throws -> Void = { _ in }
    ) {
        self.files = files
        self.thread = thread
        self.journal = journal
        self.checkpoint = checkpoint
    }

    package static func sha256(_ content: [UInt8]) -> String {
        SHA256.digest(content).map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0\(text)" : text
        }.joined()
    }

    /// Sees to it that the file is there as it should be.
    ///
    /// - Returns: whether anything was changed.
    @discardableResult
    package func put(_ file: NodeFile) async throws -> Bool {
        let files = files
        let present = try await thread.run { try Present(file.path, files) }
        let known = try await journal.files().first { $0.path == file.path }
        if present.content == file.content, present.mode == file.mode {
            // Somebody else's, by the journal, and as it should be: it stays theirs.
            return false
        }
        var record = FileRecord(
            path: file.path, sha256: Self.sha256(file.content), mode: file.mode, prior: known?.prior)
        if known == nil { record.prior = try await keep(file.path, present) }
        try await folder(HostFiles.folder(of: file.path), mode: 0o755)
        try checkpoint("note \(file.path)")
        try await journal.record(record)
        try checkpoint("write \(file.path)")
        try await thread.run { try files.write(file) }
        try checkpoint("wrote \(file.path)")
        return true
    }

    /// What is at a path before we write there.
    private struct Present: Sendable {
        /// After links were followed; nil when they lead nowhere.
        var content: [UInt8]?
        var mode: UInt32?
        /// Of the path itself.
        var attributes: HostFiles.Attributes?
        /// Where it leads, if it is a link.
        var target: String?

        init(_ path: String, _ files: HostFiles) throws(HostError) {
            content = try files.read(path)
            mode = try files.attributesFollowingLinks(path)?.mode
            attributes = try files.attributes(path)
            target = try files.linkTarget(path)
        }
    }

    /// A copy of what was there, in a place of our own and for our eyes only. Of a link its target is noted: what it leads
    /// to is not written to, and stays. Nil when there was nothing.
    private func keep(_ path: String, _ present: Present) async throws -> FileRecord.Prior? {
        guard let attributes = present.attributes else { return nil }
        if let target = present.target {
            return FileRecord.Prior(
                backup: "", mode: attributes.mode, uid: attributes.uid, gid: attributes.gid, target: target)
        }
        guard let content = present.content else { return nil }
        let backup = "\(AgentFiles.backups)/\(Self.sha256(Array(path.utf8)).prefix(16))"
        try checkpoint("back up \(path)")
        let files = files
        try await thread.run {
            try files.makeFolder(AgentFiles.backups, mode: 0o700)
            try files.write(NodeFile(backup, mode: 0o600, content))
        }
        return FileRecord.Prior(backup: backup, mode: attributes.mode, uid: attributes.uid, gid: attributes.gid)
    }

    /// Sees to it that a folder is there. One that is, is left as it is.
    package func folder(_ path: String, mode: UInt32) async throws {
        let files = files
        let missing = try await thread.run { files.missingFolders(path) }
        guard !missing.isEmpty else { return }
        try checkpoint("note folder \(path)")
        try await journal.record(folders: missing)
        try checkpoint("make folder \(path)")
        try await thread.run {
            for folder in missing { try files.makeFolder(folder, mode: folder == path ? mode : 0o755) }
        }
    }

    /// Writes a file that is not noted: of the agent's own folder, which goes as a whole, or one that is the kubelet's.
    package func putOwn(_ file: NodeFile) async throws {
        try checkpoint("write \(file.path)")
        let files = files
        try await thread.run { try files.write(file) }
        try checkpoint("wrote \(file.path)")
    }

    package func removeOwn(_ path: String) async throws {
        try checkpoint("remove \(path)")
        let files = files
        try await thread.run { try files.remove(path) }
    }

    /// Removes a file that `put` wrote and that has served its purpose; what was there before comes back at reset only.
    package func retire(_ path: String) async throws {
        let files = files
        try checkpoint("retire \(path)")
        try await thread.run { try files.remove(path) }
        let record = try await journal.files().first { $0.path == path }
        if record?.prior == nil { try await journal.forget(file: path) }
    }

    package func read(_ path: String) async throws -> [UInt8]? {
        let files = files
        return try await thread.run { try files.read(path) }
    }

    package func mark(_ what: String) throws { try checkpoint(what) }
}
