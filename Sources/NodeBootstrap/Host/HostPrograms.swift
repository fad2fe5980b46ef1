import Glibc
import Subprocess
import SystemPackage

/// Programs of this machine.
package struct HostPrograms: Sendable {
    /// Folders, in order.
    private let search: [String]
    private let files: HostFiles

    /// - Parameter environment: its PATH; systemd's own where there is none.
    package init(environment: [String: String], files: HostFiles) {
        let path = environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        search = path.split(separator: ":").map(String.init)
        self.files = files
    }

    /// The first executable of this name. Blocks.
    package func find(_ name: String) -> String? {
        search.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// What a program prints; nil when it cannot be run, fails, or takes longer than `limit`.
    package func output(_ path: String, _ arguments: [String], limit: Duration = .seconds(20)) async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                let result = try? await Subprocess.run(
                    .path(FilePath(path)), arguments: Arguments(arguments), output: .string(limit: 64 * 1024),
                    error: .discarded)
                guard let result, result.terminationStatus.isSuccess else { return nil }
                return result.standardOutput
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }
}
