import KubeObjects

/// The patches of the machine's owner. The folder that they come from may be one that the agent's daemon cannot see, or be
/// gone one day: what they were when the machine was joined is kept in the journal, and that is what is applied.
extension JoinRun {
    /// In the journal: the folder, and what each of its files holds.
    private static let keptPatches = "patches"

    /// Somebody who names a folder wants what is in it: one that is not there was mistyped.
    func refuseMissingPatches() async throws {
        guard let directory = configuration.patchesDirectory, try await kept(directory) == nil,
            try await !isFolder(directory)
        else { return }
        throw JoinFailure(
            .preflight,
            "patches.directory is \"\(directory)\", and there is no such folder: make it, or leave out --patches")
    }

    /// Notes what the folder holds now.
    func keepPatches() async throws {
        guard let directory = configuration.patchesDirectory else {
            try await journal.setFact(Self.keptPatches, .null)
            return
        }
        guard try await isFolder(directory) else {
            report(.warning("the folder \(directory) is gone: its patches are applied as the journal has them"))
            return
        }
        let contents = try await contents(of: directory)
        for (name, _) in contents {
            if case .ignored(let why) = try KubeletPatch.parse(fileName: name) {
                report(.warning("\(directory)/\(name) has no effect: \(why)"))
            }
        }
        let files = contents.map { name, text -> JSON in ["name": .string(name), "text": .string(text)] }
        try await journal.setFact(Self.keptPatches, ["directory": .string(directory), "files": .array(files)])
    }

    /// Those for the kubelet's configuration, in the order of their files' names.
    func patches() async throws -> [KubeletPatch] {
        guard let directory = configuration.patchesDirectory else { return [] }
        var contents = try await kept(directory)
        if contents == nil {
            // Joined by an agent that kept none.
            guard try await isFolder(directory) else {
                throw JoinFailure(
                    .files, "there is no folder \(directory) with patches here: \"kamaji-agent join\" takes note of it")
            }
            contents = try await self.contents(of: directory)
        }
        var patches: [KubeletPatch] = []
        for (name, text) in contents ?? [] {
            if case .patch("kubeletconfiguration", _, let form) = try KubeletPatch.parse(fileName: name) {
                patches += try KubeletPatch.read(text, file: name, form: form)
            }
        }
        return patches
    }

    /// Nil when nothing of that folder was kept.
    private func kept(_ directory: String) async throws -> [(name: String, text: String)]? {
        guard let kept = try await journal.fact(Self.keptPatches), kept["directory"]?.string == directory else {
            return nil
        }
        return (kept["files"]?.array ?? []).compactMap { file in
            guard let name = file["name"]?.string, let text = file["text"]?.string else { return nil }
            return (name, text)
        }
    }

    private func isFolder(_ path: String) async throws -> Bool {
        let files = writer.files
        return try await writer.thread.run { try files.attributesFollowingLinks(path)?.kind == .directory }
    }

    private func contents(of directory: String) async throws -> [(name: String, text: String)] {
        let files = writer.files
        return try await writer.thread.run { () throws -> [(name: String, text: String)] in
            try files.names(in: directory).compactMap { name in
                guard try files.attributesFollowingLinks("\(directory)/\(name)")?.kind == .file else { return nil }
                return try files.text("\(directory)/\(name)").map { (name, $0) }
            }
        }
    }
}
