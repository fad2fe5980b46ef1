import Synchronization

/// That something was asked to end, told across tasks.
final class Stop: Sendable {
    private let flag = Atomic(false)

    var isMarked: Bool { flag.load(ordering: .acquiring) }
    func mark() { flag.store(true, ordering: .releasing) }
}
