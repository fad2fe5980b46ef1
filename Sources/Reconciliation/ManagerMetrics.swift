import Prometheus
import Synchronization

/// What the manager counts about itself.
package final class ManagerMetrics: Sendable {
    private struct State {
        var passes: [String: Histogram] = [:]
        var errors: [String: Double] = [:]
    }

    private let state = Mutex(State())

    /// Upstream's scale for its handlers, thinned: from 5 ms to a minute.
    static let buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    package init() {}

    /// Runs one pass, and counts its seconds and whether it failed.
    func timed<Result>(_ controller: String, _ body: () async throws -> Result) async throws -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        defer {
            let (seconds, fraction) = start.duration(to: clock.now).components
            observe(controller, Double(seconds) + Double(fraction) / 1e18)
        }
        do {
            return try await body()
        } catch {
            state.withLock { $0.errors[controller, default: 0] += 1 }
            throw error
        }
    }

    private func observe(_ controller: String, _ seconds: Double) {
        state.withLock { state in
            state.passes[controller, default: Histogram(bounds: Self.buckets)].observe(seconds)
        }
    }

    /// The families as they stand, with the queues' depths.
    package func families(
        depths: [(queue: String, waiting: Int, working: Int, failing: Int)]
    ) -> [MetricFamily] {
        let (passes, errors) = state.withLock { ($0.passes, $0.errors) }
        var time = MetricFamily(
            name: "kamaji_handler_time_seconds", help: "Time of one reconciliation pass.", kind: .histogram)
        for (controller, histogram) in passes.sorted(by: { $0.key < $1.key }) {
            time.add(histogram, labels: ["handler": controller])
        }
        var failed = MetricFamily(
            name: "kamaji_reconcile_errors_total", help: "Passes that failed and are tried again.", kind: .counter)
        var depth = MetricFamily(
            name: "workqueue_depth", help: "Keys that wait to be worked on.", kind: .gauge)
        var working = MetricFamily(
            name: "workqueue_active", help: "Keys that are being worked on.", kind: .gauge)
        for queue in depths {
            failed.add(errors[queue.queue] ?? 0, labels: ["controller": queue.queue])
            depth.add(Double(queue.waiting), labels: ["name": queue.queue])
            working.add(Double(queue.working), labels: ["name": queue.queue])
        }
        return [time, failed, depth, working]
    }
}
