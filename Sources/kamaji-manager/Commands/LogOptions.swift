import ArgumentParser
import LineLog
import Logging

/// How a command that keeps running tells what it does.
struct LogOptions: ParsableArguments {
    typealias Format = LineLogHandler.Format

    @Option(help: "How lines on standard error look: text for people, json for collectors.")
    var logFormat: Format = .text

    @Option(help: "The least level that is written: trace, debug, info, notice, warning, error or critical.")
    var logLevel: LogLevel = .init(level: .info)

    /// Makes this the way every logger of the process writes, and gives the command's own.
    func bootstrap(_ label: String) -> Logger { Self.bootstrap(label, logFormat, logLevel.level) }

    /// Text from level info on, for commands without these options.
    static func standard(_ label: String) -> Logger { bootstrap(label, .text, .info) }

    private static func bootstrap(_ label: String, _ format: Format, _ level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { label in
            var handler = LineLogHandler(label: label, format: format)
            handler.logLevel = level
            return handler
        }
        return Logger(label: label)
    }
}

extension LineLogHandler.Format: ExpressibleByArgument {}

struct LogLevel: ExpressibleByArgument, Sendable {
    let level: Logger.Level

    var defaultValueDescription: String { level.rawValue }

    init(level: Logger.Level) { self.level = level }

    init?(argument: String) {
        guard let level = Logger.Level(rawValue: argument.lowercased()) else { return nil }
        self.level = level
    }
}
