import ArgumentParser
import Glibc
import Logging
import NodeBootstrap
import ServiceLifecycle
import Systemd
import UnixSignals

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Keep this machine the node that it is: the daemon, as systemd starts it.",
        discussion: """
            Starts the kubelet and the container runtime again when they fail, puts back files of the join that are \
            gone, renews the agent's certificate, and brings a node back that was off for longer than its certificates \
            lived. On a machine that has not joined it waits.
            """)

    @OptionGroup var machine: MachineOptions

    @Option(
        help: ArgumentHelp(
            "The file with the agent's settings.",
            discussion: "Read again on SIGHUP. Without this option: \(AgentSettings.path), where it is there."))
    var config: String?

    @Option(
        help: """
            The least level that is written: trace, debug, info, notice, warning, error or critical. Comes before what \
            the settings say.
            """)
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "Port of 127.0.0.1 where /metrics is served too; 0 serves none.",
            discussion: "At the socket \(StandingListener.path) it always is, for members of the group kamaji-agent."))
    var metricsPort: UInt16 = 0

    func validate() throws {
        if let logLevel, Logger.Level(rawValue: logLevel) == nil {
            throw ValidationError(
                "--log-level is \"\(logLevel)\": trace, debug, info, notice, warning, error or critical")
        }
    }

    func run() async throws {
        // Until it is listened for a wish to reload must not end the process, as it would by default.
        signal(SIGHUP, SIG_IGN)
        let threshold = LogThreshold()
        LoggingSystem.bootstrap { _ in JournalLogHandler(threshold) }
        let log = Logger(label: "kamaji-agent")
        let assembly = try await AgentAssembly(machine, log: log)
        let live = LiveSettings()
        let reading = SettingsReading(
            live: live, path: config, level: logLevel.flatMap { Logger.Level(rawValue: $0) }, threshold: threshold,
            assembly: assembly)
        do {
            try await reading.read()
        } catch {
            // A node whose agent does not start is mended by nobody.
            log.error("the agent runs without its settings", metadata: ["error": "\(error)"])
        }
        let environment = try await assembly.environment()
        if let damaged = environment.journal.damagedPath {
            log.error("the journal was damaged and put aside", metadata: ["path": "\(damaged)"])
        }
        let heartbeat = NodeDaemon.Heartbeat()
        let board = NodeBoard(environment, version: ProgramVersion.number)
        let daemon = NodeDaemon(
            environment, version: ProgramVersion.number, tunnels: assembly.tunnels(environment, live),
            heartbeat: heartbeat, board: board, live: live,
            lock: { try await assembly.lock() }
        ) { ServiceNotification.send(.status($0)) }
        var services: [any Service] = [ReloadService(reading: reading, log: log), DaemonService(daemon: daemon)]
        // A node is mended whether or not somebody can look on.
        for listener in try await assembly.listeners(metricsPort: metricsPort) {
            services.append(StandingService(listener: listener, board: board))
        }
        services.append(ResidencyService(assembly: assembly, log: log))
        // They are ended in turn, the last first: what is told about the end, and what bounds it, comes before it.
        services += [NotifyService(heartbeat: heartbeat), StopBoundService(log: log)]
        // Its lines of lower levels hold all that the services are made of.
        var lifecycle = Logger(label: "lifecycle")
        lifecycle.logLevel = .notice
        let group = ServiceGroup(
            configuration: .init(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint], logger: lifecycle))
        try await group.run()
    }
}

/// The daemon, ended by a graceful shutdown: everything it does can be taken up again, so it ends as soon as what goes
/// through its tunnel has come to an end.
struct DaemonService: Service {
    let daemon: NodeDaemon

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await daemon.run() }
        } catch is CancellationError {
            return
        }
    }
}

/// Says how the agent fares to who asks.
struct StandingService: Service {
    let listener: StandingListener
    let board: NodeBoard

    func run() async throws {
        await cancelWhenGracefulShutdown { [listener, board] in await listener.run { await board.answer($0) } }
    }
}

/// Keeps the agent from holding for days what it has needed for a moment, its start above all.
struct ResidencyService: Service {
    let assembly: AgentAssembly
    let log: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            // By then it has looked at its node, and its tunnel is up.
            try await Task.sleep(for: .seconds(20))
            while true {
                do {
                    try await assembly.letGoOfFiles()
                } catch {
                    log.debug("memory was not let go of", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: .seconds(3600))
            }
        }
    }
}

/// Tells systemd that the agent is up, alive and, at the end, going.
struct NotifyService: Service {
    let heartbeat: NodeDaemon.Heartbeat

    func run() async throws {
        ServiceNotification.send(.ready)
        let interval = Watchdog.interval ?? .seconds(30)
        await withGracefulShutdownHandler {
            do {
                try await cancelWhenGracefulShutdown {
                    while true {
                        // A loop that stands still is not spoken for, and systemd starts the agent anew.
                        if heartbeat.isAlive(within: .seconds(600)) { ServiceNotification.send(.alive) }
                        try await Task.sleep(for: interval)
                    }
                }
            } catch {
                return
            }
        } onGracefulShutdown: {
            ServiceNotification.send(.stopping)
        }
    }
}

/// Bounds how long the end may take, from the moment that it is asked for.
struct StopBoundService: Service {
    let log: Logger

    func run() async {
        let bound = StopBound(sleep: { try await Task.sleep(for: $0) }) { [log] in
            log.warning("something goes on for too long: the agent ends without it")
            _exit(0)
        }
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(86_400)) }
            }
        } onGracefulShutdown: {
            bound.begin()
        }
    }
}

/// Reads the settings, and puts in force what holds for the process as a whole.
struct SettingsReading: Sendable {
    let live: LiveSettings
    /// Nil is the usual place, where nothing need be.
    let path: String?
    /// The command line's word; nil is none.
    let level: Logger.Level?
    let threshold: LogThreshold
    let assembly: AgentAssembly

    func read() async throws {
        let settings = try await assembly.settings(live, path)
        threshold.level = level ?? settings.logLevel.flatMap { Logger.Level(rawValue: $0.rawValue) } ?? .info
    }
}

/// `systemctl reload`: the settings are read again. Proxies come with the unit's environment, which a reload does not
/// change. Settings that cannot be read leave those in force that were.
struct ReloadService: Service {
    let reading: SettingsReading
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                ServiceNotification.send(.reloading)
                do {
                    try await reading.read()
                    log.notice("reloaded")
                } catch {
                    log.error("not reloaded: what was set before stays", metadata: ["error": "\(error)"])
                }
                ServiceNotification.send(.ready)
            }
        }
    }
}
