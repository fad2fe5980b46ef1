import Foundation
import Testing

/// The port that a process listens on, where the process does not say which it was given: the kernel does.
enum ListeningPort {
    static func wait(for pid: Int32) async throws -> UInt16 {
        for _ in 0..<1200 {
            if let port = of(pid) { return port }
            try await Task.sleep(for: .milliseconds(50))
        }
        kill(pid, SIGKILL)
        return try #require(nil, "the server does not listen")
    }

    static func of(_ pid: Int32) -> UInt16? {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
        let inodes = Set(
            descriptors.compactMap {
                let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)")
                return link.flatMap { $0.hasPrefix("socket:[") ? String($0.dropFirst(8).dropLast()) : nil }
            })
        for line in table(of: pid).split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ")
            // 0A is LISTEN (Linux, include/net/tcp_states.h).
            guard columns.count > 9, columns[3] == "0A", inodes.contains(String(columns[9])),
                let port = columns[1].split(separator: ":").last
            else { continue }
            return UInt16(port, radix: 16)
        }
        return nil
    }

    /// The kernel gives it a page at a time, which Foundation takes for its end.
    private static func table(of pid: Int32) -> String {
        let file = open("/proc/\(pid)/net/tcp", O_RDONLY)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var all: [UInt8] = []
        var page = [UInt8](repeating: 0, count: 65536)
        while case let count = read(file, &page, page.count), count > 0 { all += page.prefix(count) }
        return String(decoding: all, as: UTF8.self)
    }
}
