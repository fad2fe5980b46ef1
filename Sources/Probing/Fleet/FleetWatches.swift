import KubeClient
import KubeObjects
import Logging
import TenantAPI

/// One stream for each kind, for the whole fleet: what it brings goes into the picture.
package struct FleetWatches: Sendable {
    let api: KubeClient
    let picture: FleetPicture
    let health: WatchHealth
    /// Told of every tenant that is there, and whether it should be asked at once.
    let tenantShown: @Sendable (ObjectKey, _ isUrgent: Bool) -> Void
    let tenantGone: @Sendable (ObjectKey) -> Void
    let storeShown: @Sendable (KubeObject) -> Void
    let storeGone: @Sendable (String) -> Void

    /// What a page needs before it is whole.
    package static let required = ["tenantcontrolplanes", "datastores", "secrets", "deployments"]

    package init(
        api: KubeClient, picture: FleetPicture, health: WatchHealth,
        tenantShown: @escaping @Sendable (ObjectKey, _ isUrgent: Bool) -> Void,
        tenantGone: @escaping @Sendable (ObjectKey) -> Void, storeShown: @escaping @Sendable (KubeObject) -> Void,
        storeGone: @escaping @Sendable (String) -> Void
    ) {
        (self.api, self.picture, self.health) = (api, picture, health)
        (self.tenantShown, self.tenantGone) = (tenantShown, tenantGone)
        (self.storeShown, self.storeGone) = (storeShown, storeGone)
    }

    /// Until cancelled.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watchTenants() }
            group.addTask { try await watchStores() }
            group.addTask { try await watchSecrets() }
            group.addTask { try await watchDeployments() }
            group.addTask { try await watchPods() }
            group.addTask { try await watchGenerators() }
            try await group.waitForAll()
        }
    }

    private func watchTenants() async throws {
        try await follow(.tenantControlPlanes) { object in
            let isUrgent = picture.show(object)
            tenantShown(object.key, isUrgent)
        } gone: { key in
            picture.removeTenant(key)
            tenantGone(key)
        }
    }

    private func watchStores() async throws {
        try await follow(.dataStores) { object in
            picture.show(store: object)
            storeShown(object)
        } gone: { key in
            picture.remove(store: key.name)
            storeGone(key.name)
        }
    }

    private func watchGenerators() async throws {
        try await follow(.kubeconfigGenerators) {
            picture.show(generator: $0)
        } gone: {
            picture.remove(generator: $0.name)
        }
    }

    private func watchDeployments() async throws {
        try await follow(.deployments, LabelSelector(equals: [Keys.project: Keys.projectValue])) { object in
            if let key = SecretReading.tenant(of: object) { picture.show(deployment: object, of: key) }
        } gone: { key in
            // A tenant's Deployment bears its name.
            picture.show(deployment: KubeObject(.null), of: key, isGone: true)
        }
    }

    private func watchPods() async throws {
        var owners: [ObjectKey: ObjectKey] = [:]
        let ours = LabelSelector([.exists(Keys.name)])
        try await follow(.pods, ours) { object in
            guard let tenant = SecretReading.tenant(of: object) else { return }
            owners[object.key] = tenant
            let isRunning = object[path: "status", "phase"]?.string == "Running" && !object.isBeingDeleted
            let address = object[path: "status", "podIP"]?.string ?? ""
            picture.show(pod: object.name, address: isRunning && !address.isEmpty ? address : nil, of: tenant)
        } gone: { key in
            if let tenant = owners.removeValue(forKey: key) { picture.show(pod: key.name, address: nil, of: tenant) }
        }
    }

    private func watchSecrets() async throws {
        let sieve = SecretSieve()
        var owners: [ObjectKey: ObjectKey] = [:]
        let ours = LabelSelector([.exists(Keys.name)])
        let name = ResourceType.secrets.plural
        try await api.watch(
            .secrets, labelSelector: ours, reduced: sieve.sift, heard: { health.alive(name) },
            failed: { health.failed(name, $0.shortly) }, lost: { health.lost(name, $0) }
        ) { event in
            switch event {
            case .relisted(let objects, _):
                let present = Set(objects.map(\.key))
                for object in objects {
                    guard let tenant = SecretReading.tenant(of: object) else { continue }
                    owners[object.key] = tenant
                    picture.show(secret: object.name, sieve.take(object.key), of: tenant)
                }
                sieve.clear()
                for (key, tenant) in owners where !present.contains(key) {
                    owners[key] = nil
                    picture.show(secret: key.name, nil, of: tenant)
                }
                health.listed(name, objects: owners.count)
            case .changed(let object):
                guard let tenant = SecretReading.tenant(of: object) else { return }
                owners[object.key] = tenant
                picture.show(secret: object.name, SecretReading.certificates(of: object), of: tenant)
                health.heard(name, objects: owners.count)
            case .deleted(let object):
                if let tenant = owners.removeValue(forKey: object.key) {
                    picture.show(secret: object.name, nil, of: tenant)
                }
                health.heard(name, objects: owners.count)
            }
        }
    }

    /// Lists and watches one kind; what a list does not hold any more is gone.
    private func follow(
        _ type: ResourceType, _ selector: LabelSelector = LabelSelector(), shown: (KubeObject) -> Void,
        gone: (ObjectKey) -> Void
    ) async throws {
        var known: Set<ObjectKey> = []
        try await api.watch(
            type, labelSelector: selector, heard: { health.alive(type.plural) },
            failed: { health.failed(type.plural, $0.shortly) }, lost: { health.lost(type.plural, $0) }
        ) { event in
            switch event {
            case .relisted(let objects, _):
                let present = Set(objects.map(\.key))
                for object in objects { shown(object) }
                for key in known.subtracting(present) { gone(key) }
                known = present
                health.listed(type.plural, objects: known.count)
            case .changed(let object):
                known.insert(object.key)
                shown(object)
                health.heard(type.plural, objects: known.count)
            case .deleted(let object):
                known.remove(object.key)
                gone(object.key)
                health.heard(type.plural, objects: known.count)
            }
        }
    }
}

extension KubeError {
    /// For whoever may look at the exporter: without names and addresses.
    fileprivate var shortly: String {
        switch cause {
        case .status(403, _, _): "this account may not list it"
        case .status(404, _, _): "the admin API does not know it"
        case .status(let code, _, _): "the admin API answers \(code)"
        case .transport: "the admin API does not answer"
        case .malformed: "the admin API answers what is no list"
        case .credentials: "there is no credential for the admin API"
        }
    }
}
