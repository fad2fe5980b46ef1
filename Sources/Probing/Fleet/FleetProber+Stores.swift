import KubeObjects
import Synchronization

/// Datastores: how they are, and what each tenant keeps there.
extension FleetProber {
    /// - Parameter timeout: of each question; nil takes the one that is set.
    private func storeProbe(_ timeout: Duration? = nil) -> StoreProbe {
        StoreProbe(transport: transport, dialer: SocketDialer(), timeout: timeout ?? settings.timeout)
    }

    func visit(store name: String) async {
        let clock = ContinuousClock()
        let start = clock.now
        var failed = false
        if let access = await access(to: name) {
            if !access.facts.isLocal {
                let visit = await storeProbe().visit(access)
                failed = !visit.isUp
                for failure in visit.endpoints.values.compactMap(\.failure) { health.count(failure, of: .storeHealth) }
                if !Task.isCancelled { picture.add(visit, stored: access.stored, of: name) }
                health.add(.storeHealth, duration: (clock.now - start).inSeconds, now: now())
            }
        } else if knows(store: name) {
            health.add(.storeHealth, duration: (clock.now - start).inSeconds, isSuccess: false, now: now())
        }
        state.withLock { $0.stores.finish(name, failed: failed, jitter: .random(in: 0..<1), now: now()) }
        // Where it failed its credentials may be others by now.
        await refresh(name, isUrgent: failed)
    }

    package func knows(store name: String) -> Bool { state.withLock { $0.storeObjects[name] != nil } }

    /// Asks a store at once, beside its schedule; nil where it is of this machine only.
    /// - Parameter timeout: of each question, where it is shorter than the one that is set.
    package func visitNow(store name: String, timeout: Duration) async -> StoreVisit? {
        guard let access = await access(to: name), !access.facts.isLocal else { return nil }
        return await storeProbe(min(timeout, settings.timeout)).visit(access)
    }

    /// What was resolved last, however old. Nil where it could not be resolved yet: who asks without the credential that
    /// there may be learns nothing.
    private func access(to name: String) async -> StoreAccess? {
        if let known = state.withLock({ $0.access[name] }) { return known.access }
        return await resolve(name, isFirst: true)
    }

    /// Resolves anew what is a minute old: a Secret that a DataStore names may be anybody's, and is not watched. No visit
    /// waits for that, and what was resolved before stands while the admin API cannot say: its outage is none of the
    /// datastore's.
    private func refresh(_ name: String, isUrgent: Bool) async {
        let begins = state.withLock { state in
            guard let known = state.access[name], isUrgent || now() - known.time >= 60 else { return false }
            return state.refreshing.insert(name).inserted
        }
        guard begins else { return }
        _ = await resolve(name, isFirst: false)
        state.withLock { _ = $0.refreshing.remove(name) }
    }

    private func resolve(_ name: String, isFirst: Bool) async -> StoreAccess? {
        guard let object = state.withLock({ $0.storeObjects[name] }) else { return nil }
        do {
            let access = try await resolver.access(object, isFirst: isFirst)
            health.count(access.missing)
            state.withLock { state in
                // It may name others by now.
                guard state.storeObjects[name]?["spec"] == object["spec"] else { return }
                state.access[name] = (access, now())
            }
            return access
        } catch {
            if !Task.isCancelled { health.count([.storeUnread]) }
            return nil
        }
    }

    /// Counts what the tenants of one store keep there, by one call at a time.
    func countKeys(in name: String) async {
        let clock = ContinuousClock()
        let start = clock.now
        var failed = false
        if let access = await access(to: name), access.facts.isEtcd {
            let schemas = Set(picture.schemas(in: name).values).sorted()
            let probe = storeProbe()
            let counts = await probe.keyCounts(access, schemas: schemas)
            // Whoever let go of every count would not say more now.
            let present = schemas.isEmpty || !counts.isEmpty ? await probe.schemas(access) : nil
            if !Task.isCancelled {
                if let orphans = picture.add(counts, present: present, in: name) {
                    await weigh(orphans, in: name, access)
                }
                failed = counts.count < schemas.count
                if failed || present == nil { health.count(.other, of: .storageUsage) }
                health.add(
                    .storageUsage, duration: (clock.now - start).inSeconds, isSuccess: !failed, now: now())
            }
        }
        state.withLock { $0.usages.finish(name, failed: failed, jitter: .random(in: 0..<1), now: now()) }
    }

    /// Measures what is nobody's. Nobody writes there: what was measured stands while its keys are as many.
    private func weigh(_ orphans: Set<String>, in name: String, _ access: StoreAccess) async {
        let probe = storeProbe()
        let counts = await probe.keyCounts(access, schemas: orphans.sorted())
        let known = state.withLock { $0.orphans[name] ?? [:] }
        var sizes = known.filter { counts[$0.key] == $0.value.keys }
        for (schema, keys) in counts.sorted(by: { $0.key < $1.key }) where sizes[schema] == nil {
            if let bytes = await probe.size(access, of: schema) { sizes[schema] = OrphanSize(keys: keys, bytes: bytes) }
        }
        guard !Task.isCancelled else { return }
        state.withLock { if $0.storeObjects[name] != nil { $0.orphans[name] = sizes } }
        let isWhole = sizes.count == orphans.count
        picture.add(orphanBytes: isWhole ? sizes.values.reduce(0) { $0 + $1.bytes } : nil, in: name)
    }
}

/// A schema that is nobody's, as it was measured.
struct OrphanSize: Sendable, Hashable {
    let keys: UInt64
    let bytes: Double
}
