import Blueprint
import KubeClient
import KubeObjects
import Synchronization

/// Every Gateway as it was last seen, and which tenants' routes name it. Its status changes with every route that comes
/// and goes; tenants are woken only by what their access points are made of.
package final class GatewayRegistry: Sendable {
    private struct State {
        var servesRoutes = false
        /// Nil before the first list: what is not known may well be there.
        var gateways: [ObjectKey: GatewayFacts]?
        var tenants: [ObjectKey: Set<ObjectKey>] = [:]

        func users(of gateways: Set<ObjectKey>) -> [ObjectKey] {
            tenants.filter { !$0.value.isDisjoint(with: gateways) }.keys.sorted()
        }
    }

    private let state = Mutex(State())
    private let served: AsyncStream<Void>
    private let serving: AsyncStream<Void>.Continuation

    package init() {
        (served, serving) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
    }

    /// Whether the admin cluster was seen to serve Gateway API's TLSRoute.
    var servesRoutes: Bool { state.withLock { $0.servesRoutes } }

    /// Gateway API may be installed while we run: who needs it looks whether it is there by now.
    func lookForRoutes(_ api: KubeClient) async throws -> Bool {
        if servesRoutes { return true }
        guard try await api.serves(.tlsRoutes) else { return false }
        state.withLock { $0.servesRoutes = true }
        serving.yield()
        return true
    }

    /// Returns once somebody found TLSRoutes served. For one caller at a time.
    func routesAreServed() async {
        if servesRoutes { return }
        for await _ in served { break }
    }

    /// Takes note of the Gateways that a tenant's routes name, and gives all that is known; nil while nothing is.
    func use(_ names: Set<ObjectKey>, by tenant: ObjectKey) -> [ObjectKey: GatewayFacts]? {
        state.withLock { state in
            state.tenants[tenant] = names.isEmpty ? nil : names
            return state.gateways.map { $0.filter { names.contains($0.key) } }
        }
    }

    func forget(_ tenant: ObjectKey) { state.withLock { $0.tenants[tenant] = nil } }

    /// Takes note of a list; gives the tenants for whom it is news.
    func relist(_ gateways: [ObjectKey: GatewayFacts]) -> [ObjectKey] {
        state.withLock { state in
            let before = state.gateways
            state.gateways = gateways
            guard let before else { return state.tenants.keys.sorted() }
            let changed = Set(before.keys).union(gateways.keys).filter { before[$0] != gateways[$0] }
            return state.users(of: changed)
        }
    }

    /// Takes note of one Gateway, nil when it is gone; gives the tenants for whom it is news.
    func set(_ key: ObjectKey, _ facts: GatewayFacts?) -> [ObjectKey] {
        state.withLock { state in
            guard state.gateways?[key] != facts else { return [] }
            state.gateways?[key] = facts
            return state.users(of: [key])
        }
    }

    /// Between two looks for Gateways, whose definition may come after that of routes.
    private static let lookPeriod = Duration.seconds(10)

    /// Watches the Gateways, as soon as they are served, and tells which tenants want another pass.
    func watch(_ api: KubeClient, changed: @Sendable (ObjectKey) -> Void) async throws {
        while try await !api.serves(.gateways) { try await Task.sleep(for: Self.lookPeriod) }
        try await api.watch(.gateways) { event in
            let tenants =
                switch event {
                case .relisted(let objects, _):
                    relist(
                        Dictionary(objects.map { ($0.key, GatewayFacts($0)) }, uniquingKeysWith: { first, _ in first }))
                case .changed(let object): set(object.key, GatewayFacts(object))
                case .deleted(let object): set(object.key, nil)
                }
            for tenant in tenants { changed(tenant) }
        }
    }
}
