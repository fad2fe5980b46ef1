import HTTPTransport
import KubeClient
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
        /// Whether tenants' own APIs are looked into, with their administrators' kubeconfigs.
        package var inspects = true
        /// Between two looks into a tenant.
        package var inspectionInterval = Duration.seconds(300)

        package init() {}
    }

    struct State: Sendable {
        var settings: Settings
        var tenants: ProbeSchedule<ObjectKey>
        /// Their konnectivity servers: a visit that waits for what nobody answers holds up no other.
        var tunnels: ProbeSchedule<ObjectKey>
        var stores: ProbeSchedule<String>
        /// Counts of the keys in each store.
        var usages: ProbeSchedule<String>
        var inspections: ProbeSchedule<ObjectKey>
        /// When each tenant was last looked at closely.
        var measured: [ObjectKey: Double] = [:]
        /// When each tenant's konnectivity server was last asked to show its certificate.
        var knocked: [ObjectKey: Double] = [:]
        /// When each tenant's storage was last measured.
        var weighed: [ObjectKey: Double] = [:]
        var storeObjects: [String: KubeObject] = [:]
        /// Resolved, and when.
        var access: [String: (access: StoreAccess, time: Double)] = [:]
        /// What was measured of schemas that are nobody's, by store.
        var orphans: [String: [String: OrphanSize]] = [:]
        /// Being resolved anew.
        var refreshing: Set<String> = []
        /// Before the first probes new tenants are spread over an interval; later ones are asked at once.
        var isFilling = true

        /// Whose time has come.
        mutating func start(now: Double) -> Due {
            Due(
                tenants: tenants.start(now: now), tunnels: tunnels.start(now: now), stores: stores.start(now: now),
                usages: usages.start(now: now), inspections: inspections.start(now: now))
        }
    }

    struct Due: Sendable {
        let tenants: [ObjectKey]
        let tunnels: [ObjectKey]
        let stores: [String]
        let usages: [String]
        let inspections: [ObjectKey]
    }

    let picture: FleetPicture
    let transport: any HTTPTransport
    let resolver: StoreResolver
    let inspector: TenantInspector
    package let health = CollectorHealth()
    let state: Mutex<State>
    let now: @Sendable () -> Double

    /// Tenants that are looked into at once.
    private static let inspectionSlots = 16
    /// Datastores that are visited at once, and whose keys are counted.
    private static let storeSlots = 16

    /// - Parameter api: of the admin cluster, for the credentials to ask with.
    package init(
        picture: FleetPicture, transport: any HTTPTransport, api: KubeClient, settings: Settings,
        now: @escaping @Sendable () -> Double
    ) {
        self.picture = picture
        self.transport = transport
        self.now = now
        resolver = StoreResolver(api: api)
        inspector = TenantInspector(api: api, transport: transport)
        state = Mutex(
            State(
                settings: settings,
                tenants: ProbeSchedule(Self.tenants(settings)), tunnels: ProbeSchedule(Self.tenants(settings)),
                stores: ProbeSchedule(Self.stores(settings)), usages: ProbeSchedule(Self.usages(settings)),
                inspections: ProbeSchedule(Self.inspections(settings))))
    }

    private static func tenants(_ settings: Settings) -> ProbeSchedule<ObjectKey>.Settings {
        .init(interval: settings.interval.inSeconds, slots: settings.slots)
    }

    private static func stores(_ settings: Settings) -> ProbeSchedule<String>.Settings {
        .init(interval: settings.storeInterval.inSeconds, slots: storeSlots)
    }

    private static func usages(_ settings: Settings) -> ProbeSchedule<String>.Settings {
        let interval = settings.usageInterval.inSeconds
        return .init(interval: interval, longestPause: interval, slots: storeSlots)
    }

    private static func inspections(_ settings: Settings) -> ProbeSchedule<ObjectKey>.Settings {
        let interval = settings.inspectionInterval.inSeconds
        return .init(interval: interval, longestPause: interval, slots: inspectionSlots)
    }

    package var settings: Settings { state.withLock { $0.settings } }

    /// Takes effect from the next probe of each target on.
    package func apply(_ settings: Settings) {
        state.withLock { state in
            state.settings = settings
            state.tenants.settings = Self.tenants(settings)
            state.tunnels.settings = Self.tenants(settings)
            state.stores.settings = Self.stores(settings)
            state.usages.settings = Self.usages(settings)
            state.inspections.settings = Self.inspections(settings)
        }
    }

    // MARK: Who is there

    package func show(_ key: ObjectKey, isUrgent: Bool) {
        state.withLock { state in
            let phase = state.isFilling ? Double.random(in: 0..<1) : 0
            state.tenants.add(key, phase: phase, now: now())
            state.tunnels.add(key, phase: phase, now: now())
            state.inspections.add(key, phase: phase, now: now())
            if isUrgent, !state.isFilling {
                state.tenants.hasten(key, now: now())
                state.tunnels.hasten(key, now: now())
                state.inspections.hasten(key, now: now())
            }
        }
    }

    package func remove(_ key: ObjectKey) {
        state.withLock { state in
            state.tenants.remove(key)
            state.tunnels.remove(key)
            state.inspections.remove(key)
            (state.measured[key], state.knocked[key], state.weighed[key]) = (nil, nil, nil)
        }
    }

    package func show(store object: KubeObject) {
        state.withLock { state in
            if state.storeObjects[object.name]?["spec"] != object["spec"] {
                (state.access[object.name], state.orphans[object.name]) = (nil, nil)
            }
            state.storeObjects[object.name] = object
            state.stores.add(object.name, phase: 0, now: now())
            state.usages.add(object.name, phase: 0, now: now())
        }
    }

    package func remove(store name: String) {
        state.withLock { state in
            state.stores.remove(name)
            state.usages.remove(name)
            state.storeObjects[name] = nil
            (state.access[name], state.orphans[name]) = (nil, nil)
        }
    }

    // MARK: Running

    /// How often the schedules are looked at. A probe begins so much too late, at most.
    private static let tick = Duration.milliseconds(250)

    /// Until cancelled. Probes that are under way are cancelled too. Nobody is asked before everything is listed: what
    /// servers are to be trusted by stands in Secrets, and a failure for want of that would be ours.
    package func run() async {
        while !Task.isCancelled, !picture.isWriting { try? await Task.sleep(for: Self.tick) }
        let start = now()
        state.withLock { state in
            // Those that were listed have been due for as long as listing took.
            for key in state.tenants.keys {
                let phase = Double.random(in: 0..<1)
                state.tenants.put(key, phase: phase, now: start)
                state.tunnels.put(key, phase: phase, now: start)
                state.inspections.put(key, phase: .random(in: 0..<1), now: start)
            }
        }
        await withDiscardingTaskGroup { group in
            var ticks = 0
            while !Task.isCancelled {
                let due = state.withLock { state in
                    if state.isFilling, now() - start >= state.settings.interval.inSeconds { state.isFilling = false }
                    return state.start(now: now())
                }
                for key in due.tenants { group.addTask { await self.visit(key) } }
                for key in due.tunnels { group.addTask { await self.visitTunnel(key) } }
                for name in due.stores { group.addTask { await self.visit(store: name) } }
                for name in due.usages { group.addTask { await self.countKeys(in: name) } }
                for key in due.inspections { group.addTask { await self.inspect(key) } }
                ticks += 1
                if ticks % 40 == 0 {
                    picture.turn()
                    health.keep(settings.inspects ? picture.asked : picture.asked.subtracting([.tenant]))
                }
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
            let visit = await probe.visit(target, measuring: isMeasuring)
            if !Task.isCancelled {
                picture.add(visit, of: key, longestGap: state.withLock { $0.tenants.settings.longestGap })
                failed = visit.isFailure
                for failure in visit.results.compactMap(\.failure) { health.count(failure, of: .probe) }
                // A server that did not show itself is looked at again next time.
                if isMeasuring, visit.served == nil { state.withLock { $0.measured[key] = nil } }
            }
            health.add(.probe, duration: (clock.now - start).inSeconds, now: now())
        } else {
            picture.endProbing(key)
        }
        state.withLock { $0.tenants.finish(key, failed: failed, jitter: .random(in: 0..<1), now: now()) }
    }

    // MARK: Metrics

    package var families: [MetricFamily] {
        let state = state.withLock { $0 }
        let tenants = state.tenants
        var (queue, inflight) = (MetricFamily(Catalogue.probeQueue), MetricFamily(Catalogue.probeInflight))
        var lag = MetricFamily(Catalogue.probeLag)
        for lane in ProbeSchedule<ObjectKey>.Lane.allCases {
            let labels = ["lane": lane.rawValue]
            queue.add(Double(tenants.waiting[lane] ?? 0), labels: labels)
            inflight.add(Double(tenants.inflight[lane] ?? 0), labels: labels)
            lag.add((tenants.lag[lane] ?? 0).wholeMilliseconds, labels: labels)
        }
        var overruns = MetricFamily(Catalogue.collectorOverruns)
        for (collector, count) in [
            (CollectorHealth.Collector.storeHealth, state.stores.overruns), (.konnectivity, state.tunnels.overruns),
            (.probe, tenants.overruns), (.storageUsage, state.usages.overruns), (.tenant, state.inspections.overruns),
        ] {
            overruns.add(Double(count), labels: ["collector": collector.rawValue])
        }
        return [queue, inflight, lag, overruns] + health.families
    }
}
