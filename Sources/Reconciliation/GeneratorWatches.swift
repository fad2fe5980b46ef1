import KubeClient
import KubeObjects
import TenantAPI

/// Wakes generators: by changes of their own, of the Secrets they made, and of namespaces' labels. Tenants' changes come
/// from the fleet's own watch.
struct GeneratorWatches: Sendable {
    let api: KubeClient
    let memory: GeneratorMemory
    let enqueue: @Sendable (_ generator: String, _ delay: Duration) -> Void

    /// Changes of a fleet gather for this long before every generator looks at all of it.
    static let gathering = Duration.seconds(1)

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watchGenerators() }
            group.addTask { try await watchSecrets() }
            group.addTask { try await watchNamespaces() }
            try await group.waitForAll()
        }
    }

    /// Something that any generator may select by has changed.
    func wakeAll() {
        for name in memory.names { enqueue(name, Self.gathering) }
    }

    private func watchGenerators() async throws {
        // Our own writes of status change none of this, and must not wake us.
        var generations: [String: [String]] = [:]
        try await api.watch(.kubeconfigGenerators, metadataOnly: true) { event in
            switch event {
            case .relisted(let objects, _):
                for name in Set(generations.keys).union(objects.map(\.name)) { wake(name) }
                generations = Dictionary(
                    objects.map { ($0.name, Self.asked(of: $0)) }, uniquingKeysWith: { first, _ in first })
            case .changed(let object):
                let asked = Self.asked(of: object)
                guard generations.updateValue(asked, forKey: object.name) != asked else { return }
                wake(object.name)
            case .deleted(let object):
                generations[object.name] = nil
                enqueue(object.name, .zero)
            }
        }
    }

    private func wake(_ name: String) {
        memory.expect(name)
        enqueue(name, .zero)
    }

    /// What users change of a generator.
    private static func asked(of object: KubeObject) -> [String] {
        [object.uid, "\(object.generation)", "\(object.annotations[Keys.paused] != nil)", "\(object.isBeingDeleted)"]
    }

    private func watchSecrets() async throws {
        let made = LabelSelector([.exists(Keys.managedBy)])
        try await api.watch(.secrets, labelSelector: made, metadataOnly: true) { event in
            switch event {
            // What vanished while nobody watched is missed by the pass that looks.
            case .relisted: for name in memory.names { enqueue(name, .zero) }
            case .changed(let secret):
                guard let generator = secret.labels[Keys.managedBy], memory.names.contains(generator) else { return }
                if let tenant = secret.labels[Keys.managedFor],
                    memory.knows(
                        generator, ObjectKey(namespace: secret.namespace, name: tenant),
                        version: secret.resourceVersion)
                {
                    return
                }
                enqueue(generator, .zero)
            case .deleted(let secret):
                guard let generator = secret.labels[Keys.managedBy], memory.names.contains(generator) else { return }
                enqueue(generator, .zero)
            }
        }
    }

    private func watchNamespaces() async throws {
        var labels: [String: [String: String]] = [:]
        try await api.watch(.namespaces, metadataOnly: true) { event in
            switch event {
            case .relisted(let objects, _):
                let now = Dictionary(objects.map { ($0.name, $0.labels) }, uniquingKeysWith: { first, _ in first })
                if now != labels { wakeAll() }
                labels = now
            case .changed(let object):
                // Tenants come into a new namespace later, and wake by themselves.
                let before = labels.updateValue(object.labels, forKey: object.name)
                if let before, before != object.labels { wakeAll() }
            case .deleted(let object): labels[object.name] = nil
            }
        }
    }
}
