import Prometheus
import Testing

@testable import Reconciliation

@Suite struct ManagerMetricsTests {
    private struct Broken: Error {}

    @Test func `each controller's passes are counted under its own name`() async throws {
        let metrics = ManagerMetrics()
        for name in ["tenantcontrolplane", "datastore", "tenantcontrolplane"] {
            try await metrics.timed(name) {}
        }
        await #expect(throws: Broken.self) { try await metrics.timed("datastore") { throw Broken() } }
        let text = MetricText.render(
            metrics.families(depths: [("datastore", 0, 0, 0), ("tenantcontrolplane", 0, 0, 0)]))
        #expect(text.contains(#"kamaji_handler_time_seconds_count{handler="tenantcontrolplane"} 2"#), "\(text)")
        #expect(text.contains(#"kamaji_handler_time_seconds_count{handler="datastore"} 2"#), "\(text)")
        #expect(text.contains(#"kamaji_reconcile_errors_total{controller="datastore"} 1"#), "\(text)")
        #expect(text.contains(#"kamaji_reconcile_errors_total{controller="tenantcontrolplane"} 0"#), "\(text)")
    }
}
