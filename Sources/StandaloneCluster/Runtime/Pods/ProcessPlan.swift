import KubeObjects

/// What becomes of one container on this machine.
enum ProcessPlan: Equatable, Sendable {
    case run(Launch)
    /// What the program would do, the embedded engine does within the pod's kube-apiserver.
    case servedByEngine
    /// Never runs here, for a reason that is a user's to read.
    case unavailable(String)

    struct Launch: Equatable, Sendable {
        var executable: String
        var arguments: [String]
        /// All of it: nothing of the manager's own is added.
        var environment: [String: String]
        /// Nil leaves it to the pod's own directory.
        var workingDirectory: String?
    }
}

/// Plans the processes of one pod: which program, told what.
struct ProcessPlanner: Sendable {
    let pod: KubeObject
    let podIP: String
    /// Where each volume was materialised, by name.
    let volumes: [String: String]
    /// The pod's own directory: HOME, and where processes start.
    let home: String
    let finder: ProgramFinder
    let settings: RuntimeSettings

    /// Components that the embedded engine stands in for when it serves the tenant's API.
    private static let servedComponents: Set<String> = ["kube-controller-manager", "kube-scheduler"]
    /// Programs that take `--bind-address`.
    private static let bindingComponents = servedComponents.union(["kube-apiserver"])
    private static let shells: Set<String> = ["sh", "bash", "dash", "ash"]

    /// - Throws: when something that the environment refers to is not there (yet).
    func plan(_ container: JSON, _ sources: ContentSources) throws(MissingContent) -> ProcessPlan {
        let command = container["command"]?.strings ?? []
        let program = Self.program(of: container)
        if Self.isServedByEngine(container, of: pod) { return .servedByEngine }

        let variables = try ContainerEnvironment.variables(
            of: container, pod: pod, podIP: podIP, nodeName: settings.nodeName, sources)
        let mapping = PathMapping(container: container, volumes: volumes)
        let words = (command.dropFirst() + (container["args"]?.strings ?? [])).map {
            ContainerEnvironment.expand($0, variables)
        }
        var arguments =
            Self.shells.contains(program)
            ? words.map(mapping.rewrite(script:)) : words.map(mapping.rewrite(_:))
        let executable: String
        let runsEngine = program == "kube-apiserver" && Self.hasFlag("--sqlite-path", words)
        if runsEngine {
            executable = settings.embeddedEngine
        } else {
            switch finder.find(command: command.first.map { ContainerEnvironment.expand($0, variables) }) {
            case .found(let path): executable = path
            case .missing(let reason): return .unavailable(reason)
            }
        }
        arguments = localised(arguments, of: program, isUpstream: !runsEngine)
        if runsEngine { arguments.insert("embedded-apiserver", at: 0) }

        var environment = ["PATH": settings.searchPath, "HOME": home]
        environment.merge(variables) { _, set in set }
        let directory = container["workingDir"]?.string.flatMap { mapping.place(of: $0) }
        return .run(
            .init(
                executable: executable, arguments: arguments, environment: environment, workingDirectory: directory))
    }

    /// A command given to an exec probe, as it is run here; nil when its program is not on this machine.
    func plan(exec command: [String], in container: JSON, environment: [String: String]) -> ProcessPlan.Launch? {
        guard case .found(let path) = finder.find(command: command.first) else { return nil }
        let mapping = PathMapping(container: container, volumes: volumes)
        let name = command.first?.split(separator: "/").last.map(String.init) ?? ""
        let arguments = command.dropFirst().map {
            Self.shells.contains(name) ? mapping.rewrite(script: $0) : mapping.rewrite($0)
        }
        return .init(executable: path, arguments: arguments, environment: environment, workingDirectory: nil)
    }

    /// Arguments that say where to listen made to say the pod's address: pods share this machine's ports.
    private func localised(_ arguments: [String], of program: String, isUpstream: Bool) -> [String] {
        var arguments = arguments
        if Self.bindingComponents.contains(program) {
            let value = Self.value(of: "--bind-address", arguments)
            if value == nil || value == "0.0.0.0" || value == "::" {
                Self.set("--bind-address", podIP, &arguments)
            }
        }
        switch program {
        case "kube-apiserver" where isUpstream:
            // It refuses to put a loopback address into the Endpoints of the Service `kubernetes`. One that other
            // machines reach is what their pods need to find there.
            let advertised = Self.value(of: "--advertise-address", arguments).flatMap { IPAddress($0) }
            if advertised?.isLoopback ?? true, !Self.hasFlag("--endpoint-reconciler-type", arguments) {
                Self.set("--endpoint-reconciler-type", "none", &arguments)
            }
        case "proxy-server":
            var listeners = ["agent", "admin", "health"]
            if (Self.value(of: "--server-port", arguments) ?? "") != "0" { listeners.append("server") }
            for listener in listeners {
                let flag = "--\(listener)-bind-address"
                let value = Self.value(of: flag, arguments) ?? ""
                if ["", "0.0.0.0", "::"].contains(value) { Self.set(flag, podIP, &arguments) }
            }
        default: break
        }
        return arguments
    }

    /// The base name of a container's program; empty without a command.
    static func program(of container: JSON) -> String {
        container["command"]?.strings?.first?.split(separator: "/").last.map(String.init) ?? ""
    }

    /// Whether the embedded engine, as the pod's kube-apiserver, stands in for a container: nothing is run for that.
    static func isServedByEngine(_ container: JSON, of pod: KubeObject) -> Bool {
        servedComponents.contains(program(of: container)) && runsEngine(pod)
    }

    /// Whether the pod's kube-apiserver is the embedded engine: it keeps its objects in a SQLite file.
    static func runsEngine(_ pod: KubeObject) -> Bool {
        (pod[path: "spec", "containers"]?.array ?? []).contains { container in
            program(of: container) == "kube-apiserver"
                && hasFlag("--sqlite-path", (container["command"]?.strings ?? []) + (container["args"]?.strings ?? []))
        }
    }

    private static func hasFlag(_ flag: String, _ arguments: [String]) -> Bool {
        arguments.contains { $0 == flag || $0.hasPrefix(flag + "=") }
    }

    /// The last value of a flag, given as `--flag=value` or `--flag value`.
    private static func value(of flag: String, _ arguments: [String]) -> String? {
        var found: String?
        for (index, argument) in arguments.enumerated() {
            if argument.hasPrefix(flag + "=") {
                found = String(argument.dropFirst(flag.count + 1))
            } else if argument == flag {
                found = arguments.indices.contains(index + 1) ? arguments[index + 1] : ""
            }
        }
        return found
    }

    /// Gives a flag one value, whatever it had.
    private static func set(_ flag: String, _ value: String, _ arguments: inout [String]) {
        var kept: [String] = []
        var skipsNext = false
        for argument in arguments {
            if skipsNext {
                skipsNext = false
            } else if argument == flag {
                skipsNext = true
            } else if !argument.hasPrefix(flag + "=") {
                kept.append(argument)
            }
        }
        arguments = kept + ["\(flag)=\(value)"]
    }
}
