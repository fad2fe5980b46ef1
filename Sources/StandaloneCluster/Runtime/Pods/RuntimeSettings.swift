import Glibc

/// What the runtime of the standalone cluster is told at its start.
package struct RuntimeSettings: Sendable {
    /// State lives here: volumes under `v`, logs under `logs`, process records under `run`. Short, because the paths
    /// of sockets in volumes may have 107 bytes.
    package let directory: String
    /// Where upstream's binaries are looked for, in order; then come those of PATH.
    package var programDirectories: [String]
    /// Our own executable, run as `<it> embedded-apiserver ARGS`.
    package var embeddedEngine: String
    /// The one Node, and where pods are bound.
    package var nodeName: String
    /// Loopback addresses for pods, an IPv4 block.
    package var podRange: String
    /// The PATH that programs are looked for in and get; nil in `init` is our own.
    package var searchPath: String
    /// Where the output of containers goes, and who reads it learns of it.
    package let logs: ContainerLogs

    package init(
        directory: String, programDirectories: [String] = [], embeddedEngine: String, nodeName: String = "standalone",
        podRange: String = "127.112.0.0/12",
        searchPath: String? = nil
    ) {
        self.directory = directory
        logs = ContainerLogs(directory: directory)
        self.programDirectories = programDirectories
        self.embeddedEngine = embeddedEngine
        self.nodeName = nodeName
        self.podRange = podRange
        self.searchPath = searchPath ?? Self.ownSearchPath
    }

    /// Our own PATH, or the usual one.
    private static var ownSearchPath: String {
        getenv("PATH").map { String(cString: $0) } ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    }
}
