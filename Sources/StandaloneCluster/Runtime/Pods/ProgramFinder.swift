import Glibc

/// Where on this machine the program of a container's command is.
struct ProgramFinder: Sendable {
    /// Looked through in order.
    let directories: [String]
    let isExecutable: @Sendable (String) -> Bool

    /// - Parameter isExecutable: whether a path names a file that may be run; asks the file system unless given.
    init(
        directories: [String], searchPath: String,
        isExecutable: @escaping @Sendable (String) -> Bool = ProgramFinder.isExecutableFile
    ) {
        self.directories = directories + searchPath.split(separator: ":").filter { $0.hasPrefix("/") }.map(String.init)
        self.isExecutable = isExecutable
    }

    enum Answer: Equatable, Sendable {
        case found(String)
        /// For the user's eyes: what is missing, where it was looked for, what helps.
        case missing(String)
    }

    /// Looks for the base name of a container's `command[0]`: an image's directories mean nothing here.
    func find(command: String?) -> Answer {
        guard let command, let name = command.split(separator: "/").last.map(String.init) else {
            return .missing(
                "the container has no command, and its image's entry point is not known here: set command")
        }
        for directory in directories {
            let path = "\(directory)/\(name)"
            if isExecutable(path) { return .found(path) }
        }
        return .missing(
            "the program \"\(name)\" is not on this machine: put it into one of these directories, or into PATH: "
                + directories.joined(separator: ", "))
    }

    /// A regular file that this process may run.
    @Sendable static func isExecutableFile(_ path: String) -> Bool {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return false }
        return access(path, X_OK) == 0
    }
}
