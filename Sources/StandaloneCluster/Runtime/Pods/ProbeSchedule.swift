import KubeObjects

/// One probe of a container, as Kubernetes means its numbers.
struct Probe: Equatable, Sendable {
    enum Action: Equatable, Sendable {
        case http(host: String, port: Int, path: String, isSecure: Bool, headers: [String: String])
        case tcp(host: String, port: Int)
        case exec([String])
    }

    var action: Action
    var initialDelay: Duration
    var period: Duration
    var timeout: Duration
    var successThreshold: Int
    var failureThreshold: Int

    /// Nil when `json` holds no probe of a kind that is known here.
    ///
    /// - Parameter container: names its ports for probes that name theirs.
    init?(_ json: JSON?, podIP: String, container: JSON) {
        guard let json else { return nil }
        func port(_ value: JSON?) -> Int? {
            if let number = value?.integer { return Int(exactly: number) }
            guard let name = value?.string else { return nil }
            if let number = Int(name) { return number }
            let named = container["ports"]?.array?.first { $0["name"]?.string == name }
            return named?["containerPort"]?.integer.flatMap { Int(exactly: $0) }
        }
        if let http = json["httpGet"], let port = port(http["port"]) {
            let host = http["host"]?.string ?? ""
            var headers: [String: String] = [:]
            for header in http["httpHeaders"]?.array ?? [] {
                if let name = header["name"]?.string { headers[name] = header["value"]?.string ?? "" }
            }
            action = .http(
                host: host.isEmpty ? podIP : host, port: port, path: http["path"]?.string ?? "/",
                isSecure: http["scheme"]?.string == "HTTPS", headers: headers)
        } else if let tcp = json["tcpSocket"], let port = port(tcp["port"]) {
            let host = tcp["host"]?.string ?? ""
            action = .tcp(host: host.isEmpty ? podIP : host, port: port)
        } else if let command = json[path: "exec", "command"]?.strings, !command.isEmpty {
            action = .exec(command)
        } else {
            return nil
        }
        func number(_ field: String, _ standard: Int64) -> Int64 { json[field]?.integer ?? standard }
        initialDelay = .seconds(max(0, number("initialDelaySeconds", 0)))
        period = .seconds(max(1, number("periodSeconds", 10)))
        timeout = .seconds(max(1, number("timeoutSeconds", 1)))
        successThreshold = Int(clamping: max(1, number("successThreshold", 1)))
        failureThreshold = Int(clamping: max(1, number("failureThreshold", 3)))
    }
}

/// Which probe of a container comes next, and what its answers mean. Times are counted from the container's start.
struct ProbeSchedule: Equatable, Sendable {
    enum Kind: Hashable, Sendable, CaseIterable {
        case startup, liveness, readiness
    }

    private struct Track: Equatable {
        let probe: Probe
        var due: Duration
        var successes = 0
        var failures = 0
    }

    private var tracks: [Kind: Track] = [:]
    /// The startup probe has succeeded, or there is none.
    private(set) var isStarted: Bool
    private(set) var isReady: Bool
    /// A startup or liveness probe has failed too often: the container is to be restarted.
    private(set) var failed: Kind?

    init(_ probes: [Kind: Probe]) {
        for (kind, probe) in probes { tracks[kind] = Track(probe: probe, due: probe.initialDelay) }
        isStarted = probes[.startup] == nil
        isReady = isStarted && probes[.readiness] == nil
    }

    init(container: JSON, podIP: String) {
        var probes: [Kind: Probe] = [:]
        for (kind, field) in [
            (Kind.startup, "startupProbe"), (.liveness, "livenessProbe"), (.readiness, "readinessProbe"),
        ] {
            probes[kind] = Probe(container[field], podIP: podIP, container: container)
        }
        self.init(probes)
    }

    /// The probe of that kind and when it is due; nil when it is not to be asked (now, or any more).
    func next(_ kind: Kind) -> (probe: Probe, due: Duration)? {
        guard failed == nil, isStarted != (kind == .startup), let track = tracks[kind] else { return nil }
        return (track.probe, track.due)
    }

    /// Takes the answer of a probe that was asked at `time`.
    mutating func record(_ kind: Kind, succeeded: Bool, at time: Duration) {
        guard var track = tracks[kind] else { return }
        track.due = max(track.due, time) + track.probe.period
        track.successes = succeeded ? track.successes + 1 : 0
        track.failures = succeeded ? 0 : track.failures + 1
        let holds = track.successes >= track.probe.successThreshold
        let fails = track.failures >= track.probe.failureThreshold
        tracks[kind] = track
        switch kind {
        case .startup:
            if holds { start(at: time) }
            if fails { failed = .startup }
        case .liveness: if fails { failed = .liveness }
        case .readiness:
            if holds { isReady = true }
            if fails { isReady = false }
        }
    }

    /// The other probes begin. Readiness is asked at once: what has just started is wanted.
    private mutating func start(at time: Duration) {
        isStarted = true
        isReady = tracks[.readiness] == nil
        for kind in [Kind.liveness, .readiness] {
            guard var track = tracks[kind] else { continue }
            track.due = max(time, track.probe.initialDelay)
            tracks[kind] = track
        }
    }
}
