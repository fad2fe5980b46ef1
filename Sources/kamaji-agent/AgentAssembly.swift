import FoundationEssentials
import Glibc
import HTTPTransport
import KubeClient
import Logging
import NodeBootstrap
import Systemd

/// Puts the parts together for one command. The only file that chooses implementations.
struct AgentAssembly: Sendable {
    private let files: HostFiles
    private let thread: WorkThread
    private let transport: CurlTransport
    private let units: (any UnitControl)?
    private let log: Logger

    init(_ machine: MachineOptions, log: Logger? = nil) async throws {
        files = HostFiles(root: machine.root)
        thread = try WorkThread()
        transport = CurlTransport()
        // A root that is not this machine's has no services that run.
        units = !machine.noSystemd && files.root.isEmpty && SystemdUnits.isInit ? try SystemdUnits() : nil
        self.log = log ?? Logger(label: "kamaji-agent") { _ in SwiftLogNoOpLogHandler() }
    }

    private var programs: HostPrograms { HostPrograms(environment: ProcessEnvironment.current, files: files) }
    private var proxies: ProxyRules { ProxyRules(environment: ProcessEnvironment.current) }

    /// What makes the tunnel to the tenant.
    func tunnels(_ environment: NodeEnvironment, _ live: LiveSettings) -> any NodeTunnelMaker {
        KonnectivityTunnelMaker(environment, live)
    }

    /// - Parameter path: nil is the usual place, where nothing need be.
    func settings(_ live: LiveSettings, _ path: String?) async throws -> AgentSettings {
        let files = files
        return try await thread.run {
            // What somebody names is named as they see it, whatever stands for the machine.
            try path.map { try live.reload(HostFiles(), path: $0, isRequired: true) }
                ?? live.reload(files, path: AgentSettings.path, isRequired: false)
        }
    }

    /// Where the daemon says how it fares; what cannot be listened at is logged, and left out.
    func listeners(metricsPort: UInt16) async throws -> [StandingListener] {
        let (files, log) = (files, log)
        return try await thread.run {
            var makers: [() throws -> StandingListener] = [{ try StandingListener(files) }]
            if metricsPort != 0 { makers.append { try StandingListener(loopbackPort: metricsPort) } }
            return makers.compactMap { make in
                do {
                    return try make()
                } catch {
                    log.error("the agent does not say how it fares", metadata: ["error": "\(error)"])
                    return nil
                }
            }
        }
    }

    /// See `FileMappings`.
    func letGoOfFiles() async throws { try await thread.run { try FileMappings.release() } }

    func hasJournal() async -> Bool {
        let files = files
        return (try? await thread.run { Journal.exists(files) }) ?? false
    }

    /// Nil when somebody else has it.
    func lock() async throws -> HostLock? {
        let files = files
        return try await thread.run { try HostLock(files) }
    }

    func lockPatiently() async throws -> HostLock {
        guard let held = try await HostLock.patiently(.real, { try await lock() }) else {
            throw CommandFailure("another kamaji-agent is changing this machine: wait for it")
        }
        return held
    }

    /// - Parameters:
    ///   - journalRoot: beneath which the journal is, where that is not the machine's own root.
    ///   - repairingJournal: whether a damaged one may be put aside, which is not for those who only look.
    func environment(journalRoot: String? = nil, repairingJournal: Bool = true) async throws -> NodeEnvironment {
        let journal = try await Journal.open(
            journalRoot.map { HostFiles(root: $0) } ?? files, on: thread, repairing: repairingJournal)
        return NodeEnvironment(
            writer: NodeWriter(files: files, thread: thread, journal: journal), transport: transport, units: units,
            programs: programs, proxies: proxies, pacing: .real, now: { Date() }, log: log)
    }

    /// For a look that must not leave anything behind: with the journal where there is one, else with one that goes away.
    func trialEnvironment(_ body: (NodeEnvironment) async throws -> Void) async throws {
        if await hasJournal() { return try await body(try await environment(repairingJournal: false)) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "kamaji-agent-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(try await environment(journalRoot: folder))
    }

    /// What an examination looks at; the journal only where there is one, for looking makes none.
    func examinationParts() async throws -> Examination.Parts {
        Examination.Parts(
            gathering: HostFactsGathering(
                files: files, thread: thread, transport: transport, units: units, programs: programs, proxies: proxies,
                now: { Date() }),
            environment: await hasJournal() ? try await environment(repairingJournal: false) : nil)
    }
}

/// The variables that this process was started with.
enum ProcessEnvironment {
    static var current: [String: String] { ProcessInfo.processInfo.environment }
}

/// Small files that options name.
enum SmallFile {
    /// - Parameter option: the one that names it.
    static func read(_ path: String, _ option: String) throws -> [UInt8] {
        do {
            return try HostFiles().read(path)
                ?? { throw WrongUsage("\(option) is \"\(path)\": there is no such file") }()
        } catch let error as HostError {
            throw CommandFailure("\(option): \(error)")
        }
    }
}
