import Glibc

/// Starts processes, from one thread that lives as long as the runtime: Linux kills them with it.
struct ProcessSpawner: Sendable {
    private let thread: RuntimeThread
    /// util-linux's setpriv, which asks the kernel to kill the process with this one; nil where it is missing.
    let guardian: String?

    init(thread: RuntimeThread, finder: ProgramFinder) {
        self.thread = thread
        if case .found(let path) = finder.find(command: "setpriv") { guardian = path } else { guardian = nil }
    }

    /// Starts a program with nothing on its standard input, and both outputs going to `output`, in a new process
    /// group, with no signal blocked or ignored. The descriptor stays the caller's.
    func spawn(_ launch: ProcessPlan.Launch, home: String, output: Int32) async throws -> ContainerProcess {
        let directory = launch.workingDirectory ?? home
        var words = [launch.executable] + launch.arguments
        if let guardian { words = [guardian, "--pdeathsig", "KILL", "--"] + words }
        let (arguments, environment) = (words, launch.environment.map { "\($0.key)=\($0.value)" })
        let pid = try await thread.run {
            try Self.spawn(arguments, environment: environment, directory: directory, output: output)
        }
        return try ContainerProcess(pid: pid)
    }

    private static func spawn(
        _ words: [String], environment: [String], directory: String, output: Int32
    ) throws(SpawnError) -> pid_t {
        let program = words.first ?? ""
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        guard let changeDirectory = GNUSpawnActions.changeDirectory, let closeFrom = GNUSpawnActions.closeFrom else {
            throw SpawnError(description: "cannot start \(program): this C library is not glibc 2.34 or later")
        }
        _ = changeDirectory(&actions, directory)
        // Sockets of ours that a child held open would never be seen to close.
        _ = closeFrom(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let arguments = CStrings(words)
        let variables = CStrings(environment)
        var pid: pid_t = 0
        let code = posix_spawn(&pid, program, &actions, &attributes, arguments.pointers, variables.pointers)
        guard code == 0 else {
            throw SpawnError(
                description: "cannot start \(program) in \(directory): \(String(cString: strerror(code)))")
        }
        return pid
    }
}

/// glibc declares these two for C programs with _GNU_SOURCE alone, so they are looked up by name.
private enum GNUSpawnActions {
    typealias ChangeDirectory =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>) -> Int32
    typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

    static let changeDirectory = dlsym(nil, "posix_spawn_file_actions_addchdir_np").map {
        unsafeBitCast($0, to: ChangeDirectory.self)
    }
    static let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        unsafeBitCast($0, to: CloseFrom.self)
    }
}

/// A null-terminated array of C strings, for as long as this object lives.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { (pointers + index).initialize(to: strdup(string)) }
        (pointers + count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
