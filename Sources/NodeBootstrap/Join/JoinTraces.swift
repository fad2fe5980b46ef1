/// What a join has left on this machine so far, by its journal.
package struct JoinTraces: Sendable, Hashable {
    /// Files that are there because of us.
    var ours: Set<String>
    /// Whether the kubelet has had files to start with. A service manager may start it as soon as they are there, before
    /// the join comes to that.
    var hasWritten: Bool

    /// Whether a join was begun that no reset has undone. The daemon has a journal before any.
    package static func areThere(_ journal: Journal) async throws -> Bool {
        let (phases, files) = (try await journal.phases(), try await journal.files())
        return !phases.isEmpty || !files.isEmpty
    }

    init(_ journal: Journal) async throws {
        ours = Set(try await journal.files().map(\.path))
        hasWritten = !ours.isEmpty
        let territories = try await journal.territories().map(\.path)
        // Written by a kubelet that our files were for, if it was not there before them.
        if hasWritten, territories.contains(HostFiles.folder(of: KubeletFiles.kubeconfigPath)),
            try await !journal.bystanders().contains(KubeletFiles.kubeconfigPath)
        {
            ours.insert(KubeletFiles.kubeconfigPath)
        }
    }
}
