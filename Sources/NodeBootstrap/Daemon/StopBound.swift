/// That an agent which was asked to stop has stopped within a time, whatever it was at: everything it does can be taken up
/// again, and what it notes is on the disk before the effect.
package struct StopBound: Sendable {
    /// One second less than the unit's `TimeoutStopSec`, and one more than the tunnel's connections have to end.
    package static let limit = Duration.seconds(4)

    private let sleep: @Sendable (Duration) async throws -> Void
    private let end: @Sendable () -> Void

    /// - Parameter end: ends the process.
    package init(sleep: @escaping @Sendable (Duration) async throws -> Void, end: @escaping @Sendable () -> Void) {
        self.sleep = sleep
        self.end = end
    }

    /// Begins to count. Cancelling the task that it gives means that all has ended by itself.
    @discardableResult
    package func begin() -> Task<Void, Never> {
        Task.detached { [sleep, end] in
            do {
                try await sleep(Self.limit)
            } catch {
                return
            }
            end()
        }
    }
}
