import Probing
import Prometheus
import Synchronization

/// What the exporter counts about itself.
final class SelfMetrics: Sendable {
    private struct State: Sendable {
        var requests: [String: [Int: Int]] = [:]
        var inflight: [String: Int] = [:]
        var render: [String: Double] = [:]
        var bytes: [String: Int] = [:]
        var configurationRead: Double
        var isConfigurationCurrent = true
        var historyFailures = 0
    }

    private let state: Mutex<State>
    private let version: String
    private let revision: String

    /// - Parameter revision: the commit; nil where that is not known.
    init(version: String, revision: String? = nil, now: Double) {
        self.version = version
        self.revision = revision ?? "unknown"
        state = Mutex(State(configurationRead: now))
    }

    func begin(_ handler: String) { state.withLock { $0.inflight[handler, default: 0] += 1 } }

    func end(_ handler: String, code: Int) {
        state.withLock { state in
            state.inflight[handler, default: 1] -= 1
            state.requests[handler, default: [:]][code, default: 0] += 1
        }
    }

    func inflight(_ handler: String) -> Int { state.withLock { $0.inflight[handler] ?? 0 } }

    func rendered(_ encoding: String, seconds: Double, bytes: Int) {
        state.withLock { state in
            state.render[encoding] = seconds
            state.bytes[encoding] = bytes
        }
    }

    func configuration(isCurrent: Bool, now: Double) {
        state.withLock { state in
            state.isConfigurationCurrent = isCurrent
            if isCurrent { state.configurationRead = now }
        }
    }

    /// The history could not be written, or pruned.
    func historyFailed() { state.withLock { $0.historyFailures += 1 } }

    func families(_ page: MetricPage, isWebConfigurationCurrent: Bool) -> [MetricFamily] {
        let state = state.withLock { $0 }
        var build = MetricFamily(Catalogue.buildInfo)
        build.add(
            1,
            labels: [
                "version": version, "revision": revision, "swift_version": Self.compiler, "os": "linux",
                "arch": Self.architecture,
            ])
        var (requests, inflight) = (MetricFamily(Catalogue.httpRequests), MetricFamily(Catalogue.httpInflight))
        for (handler, codes) in state.requests.sorted(by: { $0.key < $1.key }) {
            for (code, count) in codes.sorted(by: { $0.key < $1.key }) {
                requests.add(Double(count), labels: ["handler": handler, "code": "\(code)"])
            }
        }
        for (handler, count) in state.inflight.sorted(by: { $0.key < $1.key }) {
            inflight.add(Double(count), labels: ["handler": handler])
        }
        var (render, bytes) = (MetricFamily(Catalogue.renderDuration), MetricFamily(Catalogue.responseBytes))
        for (encoding, seconds) in state.render.sorted(by: { $0.key < $1.key }) {
            render.add(seconds, labels: ["encoding": encoding])
            bytes.add(Double(state.bytes[encoding] ?? 0), labels: ["encoding": encoding])
        }
        var dropped = MetricFamily(Catalogue.seriesDropped)
        for (family, count) in page.dropped.sorted(by: { $0.key < $1.key }) {
            dropped.add(Double(count), labels: ["family": family])
        }
        var series = MetricFamily(Catalogue.exporterSeries)
        for (aspect, count) in page.seriesCounts.sorted(by: { $0.key < $1.key }) {
            series.add(Double(count), labels: ["group": aspect.replacing(" ", with: "_")])
        }
        return [
            build, requests, inflight, render, bytes, dropped, series,
            Self.single(Catalogue.webConfigReload, isWebConfigurationCurrent ? 1 : 0),
            Self.single(Catalogue.configReload, state.isConfigurationCurrent ? 1 : 0),
            Self.single(Catalogue.configReloadTime, state.configurationRead),
            Self.single(Catalogue.historyFailures, Double(state.historyFailures)),
        ] + Self.process
    }

    /// Upstream's manager says which program serves its names; here it is this one.
    var upstreamBuildInfo: MetricFamily {
        var family = MetricFamily(Catalogue.upstreamBuildInfo)
        family.add(
            1,
            labels: [
                "version": version, "commit": revision, "dirty": revision.hasSuffix("-dirty") ? "true" : "false",
                "repo": "kamaji-in-swift",
                "build_time": "unknown",
            ])
        return family
    }

    private static var process: [MetricFamily] {
        let usage = ProcessUsage.now
        return [
            single(Catalogue.processCPU, ProcessUsage.cpuSeconds),
            single(Catalogue.processMemory, ProcessUsage.residentBytes),
            single(Catalogue.processVirtual, usage.virtualBytes), single(Catalogue.processThreads, usage.threads),
            single(Catalogue.processStart, usage.startTime), single(Catalogue.processFiles, usage.openFiles),
            single(Catalogue.processFilesLimit, usage.fileLimit),
        ]
    }

    private static func single(_ definition: MetricDefinition, _ value: Double) -> MetricFamily {
        var family = MetricFamily(definition)
        family.add(value)
        return family
    }

    /// Of Swift, as far as it can be told while compiling: the newest release that is known here, at most.
    private static var compiler: String {
        #if compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    private static var architecture: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #else
            "other"
        #endif
    }
}
