import FoundationEssentials
import Glibc
import KubeObjects
import Logging

/// Writes each message as one line, with one system call, to standard error.
package struct LineLogHandler: LogHandler {
    /// Text for people, JSON for collectors.
    package enum Format: String, Sendable, CaseIterable { case text, json }

    let label: String
    let format: Format
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]

    package init(label: String, format: Format) {
        self.label = label
        self.format = format
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let more = event.metadata { all.merge(more) { _, new in new } }
        let time = Timestamp.formatMicroseconds(Date())
        var line =
            switch format {
            case .text: text(time, event.level, event.message.description, all)
            case .json: json(time, event.level, event.message.description, all)
            }
        line += "\n"
        let bytes = Array(line.utf8)
        // A log that nobody can read any more must not stop what it tells of.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func text(_ time: String, _ level: Logger.Level, _ message: String, _ all: Logger.Metadata) -> String {
        var line = "\(time) \(level.rawValue.uppercased()) \(message)"
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            let text = "\(value)"
            let isPlain = !text.isEmpty && text.allSatisfy { !$0.isWhitespace && $0 != "\"" && $0 != "=" }
            line += " \(key)=\(isPlain ? text : JSON.string(text).encodedText)"
        }
        return line
    }

    private func json(_ time: String, _ level: Logger.Level, _ message: String, _ all: Logger.Metadata) -> String {
        var object: JSON = [
            "ts": .string(time), "level": .string(level.rawValue), "logger": .string(label), "msg": .string(message),
        ]
        for (key, value) in all where object[key] == nil { object[key] = .string("\(value)") }
        return object.encodedText
    }
}

extension JSON {
    /// On one line.
    fileprivate var encodedText: String { String(decoding: encoded(), as: UTF8.self) }
}
