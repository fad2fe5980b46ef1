import Reconciliation
import Synchronization

/// The queues of a manager that may not be there yet.
final class QueueDepths: Sendable {
    private let manager = Mutex<TenantManager?>(nil)

    func watch(_ manager: TenantManager) { self.manager.withLock { $0 = manager } }

    var current: [(queue: String, waiting: Int, working: Int, failing: Int)] {
        manager.withLock { $0 }?.depths ?? []
    }
}
