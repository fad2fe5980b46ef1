import CLibSystemd
import Glibc

/// Units of this machine's systemd, over sd-bus. One connection on a thread of its own, opened when first needed and
/// anew after it broke.
package final class SystemdUnits: UnitControl {
    private let thread: BusThread
    private let session: BusSession
    private let jobPatience: Duration

    /// Whether systemd is this machine's init (sd_booted(3)).
    package static var isInit: Bool { sd_booted() > 0 }

    /// - Parameters:
    ///   - address: of the bus; nil is the system's.
    ///   - jobPatience: how long a start or stop may take before it counts as failed.
    package init(address: String? = nil, jobPatience: Duration = .seconds(120)) throws(SystemdError) {
        guard let thread = BusThread() else {
            throw SystemdError(.refused("pthread_create"), "cannot start a thread for the bus")
        }
        self.thread = thread
        self.jobPatience = jobPatience
        session = BusSession(address: address)
    }

    deinit {
        let session = session
        _ = thread.submit { session.close() }
        thread.close()
    }

    private func run<Value: Sendable>(
        _ body: @escaping @Sendable (BusSession) throws(SystemdError) -> Value
    ) async throws -> Value {
        let session = session
        let outcome: Result<Value, SystemdError> = await withCheckedContinuation { continuation in
            let isAccepted = thread.submit {
                continuation.resume(
                    returning: Result { () throws(SystemdError) in try session.withReconnection(body) })
            }
            if !isAccepted {
                continuation.resume(returning: .failure(SystemdError(.closed, "the bus was closed")))
            }
        }
        return try outcome.get()
    }

    package func state(of unit: String) async throws -> UnitState {
        try await run { session throws(SystemdError) in try session.state(of: unit) }
    }

    package func start(_ unit: String) async throws { try await job("StartUnit", unit) }
    package func stop(_ unit: String) async throws { try await job("StopUnit", unit) }

    package func restart(_ unit: String) async throws {
        try await run { session throws(SystemdError) in try session.resetFailed(unit) }
        try await job("RestartUnit", unit)
    }

    private func job(_ method: String, _ unit: String) async throws {
        let patience = jobPatience
        try await run { session throws(SystemdError) in try session.runJob(method, unit, patience: patience) }
    }

    package func setEnabled(_ isEnabled: Bool, _ unit: String) async throws {
        try await run { session throws(SystemdError) in
            try session.setEnabled(isEnabled, unit)
            // A change of unit files is not seen before this.
            try session.reload()
        }
    }

    package func reload() async throws {
        try await run { session throws(SystemdError) in try session.reload() }
    }
}
