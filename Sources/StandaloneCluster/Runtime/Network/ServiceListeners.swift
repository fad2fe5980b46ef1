import KubeObjects
import Logging
import Synchronization

/// The listening ports of all Services. One Service is settled by one caller at a time.
final class ServiceListeners: Sendable {
    private struct Place: Hashable {
        let address: String
        let port: Int
    }

    private struct Listener {
        let forwarder: TCPForwarder
        let rotation: TargetRotation
    }

    /// For how long a connection is held whose target takes none: others of the Service are asked meanwhile.
    private static let patience = Duration.seconds(1)

    private struct State {
        var listeners: [ObjectKey: [Place: Listener]] = [:]
        /// Services that did not get all their ports.
        var incomplete: Set<ObjectKey> = []
    }

    private let state = Mutex(State())
    private let log: Logger

    init(log: Logger) { self.log = log }

    /// Listens for `service` on its `routes` and nowhere else. A port that cannot be had is told of, and tried again
    /// with the next call.
    /// - Returns: Services that may now get a port that they wanted, for one was given up.
    func settle(_ service: ObjectKey, _ routes: [ServiceRoute]) async -> Set<ObjectKey> {
        var listeners = state.withLock { $0.listeners[service] ?? [:] }
        guard !listeners.isEmpty || !routes.isEmpty else {
            state.withLock { state in _ = state.incomplete.remove(service) }
            return []
        }
        let wanted = Dictionary(
            routes.map { (Place(address: $0.address, port: $0.port), $0.targets) },
            uniquingKeysWith: { first, _ in first })
        var isAnyFreed = false
        for (place, listener) in listeners where wanted[place] == nil {
            await listener.forwarder.stop()
            listeners[place] = nil
            isAnyFreed = true
        }
        for (place, targets) in wanted {
            if let listener = listeners[place] {
                listener.rotation.set(targets)
            } else {
                listeners[place] = await listen(place, targets, service)
            }
        }
        let (settled, isFreed, isComplete) = (listeners, isAnyFreed, listeners.count == wanted.count)
        return state.withLock { state in
            state.listeners[service] = settled.isEmpty ? .none : settled
            let waiting = isFreed ? state.incomplete.subtracting([service]) : []
            if isComplete { state.incomplete.remove(service) } else { state.incomplete.insert(service) }
            return waiting
        }
    }

    private func listen(_ place: Place, _ targets: [TCPForwarder.Target], _ service: ObjectKey) async -> Listener? {
        let rotation = TargetRotation(targets)
        let forwarder = TCPForwarder(address: place.address, port: place.port, patience: Self.patience) {
            rotation.next()
        }
        do throws(BindError) {
            try await forwarder.start()
            return Listener(forwarder: forwarder, rotation: rotation)
        } catch {
            log.warning(
                "a Service cannot be reached at one of its addresses",
                metadata: ["service": "\(service)", "error": "\(error)"])
            return nil
        }
    }

    func stop() async {
        let all = state.withLock { state in
            defer { state = State() }
            return state.listeners.values.flatMap(\.values)
        }
        for listener in all { await listener.forwarder.stop() }
    }
}

/// The targets of one port, taken in turns.
final class TargetRotation: Sendable {
    private struct State {
        var targets: [TCPForwarder.Target]
        var turn = 0
    }

    private let state: Mutex<State>

    init(_ targets: [TCPForwarder.Target]) { state = Mutex(State(targets: targets)) }

    func set(_ targets: [TCPForwarder.Target]) {
        state.withLock { state in state.targets = targets }
    }

    /// Nil when there is none.
    func next() -> TCPForwarder.Target? {
        state.withLock { state in
            guard !state.targets.isEmpty else { return nil }
            state.turn = (state.turn + 1) % state.targets.count
            return state.targets[state.turn]
        }
    }
}
