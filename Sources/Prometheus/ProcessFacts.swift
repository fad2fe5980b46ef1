import Glibc

/// More of what the kernel says of this process.
package struct ProcessFacts: Sendable, Hashable {
    package var virtualBytes = 0.0
    package var threads = 0.0
    /// Seconds since 1970.
    package var startTime = 0.0
    package var openFiles = 0.0
    /// Infinite where there is none.
    package var fileLimit = Double.infinity
}

extension ProcessUsage {
    package static var now: ProcessFacts {
        var facts = ProcessFacts()
        // The name, in parentheses, may hold anything; what follows it does not (proc(5), stat).
        let stat = contents("/proc/self/stat")
        if let end = stat.lastIndex(of: ")") {
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            func field(_ number: Int) -> Double { number - 3 < fields.count ? Double(fields[number - 3]) ?? 0 : 0 }
            facts.threads = field(20)
            facts.virtualBytes = field(23)
            // Counted from the boot of the machine.
            let boot = seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME)
            facts.startTime = boot + field(22) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max {
            facts.fileLimit = Double(limit.rlim_cur)
        }
        if let folder = opendir("/proc/self/fd") {
            while readdir(folder) != nil { facts.openFiles += 1 }
            closedir(folder)
            // Itself, its parent, and the descriptor that reads.
            facts.openFiles -= 3
        }
        return facts
    }

    private static func seconds(_ clock: Int32) -> Double {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func contents(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0, text.count < 1 << 20 {
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
