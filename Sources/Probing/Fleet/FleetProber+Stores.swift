import KubeObjects
import Synchronization

/// Datastores: how they are, and what each tenant keeps there.
extension FleetProber {
    private var storeProbe: StoreProbe {
        StoreProbe(transport: transport, dialer: SocketDialer(), timeout: settings.timeout)
    }

    func visit(store name: String) async {
        let clock = ContinuousClock()
        let start = clock.now
        var failed = false
        if let access = await access(to: name), !access.facts.isLocal {
            let visit = await storeProbe.visit(access)
            failed = !visit.isUp
            for failure in visit.endpoints.values.compactMap(\.failure) { health.count(failure, of: .storeHealth) }
            if !Task.isCancelled { picture.add(visit, stored: access.stored, of: name) }
            health.add(.storeHealth, duration: (clock.now - start).inSeconds, now: now())
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

    /// Resolved anew every minute: a Secret that a DataStore names may be anybody's, and is not watched.
    private func access(to name: String) async -> StoreAccess? {
        let (object, known) = state.withLock { ($0.storeObjects[name], $0.access[name]) }
        if let known, now() - known.time < 60 { return known.access }
        guard let object else { return nil }
        let access = await resolver.access(object)
        health.count(access.missing)
        state.withLock { $0.access[name] = (access, now()) }
        return access
    }

    /// One store after another, each by one call at a time.
    func countKeys() async {
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
                if counts.count < Set(schemas.values).count || present == nil {
                    health.count(.other, of: .storageUsage)
                }
                health.add(
                    .storageUsage, duration: (clock.now - start).inSeconds,
                    isSuccess: counts.count == Set(schemas.values).count, now: now())
            }
            // The first time there may be nothing to count yet.
            let pause = names.isEmpty ? .seconds(1) : settings.usageInterval
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }
}
