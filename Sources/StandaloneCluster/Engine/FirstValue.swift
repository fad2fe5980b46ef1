import Synchronization

/// A value that is set once and may be waited for by many.
final class FirstValue<Value: Sendable>: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Value?, Never>])
        case settled(Value?)
    }

    private let state = Mutex(State.waiting([]))

    /// The first call counts.
    func set(_ value: Value) { settle(value) }

    /// Gives nil to everybody who waits, unless a value was set.
    func end() { settle(nil) }

    private func settle(_ value: Value?) {
        let waiters = state.withLock { state -> [CheckedContinuation<Value?, Never>] in
            guard case .waiting(let waiters) = state else { return [] }
            state = .settled(value)
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    func value() async -> Value? {
        await withCheckedContinuation { continuation in
            let settled = state.withLock { state -> Value?? in
                switch state {
                case .settled(let value): return .some(value)
                case .waiting(let waiters):
                    state = .waiting(waiters + [continuation])
                    return nil
                }
            }
            if let settled { continuation.resume(returning: settled) }
        }
    }
}
