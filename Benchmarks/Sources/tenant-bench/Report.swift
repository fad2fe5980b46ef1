import FoundationEssentials
import Glibc
import KubeObjects

/// What a process has used up to a moment (proc(5): stat fields 14 and 15 in clock ticks, statm field 2 in pages).
struct ProcessSample: Sendable {
    let cpuSeconds: Double
    let residentBytes: Int

    init(_ id: Int32) throws {
        let stat = try String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
        // The second field is a name in parentheses that may hold anything.
        guard let end = stat.lastIndex(of: ")") else { throw BenchError("/proc/\(id)/stat cannot be read") }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        let statm = try String(contentsOfFile: "/proc/\(id)/statm", encoding: .utf8).split(separator: " ")
        guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12]),
            statm.count > 1, let pages = Int(statm[1])
        else { throw BenchError("/proc/\(id) is not as proc(5) has it") }
        cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = pages * sysconf(Int32(_SC_PAGESIZE))
    }
}

/// One run, as one line of JSON.
struct Report: Sendable {
    let measured: String
    let isRunning: Bool
    let server: String
    let times: Fleet.Times
    let before: ProcessSample
    let after: ProcessSample
    /// How long what was deleted inside tenants took to be back, shortest first; empty where nothing was.
    let repairs: [Duration]

    var line: String {
        let count = times.tenants.count
        let cpu = after.cpuSeconds - before.cpuSeconds
        var json: JSON = [
            "measured": .string(measured), "server": .string(server),
            "until": .string(isRunning ? "Ready" : "applied"), "tenants": JSON(count),
            "seconds": Self.rounded(Self.seconds(times.all)),
            "tenantSecondsP50": Self.rounded(percentile(0.50)), "tenantSecondsP99": Self.rounded(percentile(0.99)),
            "cpuSeconds": Self.rounded(cpu), "cpuSecondsPerTenant": Self.rounded(cpu / Double(count)),
            "rssBytesBefore": JSON(before.residentBytes), "rssBytesAfter": JSON(after.residentBytes),
            "rssBytesPerTenant": JSON((after.residentBytes - before.residentBytes) / count),
        ]
        if let longest = repairs.last {
            json["repairSecondsP50"] = Self.rounded(Self.seconds(repairs[repairs.count / 2]))
            json["repairSecondsMax"] = Self.rounded(Self.seconds(longest))
        }
        return String(decoding: json.encoded(), as: UTF8.self)
    }

    /// Nearest rank.
    private func percentile(_ part: Double) -> Double {
        let rank = Int((part * Double(times.tenants.count)).rounded(.up))
        return Self.seconds(times.tenants[max(0, rank - 1)])
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    private static func rounded(_ value: Double) -> JSON { .number((value * 10_000).rounded() / 10_000) }
}
