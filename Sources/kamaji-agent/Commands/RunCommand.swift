import ArgumentParser
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

    @Option(help: "The least level that is written: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    @Option(
        help: ArgumentHelp(
            "Port of 127.0.0.1 where /metrics is served too; 0 serves none.",
            discussion: "At the socket \(StandingListener.path) it always is, for members of the group kamaji-agent."))
    var metricsPort: UInt16 = 0

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError(
                "--log-level is \"\(logLevel)\": trace, debug, info, notice, warning, error or critical")
        }
    }

    func run() async throws {
        let level = Logger.Level(rawValue: logLevel) ?? .info
        LoggingSystem.bootstrap { _ in JournalLogHandler(level) }
        let log = Logger(label: "kamaji-agent")
        let assembly = try await AgentAssembly(machine, log: log)
        let environment = try await assembly.environment()
        if let damaged = environment.journal.damagedPath {
            log.error("the journal was damaged and put aside", metadata: ["path": "\(damaged)"])
        }
        let heartbeat = NodeDaemon.Heartbeat()
        let board = NodeBoard(environment, version: ProgramVersion.number)
        let daemon = NodeDaemon(
            environment, version: ProgramVersion.number, tunnels: assembly.tunnels(environment), heartbeat: heartbeat,
            board: board,
            lock: { try await assembly.lock() }
        ) { ServiceNotification.send(.status($0)) }
        var services: [any Service] = [
            NotifyService(heartbeat: heartbeat), ReloadService(log: log), DaemonService(daemon: daemon),
        ]
        // A node is mended whether or not somebody can look on.
        for listener in try await assembly.listeners(metricsPort: metricsPort) {
            services.append(StandingService(listener: listener, board: board))
        }
        let group = ServiceGroup(
            configuration: .init(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "lifecycle")))
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

/// `systemctl reload`: proxies and levels come with the unit's environment, which a reload does not change, so what is
/// read anew is what the next look reads anyway. It is answered all the same, as Type=notify-reload expects.
struct ReloadService: Service {
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                ServiceNotification.send(.reloading)
                log.info("reloaded")
                ServiceNotification.send(.ready)
            }
        }
    }
}
