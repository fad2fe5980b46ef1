import FoundationEssentials
import Glibc

/// A file for each running process, so that the next run of this program can end what a killed one left behind, and
/// nothing else: a process is known by its pid and the moment it started.
struct ProcessRecords: Sendable {
    private let root: String
    private let thread: RuntimeThread

    init(directory: String, thread: RuntimeThread) {
        root = "\(directory)/run"
        self.thread = thread
    }

    private func path(_ pid: pid_t) -> String { "\(root)/\(pid).pid" }

    func add(_ pid: pid_t) async {
        let (root, path) = (root, path(pid))
        _ = try? await thread.run {
            guard let started = Self.startTime(of: pid) else { return }
            try Files.makeDirectory(root)
            try Files.write(Array("\(pid) \(started) \(Self.bootIdentifier)".utf8), to: path)
        }
    }

    func remove(_ pid: pid_t) async {
        let path = path(pid)
        _ = try? await thread.run { unlink(path) }
    }

    /// Kills the groups of recorded processes that still run. Gives their pids.
    func endLeftovers() async -> [pid_t] {
        let root = root
        let ended = try? await thread.run { () -> [pid_t] in
            var ended: [pid_t] = []
            for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
                let file = "\(root)/\(name)"
                let text = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
                if let pid = Self.living(text) {
                    kill(-pid, SIGKILL)
                    ended.append(pid)
                }
                unlink(file)
            }
            return ended
        }
        return ended ?? []
    }

    /// The pid in a record, when that very process runs and leads a group of its own.
    private static func living(_ record: String) -> pid_t? {
        let words = record.split(separator: " ")
        guard words.count == 3, let pid = pid_t(words[0]), pid > 1, words[2] == bootIdentifier,
            let started = startTime(of: pid), started == words[1], getpgid(pid) == pid
        else { return nil }
        return pid
    }

    /// Clock ticks since boot: field 22 of /proc/PID/stat. Nil when there is no such process, or only its zombie.
    static func startTime(of pid: pid_t) -> String? {
        guard let text = contents("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        // The name before the bracket may hold anything; field 3 comes after it.
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return String(fields[19])
    }

    /// Times since boot mean nothing after the next one.
    private static var bootIdentifier: String {
        (contents("/proc/sys/kernel/random/boot_id") ?? "-").filter { !$0.isWhitespace }
    }

    private static func contents(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
