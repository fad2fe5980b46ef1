import FoundationEssentials
import Glibc
import KubeObjects
import Logging
import Synchronization

/// One line for each message on standard error: with the priority that journald takes off the beginning where it reads
/// along, with the time where it does not.
struct JournalLogHandler: LogHandler {
    /// One that is set for this logger alone does not follow the process's.
    private var own: Logger.Level?
    private let threshold: LogThreshold
    var logLevel: Logger.Level {
        get { own ?? threshold.level }
        set { own = newValue }
    }
    var metadata: Logger.Metadata = [:]
    private let isJournal = getenv("JOURNAL_STREAM") != nil

    init(_ threshold: LogThreshold) { self.threshold = threshold }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let more = event.metadata { all.merge(more) { _, new in new } }
        var line =
            isJournal
            ? "<\(Self.priority(event.level))>\(event.message)"
            : "\(Timestamp.formatMicroseconds(Date())) \(event.level.rawValue.uppercased()) \(event.message)"
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(JSON.string("\(value)"))"
        }
        let bytes = Array((line.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n").utf8)
        // A log that nobody can read any more must not stop what it tells of.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// syslog's (RFC 5424, 6.2.1).
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}

/// The least level that is written, for the process as a whole; it may change at any time.
final class LogThreshold: Sendable {
    private let value = Mutex(Logger.Level.info)

    var level: Logger.Level {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
