import FoundationEssentials
import HTTPTransport
import KubeObjects
import Probing

/// `/probe`: asks one target now, in the manner and with the names of the blackbox exporter. Targets are the fleet's own:
/// a free address would make of this a way into any network.
struct TargetProbe: Sendable {
    let picture: FleetPicture
    let prober: FleetProber
    let transport: any HTTPTransport

    enum Module: String, CaseIterable {
        case live = "apiserver_live"
        case ready = "apiserver_ready"
        case tls = "apiserver_tls"
        case konnectivity, datastore, full
    }

    enum Answer {
        case found(ProbeFindings)
        case unknownTarget, unknownModule, malformed(String)
    }

    /// - Parameter timeout: of the whole answer.
    func answer(target: String?, module: String?, timeout: Duration) async -> Answer {
        guard let target, !target.isEmpty else { return .malformed("name a target: /probe?target=NAMESPACE/NAME") }
        let parts = target.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return .unknownTarget }
        let key = ObjectKey(namespace: parts[0], name: parts[1])
        let isTenant = picture.tenantKeys.contains(key)
        // A namespace may bear that name too.
        let isStore = key.namespace == "ds" && (!isTenant || prober.knows(store: key.name))
        guard let module = Module(rawValue: module ?? (isStore ? "datastore" : "full")) else { return .unknownModule }
        let (clock, begin) = (ContinuousClock(), Date())
        let start = clock.now
        var seen: ProbeFindings.Seen?
        if isStore {
            guard module == .datastore || module == .full else { return .unknownModule }
            guard prober.knows(store: key.name) else { return .unknownTarget }
            seen = await Self.within(timeout) { await look(at: key.name, timeout) }
        } else {
            guard isTenant, module != .datastore else { return .unknownTarget }
            seen = await Self.within(timeout) { await look(at: key, module, timeout) }
        }
        return .found(
            ProbeFindings(
                target: target, module: module, timeout: timeout, begin: begin,
                duration: (clock.now - start).inSeconds, seen: seen ?? .nothingInTime))
    }

    /// Nil when the time is up: an answer that says so is worth more than a scraper that gave up waiting. Who was asked is
    /// not waited for any longer, not even until it noticed: resolving a name cannot be broken off.
    static func within<Value: Sendable>(
        _ timeout: Duration, _ body: @escaping @Sendable () async -> Value?
    ) async -> Value? {
        let (answers, answer) = AsyncStream.makeStream(of: Value?.self, bufferingPolicy: .bufferingOldest(1))
        let asking = Task { answer.yield(await body()) }
        let waiting = Task {
            try? await Task.sleep(for: timeout)
            answer.yield(nil)
        }
        defer {
            asking.cancel()
            waiting.cancel()
        }
        // Also who asked may go: then the stream ends.
        return await answers.first { _ in true } ?? nil
    }

    private func look(at key: ObjectKey, _ module: Module, _ timeout: Duration) async -> ProbeFindings.Seen {
        if module == .konnectivity {
            guard let tunnel = picture.tunnel(key) else { return .nobody("it has no konnectivity servers, or sleeps") }
            return .tunnel(
                await TunnelProbe(transport: transport, timeout: timeout).visit(tunnel.addresses),
                servers: tunnel.addresses)
        }
        guard let target = picture.target(key) else { return .nobody("it has no address, or sleeps") }
        let visit = await APIServerProbe(transport: transport, timeout: timeout).visit(target, measuring: true)
        return .server(visit, at: target.endpoint)
    }

    private func look(at store: String, _ timeout: Duration) async -> ProbeFindings.Seen {
        guard let visit = await prober.visitNow(store: store, timeout: timeout) else {
            return .nobody("it is a directory, or what to ask it with could not be read")
        }
        return .store(visit)
    }
}
