import KubeObjects
import Prometheus
import Synchronization

extension FleetPicture {
    package func show(store object: KubeObject) {
        let facts = StoreFacts(object)
        state.withLock { state in
            state.stores[facts.name, default: Store()].facts = facts
            write(store: facts.name, state)
        }
    }

    package func remove(store name: String) {
        state.withLock { state in
            state.stores[name] = nil
            page.remove(objects: [Self.object(store: name)])
            for (key, tenant) in state.tenants {
                if tenant.storage?.store == name { forgetStorage(key, &state) }
                if tenant.facts?.datastore == name { writeCertificates(key, &state) }
            }
        }
    }

    /// What was counted of a tenant's keys is told no more.
    func forgetStorage(_ key: ObjectKey, _ state: inout State) {
        state.tenants[key]?.storage = nil
        page.set(SampleSource(Self.object(key), "storage"), SampleSet())
    }

    package var stores: [StoreFacts] {
        state.withLock { state in state.stores.values.compactMap(\.facts) }
    }

    package func add(_ visit: StoreVisit, stored: [HeldCertificate], of name: String) {
        state.withLock { state in
            guard state.stores[name] != nil else { return }
            state.stores[name]?.history.add(visit, now: now())
            let before = state.stores[name]?.authorities
            state.stores[name]?.stored = stored
            write(store: name, state)
            guard before != state.stores[name]?.authorities else { return }
            // Tenants trust the store by a copy of its authority, which may be another one than the store's by now.
            for (key, tenant) in state.tenants where tenant.facts?.datastore == name { writeCertificates(key, &state) }
        }
    }

    /// The tenants whose keys are in a store: schema by tenant.
    package func schemas(in store: String) -> [ObjectKey: String] {
        state.withLock { state in
            state.tenants.reduce(into: [:]) { found, entry in
                if let facts = entry.value.facts, facts.datastore == store, !facts.schema.isEmpty {
                    found[entry.key] = facts.schema
                }
            }
        }
    }

    /// - Parameter present: schemas that hold anything; nil where that could not be found out.
    /// - Returns: those of them that are nobody's.
    @discardableResult
    package func add(_ counts: [String: UInt64], present: [String]?, in store: String) -> Set<String>? {
        state.withLock { state in
            guard state.stores[store] != nil else { return nil }
            let time = now()
            var known: Set<String> = []
            for (key, tenant) in state.tenants {
                guard let facts = tenant.facts, !facts.schema.isEmpty else { continue }
                // Resources that another store keeps stand there under the same prefix.
                if facts.datastore == store || facts.overrides.values.contains(store) { known.insert(facts.schema) }
                guard facts.datastore == store, let count = counts[facts.schema] else { continue }
                state.tenants[key]?.storage = StorageUse(store: store, schema: facts.schema)
                var samples = SampleSet(identity: facts.labelPairs)
                samples.add(Catalogue.tenantKeys, Double(count), ["datastore_name": store])
                samples.add(Catalogue.tenantKeysSampled, time.wholeMilliseconds, ["datastore_name": store])
                page.set(SampleSource(Self.object(key), "storage"), samples)
            }
            guard let orphans = present.map({ Set($0).subtracting(known) }) else { return nil }
            state.stores[store]?.history.orphans = orphans.count
            write(store: store, state)
            return orphans
        }
    }

    /// - Parameter orphanBytes: what all schemas that are nobody's hold; nil where that could not be found out.
    package func add(orphanBytes: Double?, in store: String) {
        state.withLock { state in
            state.stores[store]?.history.orphanBytes = orphanBytes
            write(store: store, state)
        }
    }

    func write(store name: String, _ state: State) {
        guard state.isWriting, let store = state.stores[name], let facts = store.facts else { return }
        let object = Self.object(store: name)
        let samples = store.history.samples(
            facts, stored: store.stored, tenantLimit: settings.tenantLimit, now: now())
        page.set(SampleSource(object, "store"), samples)
        if settings.isCompatible { page.set(SampleSource(object, "upstream"), StoreHistory.upstream(facts)) }
    }

    // MARK: Generators

    package func show(generator object: KubeObject) {
        let status = object["status"]
        var samples = SampleSet(identity: ["kubeconfiggenerator": object.name])
        samples.add(Catalogue.generatorResources, Double(status?["resources"]?.integer ?? 0))
        samples.add(Catalogue.generatorAvailable, Double(status?["availableResources"]?.integer ?? 0))
        samples.add(Catalogue.generatorErrors, Double(status?["errors"]?.array?.count ?? 0))
        page.set(SampleSource("generator \(object.name)", "object"), samples)
    }

    package func remove(generator name: String) { page.remove(objects: ["generator \(name)"]) }
}
