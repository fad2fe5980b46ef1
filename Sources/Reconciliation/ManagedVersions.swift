import KubeObjects
import Synchronization

/// An object of a tenant, as watches and applies both name it.
package struct ManagedID: Sendable, Hashable {
    let type: ResourceType
    /// Inside a tenant, where namespaces differ, with the namespace before it.
    let name: String

    init(type: ResourceType, name: String) {
        self.type = type
        self.name = name
    }

    /// An object inside a tenant.
    init(_ type: ResourceType, _ key: ObjectKey) { self.init(type: type, name: key.description) }
}

/// What we know of each tenant's objects without holding them: the version that we wrote or took note of, the version
/// a watch last showed, and a hash of what we applied. A few hundred bytes an object.
///
/// An object whose shown version is not ours was written by somebody else, and its tenant wants another pass.
package final class ManagedVersions: Sendable {
    private struct Entry {
        var ours = ""
        var shown = ""
        /// Of the applied object, without what changes by itself; nil before this process applied it.
        var applied: Int?
    }

    private let tenants = Mutex<[ObjectKey: [ManagedID: Entry]]>([:])

    package init() {}

    /// Takes note of a version that a watch shows. True when it is not the one we know: the tenant wants a pass.
    func show(_ id: ManagedID, of tenant: ObjectKey, version: String) -> Bool {
        tenants.withLock { tenants in
            tenants[tenant, default: [:]][id, default: Entry()].shown = version
            return tenants[tenant]?[id]?.ours != version
        }
    }

    /// Takes note that a watch shows an object gone. True when we thought that it is there: the tenant wants a pass.
    func showGone(_ id: ManagedID, of tenant: ObjectKey) -> Bool {
        tenants.withLock { tenants in
            guard tenants[tenant]?[id]?.ours.isEmpty == false else {
                tenants[tenant]?.removeValue(forKey: id)
                return false
            }
            tenants[tenant]?[id]?.shown = Self.gone
            return true
        }
    }

    /// Stands for a version that no object has, so that it counts as a foreign write until we have written again.
    private static let gone = "gone"

    /// Forgets an object that we removed ourselves. True when we thought that it is there.
    @discardableResult
    func remove(_ id: ManagedID, of tenant: ObjectKey) -> Bool {
        tenants.withLock { tenants in
            let entry = tenants[tenant]?.removeValue(forKey: id)
            if tenants[tenant]?.isEmpty ?? false { tenants[tenant] = nil }
            return entry?.ours.isEmpty == false
        }
    }

    /// Takes note of what we applied, or found to be as we want it.
    func record(_ id: ManagedID, of tenant: ObjectKey, version: String, applied: Int) {
        tenants.withLock { tenants in
            tenants[tenant, default: [:]][id, default: Entry()].ours = version
            tenants[tenant]?[id]?.applied = applied
        }
    }

    /// Takes note of a version that we read and that needs nothing of us.
    func acknowledge(_ id: ManagedID, of tenant: ObjectKey, version: String) {
        tenants.withLock { $0[tenant, default: [:]][id, default: Entry()].ours = version }
    }

    func lastApplied(_ id: ManagedID, of tenant: ObjectKey) -> Int? {
        tenants.withLock { $0[tenant]?[id]?.applied }
    }

    /// Whether we applied just this, and nobody has written it since as far as a watch showed.
    func isAsApplied(_ id: ManagedID, of tenant: ObjectKey, fingerprint: Int) -> Bool {
        tenants.withLock { tenants in
            guard let entry = tenants[tenant]?[id], entry.applied == fingerprint else { return false }
            return entry.shown.isEmpty || entry.shown == entry.ours
        }
    }

    /// Whether any object of the tenant is known, beside itself, from a watch or from ourselves.
    func knowsAnything(of tenant: ObjectKey) -> Bool {
        tenants.withLock { ($0[tenant] ?? [:]).keys.contains { $0.type != .tenantControlPlanes } }
    }

    /// Whether somebody else wrote an object of the tenant since our last pass.
    func hasForeignWrites(_ tenant: ObjectKey) -> Bool {
        tenants.withLock { ($0[tenant] ?? [:]).values.contains { !$0.shown.isEmpty && $0.shown != $0.ours } }
    }

    /// The objects of this kind that we applied or saw inside the tenant. Those of the kind that stand beside it, in the
    /// admin cluster, have no namespace in their names.
    func keys(inside tenant: ObjectKey, type: ResourceType) -> [ObjectKey] {
        names(of: tenant, type: type).compactMap { name in
            guard type.isNamespaced else { return ObjectKey(namespace: nil, name: name) }
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            return parts.count == 2 ? ObjectKey(namespace: parts[0], name: parts[1]) : nil
        }
    }

    func names(of tenant: ObjectKey, type: ResourceType) -> [String] {
        tenants.withLock { ($0[tenant] ?? [:]).keys.filter { $0.type == type }.map(\.name) }
    }

    /// Tenants of a namespace that hold an object of this kind and name: at most one, in truth.
    func tenants(holding id: ManagedID, in namespace: String?) -> [ObjectKey] {
        tenants.withLock { tenants in
            tenants.filter { $0.key.namespace == namespace && $0.value[id] != nil }.map(\.key)
        }
    }

    /// The tenant is gone, and whatever was inside it with it.
    func forgetAll(_ tenant: ObjectKey) { tenants.withLock { $0[tenant] = nil } }

    /// The tenant is gone. What watches still show of it stays known until they show its end: another tenant may
    /// come by that name, and must not take these objects for its own.
    func forget(_ tenant: ObjectKey) {
        tenants.withLock { tenants in
            let remaining = (tenants[tenant] ?? [:]).filter {
                $0.key.type != .tenantControlPlanes && !$0.value.shown.isEmpty
            }
            tenants[tenant] = remaining.isEmpty ? nil : remaining.mapValues { Entry(shown: $0.shown) }
        }
    }
}
