import Glibc

/// What this process has used, as the kernel counts it, under the names that every Prometheus client library uses.
package enum ProcessUsage {
    /// Seconds of CPU in user and kernel mode since the start.
    package static var cpuSeconds: Double {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    /// Bytes of memory that are resident now (`/proc/self/statm`, second field, in pages).
    package static var residentBytes: Double {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
            separator: " ")
        guard fields.count > 1, let pages = Double(fields[1]) else { return 0 }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    package static var families: [MetricFamily] {
        var cpu = MetricFamily(
            name: "process_cpu_seconds_total", help: "User and system CPU time spent.", kind: .counter)
        cpu.add(cpuSeconds)
        var memory = MetricFamily(
            name: "process_resident_memory_bytes", help: "Resident memory.", kind: .gauge)
        memory.add(residentBytes)
        return [cpu, memory]
    }
}
