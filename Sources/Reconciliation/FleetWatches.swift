import Blueprint
import KubeClient
import KubeObjects
import Logging
import TenantAPI

/// One stream of metadata for each kind, for the whole fleet: who is there, in which version. Contents are read when
/// they are needed, so a thousand tenants cost a few megabytes here.
struct FleetWatches: Sendable {
    let api: KubeClient
    let versions: ManagedVersions
    let servesTLSRoutes: Bool
    let tenantChanged: @Sendable (ObjectKey) -> Void
    let tenantSeen: @Sendable (ObjectKey) -> Void
    /// Told of every change of any tenant, our own as well.
    let fleetChanged: @Sendable () -> Void
    let datastoreChanged: @Sendable (String) -> Void
    /// Told once every kind has been listed: before that, what is not known may well be there.
    let synchronized: @Sendable () async -> Void

    private var managedTypes: [ResourceType] {
        let types: [ResourceType] = [.secrets, .configMaps, .services, .deployments, .podDisruptionBudgets, .ingresses]
        return servesTLSRoutes ? types + [.tlsRoutes] : types
    }

    /// Of TLSRoutes that were not served when `run` began.
    func watchLateRoutes() async throws {
        if !servesTLSRoutes { try await watchManaged(.tlsRoutes) {} }
    }

    func run() async throws {
        let (listed, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(16))
        let kinds = managedTypes.count + 2
        try await withThrowingTaskGroup(of: Void.self) { group in
            for type in managedTypes {
                group.addTask { try await watchManaged(type) { continuation.yield() } }
            }
            group.addTask { try await watchTenants { continuation.yield() } }
            group.addTask { try await watchDatastores { continuation.yield() } }
            group.addTask {
                var count = 0
                for await _ in listed {
                    count += 1
                    if count == kinds { break }
                }
                await synchronized()
            }
            try await group.waitForAll()
        }
    }

    private func watchManaged(_ type: ResourceType, listed: @Sendable () -> Void) async throws {
        var known: Set<ObjectKey> = []
        var isFirst = true
        let ours = LabelSelector(equals: [Keys.project: Keys.projectValue])
        try await api.watch(type, labelSelector: ours, metadataOnly: true) { event in
            switch event {
            case .relisted(let objects, _):
                let present = Set(objects.map(\.key))
                for object in objects { show(object, type) }
                for key in known.subtracting(present) { remove(key, type) }
                known = present
                if isFirst { listed() }
                isFirst = false
            case .changed(let object):
                known.insert(object.key)
                show(object, type)
            case .deleted(let object):
                known.remove(object.key)
                if let tenant = tenant(of: object) {
                    if versions.showGone(ManagedID(type: type, name: object.name), of: tenant) { tenantChanged(tenant) }
                }
            }
        }
    }

    private func tenant(of object: KubeObject) -> ObjectKey? {
        object.labels[Keys.name].map { ObjectKey(namespace: object.namespace, name: $0) }
    }

    private func show(_ object: KubeObject, _ type: ResourceType) {
        guard let tenant = tenant(of: object) else { return }
        let id = ManagedID(type: type, name: object.name)
        if versions.show(id, of: tenant, version: object.resourceVersion) { tenantChanged(tenant) }
    }

    /// What vanished while nobody watched: its tenant is not known any more, so every tenant it may be of is asked.
    private func remove(_ key: ObjectKey, _ type: ResourceType) {
        for tenant in versions.tenants(holding: ManagedID(type: type, name: key.name), in: key.namespace)
        where versions.showGone(ManagedID(type: type, name: key.name), of: tenant) {
            tenantChanged(tenant)
        }
    }

    private func watchTenants(listed: @Sendable () -> Void) async throws {
        var known: Set<ObjectKey> = []
        var isFirst = true
        try await api.watch(.tenantControlPlanes, metadataOnly: true) { event in
            fleetChanged()
            switch event {
            case .relisted(let objects, _):
                let present = Set(objects.map(\.key))
                for object in objects { showTenant(object) }
                for key in known.subtracting(present) { tenantSeen(key) }
                known = present
                if isFirst { listed() }
                isFirst = false
            case .changed(let object):
                known.insert(object.key)
                showTenant(object)
            case .deleted(let object):
                known.remove(object.key)
                tenantSeen(object.key)
            }
        }
    }

    private func showTenant(_ object: KubeObject) {
        let id = ManagedID(type: .tenantControlPlanes, name: object.name)
        if versions.show(id, of: object.key, version: object.resourceVersion) { tenantSeen(object.key) }
    }

    private func watchDatastores(listed: @Sendable () -> Void) async throws {
        var known: Set<String> = []
        var isFirst = true
        try await api.watch(.dataStores, metadataOnly: true) { event in
            switch event {
            case .relisted(let objects, _):
                let present = Set(objects.map(\.name))
                for name in present.union(known) { datastoreChanged(name) }
                known = present
                if isFirst { listed() }
                isFirst = false
            case .changed(let object), .deleted(let object): datastoreChanged(object.name)
            }
        }
    }
}
