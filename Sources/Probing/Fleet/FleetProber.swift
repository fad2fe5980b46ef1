import HTTPTransport
import KubeObjects
import Prometheus
import Synchronization

/// Asks everybody, each in its turn, and brings the answers into the picture. Never inside a scrape.
package final class FleetProber: Sendable {
    package struct Settings: Sendable, Hashable {
        /// Between two visits to one API server.
        package var interval = Duration.seconds(30)
        /// Of one question.
        package var timeout = Duration.seconds(5)
        /// Between two visits that make a connection of their own and look at certificate and version.
        package var measuringInterval = Duration.seconds(300)
        package var storeInterval = Duration.seconds(15)
        /// Between two counts of the keys in each store.
        package var usageInterval = Duration.seconds(600)
        package var slots = 256

        package init() {}
    }

    private struct State: Sendable {
        var settings: Settings
        var tenants: ProbeSchedule<ObjectKey>
        var stores: ProbeSchedule<String>
        /// When each tenant was last looked at closely.
        var measured: [ObjectKey: Double] = [:]
        var storeObjects: [String: KubeObject] = [:]
        /// Resolved, and when.
        var access: [String: (access: StoreAccess, time: Double)] = [:]
        /// Before the first probes new tenants are spread over an interval; later ones are asked at once.
        var isFilling = true
    }

    private let picture: FleetPicture
    private let transport: any HTTPTransport
    private let resolver: StoreResolver
    package let health = CollectorHealth()
    private let state: Mutex<State>
    private let now: @Sendable () -> Double

    package init(
        picture: FleetPicture, transport: any HTTPTransport, resolver: StoreResolver, settings: Settings,
        now: @escaping @Sendable () -> Double
    ) {
        self.picture = picture
        self.transport = transport
        self.resolver = resolver
        self.now = now
        state = Mutex(
            State(
                settings: settings,
                tenants: ProbeSchedule(.init(interval: settings.interval.inSeconds, slots: settings.slots)),
                stores: ProbeSchedule(.init(interval: settings.storeInterval.inSeconds, slots: 16))))
    }

    private var storeProbe: StoreProbe {
        StoreProbe(transport: transport, dialer: SocketDialer(), timeout: settings.timeout)
    }

    package var settings: Settings { state.withLock { $0.settings } }

    /// Takes effect from the next probe of each target on.
    package func apply(_ settings: Settings) {
        state.withLock { state in
            state.settings = settings
            state.tenants.settings = .init(interval: settings.interval.inSeconds, slots: settings.slots)
            state.stores.settings = .init(interval: settings.storeInterval.inSeconds, slots: 16)
        }
    }

    // MARK: Who is there

    package func show(_ key: ObjectKey, isUrgent: Bool) {
        state.withLock { state in
            let phase = state.isFilling ? Double.random(in: 0..<1) : 0
            state.tenants.add(key, phase: phase, now: now())
            if isUrgent, !state.isFilling { state.tenants.hasten(key, now: now()) }
        }
    }

    package func remove(_ key: ObjectKey) {
        state.withLock { state in
            state.tenants.remove(key)
            state.measured[key] = nil
        }
    }

    package func show(store object: KubeObject) {
        state.withLock { state in
            if state.storeObjects[object.name]?["spec"] != object["spec"] { state.access[object.name] = nil }
            state.storeObjects[object.name] = object
            state.stores.add(object.name, phase: 0, now: now())
        }
    }

    package func remove(store name: String) {
        state.withLock { state in
            state.stores.remove(name)
            state.storeObjects[name] = nil
            state.access[name] = nil
        }
    }

    /// Whether every tenant that was there at the start has been asked, or had the time to be.
    package var hasBegun: Bool { state.withLock { !$0.isFilling } }

    // MARK: Running

    /// How often the schedules are looked at. A probe begins so much too late, at most.
    private static let tick = Duration.milliseconds(250)

    /// Until cancelled. Probes that are under way are cancelled too.
    package func run() async {
        let start = now()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.countKeys() }
            var ticks = 0
            while !Task.isCancelled {
                let (tenants, stores) = state.withLock { state in
                    if state.isFilling, now() - start >= state.settings.interval.inSeconds { state.isFilling = false }
                    return (state.tenants.start(now: now()), state.stores.start(now: now()))
                }
                for key in tenants { group.addTask { await self.visit(key) } }
                for name in stores { group.addTask { await self.visit(store: name) } }
                ticks += 1
                if ticks % 40 == 0 { picture.turn() }
                try? await Task.sleep(for: Self.tick)
            }
            group.cancelAll()
        }
    }

    private func visit(_ key: ObjectKey) async {
        let clock = ContinuousClock()
        let start = clock.now
        var failed = false
        if let target = picture.target(key) {
            let probe = APIServerProbe(transport: transport, timeout: settings.timeout)
            let showsAnother = picture.showsAnother(key)
            let isMeasuring = state.withLock { state in
                let last = state.measured[key]
                let interval = state.settings.measuringInterval.inSeconds
                let isDue = showsAnother || last.map { now() - $0 >= interval } ?? true
                if isDue { state.measured[key] = now() }
                return isDue
            }
            async let tunnel: Void = visitTunnel(key)
            let visit = await probe.visit(target, measuring: isMeasuring)
            if !Task.isCancelled {
                picture.add(visit, of: key)
                failed = visit.isFailure
                // A server that did not show itself is looked at again next time.
                if isMeasuring, visit.served == nil { state.withLock { $0.measured[key] = nil } }
            }
            await tunnel
            health.add("probe", duration: (clock.now - start).inSeconds, now: now())
        } else {
            picture.endProbing(key)
        }
        state.withLock { $0.tenants.finish(key, failed: failed, jitter: .random(in: 0..<1), now: now()) }
    }

    private func visitTunnel(_ key: ObjectKey) async {
        guard let tunnel = picture.tunnel(key) else { return }
        let clock = ContinuousClock()
        let start = clock.now
        let reports = await TunnelProbe(transport: transport, timeout: settings.timeout).visit(tunnel.addresses)
        guard !Task.isCancelled else { return }
        picture.add(reports, expected: tunnel.expected, of: key)
        health.add("konnectivity", duration: (clock.now - start).inSeconds, now: now())
    }

    private func visit(store name: String) async {
        let clock = ContinuousClock()
        let start = clock.now
        var failed = false
        if let access = await access(to: name), !access.facts.isLocal {
            let visit = await storeProbe.visit(access)
            failed = !visit.isUp
            if !Task.isCancelled { picture.add(visit, stored: access.stored, of: name) }
            health.add("ds_health", duration: (clock.now - start).inSeconds, now: now())
            // Its credentials may be others by now.
            if failed { state.withLock { $0.access[name] = nil } }
        }
        state.withLock { $0.stores.finish(name, failed: failed, jitter: .random(in: 0..<1), now: now()) }
    }

    package func knows(store name: String) -> Bool { state.withLock { $0.storeObjects[name] != nil } }

    /// Asks a store at once, beside its schedule; nil where it is of this machine only.
    package func visitNow(store name: String) async -> StoreVisit? {
        guard let access = await access(to: name), !access.facts.isLocal else { return nil }
        return await storeProbe.visit(access)
    }

    /// Resolved anew every five minutes.
    private func access(to name: String) async -> StoreAccess? {
        let (object, known) = state.withLock { ($0.storeObjects[name], $0.access[name]) }
        if let known, now() - known.time < 300 { return known.access }
        guard let object else { return nil }
        let access = await resolver.access(object)
        state.withLock { $0.access[name] = (access, now()) }
        return access
    }

    /// One store after another, each by one call at a time.
    private func countKeys() async {
        while !Task.isCancelled {
            let names = state.withLock { $0.storeObjects.keys.sorted() }
            for name in names {
                guard let access = await access(to: name), access.facts.isEtcd else { continue }
                let clock = ContinuousClock()
                let start = clock.now
                let schemas = picture.schemas(in: name)
                let counts = await storeProbe.keyCounts(access, schemas: Set(schemas.values).sorted())
                let present = await storeProbe.schemas(access)
                guard !Task.isCancelled else { return }
                picture.add(counts, present: present, in: name)
                health.add(
                    "storage_usage", duration: (clock.now - start).inSeconds,
                    isSuccess: counts.count == Set(schemas.values).count, now: now())
            }
            // The first time there may be nothing to count yet.
            let pause = names.isEmpty ? .seconds(1) : settings.usageInterval
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    // MARK: Metrics

    package var families: [MetricFamily] {
        let (tenants, stores) = state.withLock { ($0.tenants, $0.stores) }
        var (queue, inflight) = (MetricFamily(Catalogue.probeQueue), MetricFamily(Catalogue.probeInflight))
        var lag = MetricFamily(Catalogue.probeLag)
        for lane in ProbeSchedule<ObjectKey>.Lane.allCases {
            let labels = ["lane": lane.rawValue]
            queue.add(Double(tenants.waiting[lane] ?? 0), labels: labels)
            inflight.add(Double(tenants.inflight[lane] ?? 0), labels: labels)
            lag.add((tenants.lag[lane] ?? 0).wholeMilliseconds, labels: labels)
        }
        var overruns = MetricFamily(Catalogue.collectorOverruns)
        overruns.add(Double(stores.overruns), labels: ["collector": "ds_health"])
        overruns.add(Double(tenants.overruns), labels: ["collector": "probe"])
        return [queue, inflight, lag, overruns] + health.families
    }
}
