import Glibc
import KubeObjects
import NodeBootstrap
import Synchronization

/// Shows a join or an upgrade as it goes: on a terminal one line for each phase that is written over while it lasts, elsewhere plain
/// lines, or JSON lines for machines.
final class ProgressDisplay: Sendable {
    private enum Manner: Sendable { case terminal, lines, json }

    private let manner: Manner
    private let state = Mutex(State())

    private struct State {
        /// Of each phase: a poll says the same many times.
        var lastWait = ""
        var isOnLine = false
    }

    init(_ format: OutputFormat) {
        manner = format == .json ? .json : isatty(STDOUT_FILENO) == 1 && getenv("TERM") != nil ? .terminal : .lines
    }

    func show<Phase>(_ event: ProgressEvent<Phase>) {
        state.withLock { state in
            switch manner {
            case .json:
                if case .waiting(_, let why) = event {
                    guard why != state.lastWait else { return }
                    state.lastWait = why
                }
                Self.put("\(event.json)\n")
            case .lines: if let line = Self.line(event, &state.lastWait) { Self.put("\(line)\n") }
            case .terminal: draw(event, &state)
            }
        }
    }

    private static func number<Phase: ProgressPhase>(_ phase: Phase) -> String {
        let all = Array(Phase.allCases)
        return "[\((all.firstIndex(of: phase) ?? 0) + 1)/\(all.count)]"
    }

    private static func seconds(_ duration: Duration) -> String {
        let tenths = Int(duration / .milliseconds(100))
        return "\(tenths / 10).\(tenths % 10) s"
    }

    private static func line<Phase>(_ event: ProgressEvent<Phase>, _ lastWait: inout String) -> String? {
        switch event {
        case .started: return nil
        case .waiting(let phase, let why):
            guard why != lastWait else { return nil }
            lastWait = why
            return "\(number(phase)) \(phase.rawValue) waits: \(why)"
        case .finished(let phase, let what, let duration):
            return "\(number(phase)) \(phase.rawValue): \(what) (\(seconds(duration)))"
        case .skipped(let phase, let why): return "\(number(phase)) \(phase.rawValue): \(why) (nothing to do)"
        case .failed(let phase, let why): return "\(number(phase)) \(phase.rawValue) FAILED: \(why)"
        case .warning(let text): return "[WARNING]: \(text)"
        case .check(let result): return result.line
        }
    }

    private func draw<Phase>(_ event: ProgressEvent<Phase>, _ state: inout State) {
        func clear() { if state.isOnLine { Self.put("\r\u{1B}[K") } }
        switch event {
        case .started(let phase):
            clear()
            Self.put("  … \(phase.title)")
            state.isOnLine = true
        case .waiting(let phase, let why):
            clear()
            let room = max(0, Self.width - phase.title.count - 8)
            // What does not fit stands once above, whole.
            if why != state.lastWait, why.count > room { Self.put("\u{1B}[33m  !\u{1B}[0m \(why)\n") }
            state.lastWait = why
            Self.put("  … \(phase.title): \(why.prefix(room))")
            state.isOnLine = true
        case .finished(let phase, let what, let duration):
            clear()
            Self.put("\u{1B}[32m  ✓\u{1B}[0m \(phase.title): \(what) \u{1B}[2m\(Self.seconds(duration))\u{1B}[0m\n")
            state.isOnLine = false
        case .skipped(let phase, let why):
            clear()
            Self.put("\u{1B}[2m  ✓ \(phase.title): \(why)\u{1B}[0m\n")
            state.isOnLine = false
        case .failed(let phase, let why):
            clear()
            Self.put("\u{1B}[31m  ✗\u{1B}[0m \(phase.title): \(why)\n")
            state.isOnLine = false
        case .warning(let text):
            clear()
            Self.put("\u{1B}[33m  !\u{1B}[0m \(text)\n")
            state.isOnLine = false
        case .check(let result):
            clear()
            Self.put("\u{1B}[33m  !\u{1B}[0m \(result.line)\n")
            state.isOnLine = false
        }
    }

    private static var width: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) : 80
    }

    /// At once: standard output as Swift has it waits for more when it is a pipe.
    private static func put(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            // Nobody reads any more: the join goes on.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// - Parameter outcome: the name of `json` among the lines for machines.
    func end(_ text: String, _ outcome: String, _ json: JSON) {
        Self.put((manner == .json ? JSON.object([outcome: json]).description : text) + "\n")
    }

    /// - Parameter text: for people, who have seen which phase failed and why.
    func fail(_ text: String) {
        guard manner != .json else { return }
        Self.put("\(text)\n")
    }
}
