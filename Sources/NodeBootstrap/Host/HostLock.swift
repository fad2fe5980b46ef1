import Glibc

/// That no two agents change one machine at a time. Held until it is let go of, or the process ends, however it ends.
package final class HostLock: Sendable {
    private let descriptor: Int32

    /// Nil when somebody else holds it. Blocks for no longer than opening a file takes.
    package init?(_ files: HostFiles) throws(HostError) {
        let folder = HostFiles.folder(of: AgentFiles.lock)
        for missing in files.missingFolders(folder) { try files.makeFolder(missing, mode: 0o755) }
        let opened = open(files.place(AgentFiles.lock), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw HostError("open", AgentFiles.lock, errno) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(opened)
            guard code == EWOULDBLOCK else { throw HostError("lock", AgentFiles.lock, code) }
            return nil
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}

extension HostLock {
    /// For as long as most repairs of a daemon take, which holds it meanwhile.
    package static let patience = Duration.seconds(30)

    /// Waits a little for whoever holds it.
    ///
    /// - Parameter take: tries to get it, once.
    /// - Returns: nil when it was not let go of in time.
    package static func patiently(
        _ pacing: Pacing, _ take: () async throws -> HostLock?
    ) async throws -> HostLock? {
        try await pacing.poll(within: patience, every: .milliseconds(500), take)
    }
}
