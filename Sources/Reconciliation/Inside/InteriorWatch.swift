import Blueprint
import KubeClient
import KubeObjects
import TenantAPI

/// Watches one tenant from inside: what we keep there, by metadata alone (who wrote last, not what), and what its nodes
/// ask certificates with.
struct InteriorWatch: Sendable {
    let tenant: ObjectKey
    let client: KubeClient
    let versions: ManagedVersions
    let approver: NodeApprover
    let changed: @Sendable (ObjectKey) -> Void

    /// The rights of single nodes' agents are in no plan: the approver gives and takes them.
    private static let planned = LabelSelector([
        .equals(Keys.project, Keys.projectValue), .differs(Keys.component, NodeAgents.accessComponent),
    ])

    /// Until the task is cancelled.
    func run(_ kinds: Set<ResourceType>) async {
        let kept = kinds.map { WatchedKind($0, labelSelector: Self.planned, metadataOnly: true) }
        // Only cancellation ends a watch.
        try? await client.watch(kept + [WatchedKind(.certificateSigningRequests)]) { type, event in
            type == .certificateSigningRequests ? approver.take(event) : take(event, type)
        }
    }

    private func take(_ event: WatchEvent, _ type: ResourceType) {
        switch event {
        case .relisted(let objects, _):
            for object in objects { show(object, type) }
            // Also what we applied before anybody watched, and is not there any more.
            let gone = Set(versions.keys(inside: tenant, type: type)).subtracting(objects.map(\.key))
            for key in gone { showGone(key, type) }
        case .changed(let object): show(object, type)
        case .deleted(let object): showGone(object.key, type)
        }
    }

    private func show(_ object: KubeObject, _ type: ResourceType) {
        if versions.show(ManagedID(type, object.key), of: tenant, version: object.writtenVersion(type)) {
            changed(tenant)
        }
    }

    private func showGone(_ key: ObjectKey, _ type: ResourceType) {
        if versions.showGone(ManagedID(type, key), of: tenant) { changed(tenant) }
    }
}

extension KubeObject {
    /// Changes when somebody writes what we care for. Workloads report on themselves all the time under ever new
    /// resource versions; for them the generation and the metadata stand in, so that a report wakes nobody.
    func writtenVersion(_ type: ResourceType) -> String {
        guard type == .deployments || type == .daemonSets else { return resourceVersion }
        var hasher = Hasher()
        hasher.combine(labels)
        hasher.combine(annotations)
        hasher.combine(isBeingDeleted)
        return "\(uid)/\(generation)/\(hasher.finalize())"
    }
}
