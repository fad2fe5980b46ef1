import Foundation
import Prometheus
import Testing

@testable import Probing

@Suite("The catalogue of metrics")
struct CatalogueTests {
    @Test("Names follow Prometheus' rules, and each is there once")
    func names() {
        let all = Catalogue.entries.map(\.definition)
        #expect(Set(all.map(\.name)).count == all.count)
        let upstream = Set(Catalogue.compatibility.map(\.definition.name))
        for metric in all {
            #expect(metric.name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil, "\(metric.name)")
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(
                metric.name.hasSuffix("_info") == (metric.kind == .info) || upstream.contains(metric.name),
                "\(metric.name)")
            for suffix in ["_count", "_sum", "_bucket", "_milliseconds", "_kilobytes"] {
                #expect(!metric.name.hasSuffix(suffix), "\(metric.name)")
            }
            #expect(metric.help.hasSuffix(".") && metric.help.count > 5, "\(metric.name)")
            #expect(Set(metric.labels).count == metric.labels.count)
            for label in metric.labels {
                #expect(
                    !["job", "instance", "namespace", "pod", "le", "quantile", "type"].contains(label), "\(metric.name)"
                )
            }
        }
    }

    @Test("A profile serves what the smaller one does, but for what stands for something richer")
    func profiles() {
        let lean = Set(Catalogue.definitions(.lean, compatible: false).map(\.name))
        let standard = Set(Catalogue.definitions(.standard, compatible: false).map(\.name))
        let full = Set(Catalogue.definitions(.full, compatible: true).map(\.name))
        #expect(lean.subtracting(standard) == ["kamaji_cert_earliest_not_after_timestamp_seconds"])
        #expect(standard.isSubset(of: full) && full.contains("kamaji_cert_info"))
        #expect(!standard.contains("kamaji_tenant_control_plane_info"))
        #expect(full.contains("kamaji_tenant_control_plane_info"))
    }

    @Test("The documentation in the repository is the one that the code makes")
    func documentation() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
        #expect(text == MetricsDocument.markdown, "run make metrics-docs")
    }
}
