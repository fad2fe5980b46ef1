import Prometheus

/// How much of the catalogue is served.
package enum MetricProfile: String, Sendable, Hashable, CaseIterable {
    /// What alerts need, for the largest fleets.
    case lean
    case standard
    /// Identities of certificates too.
    case full
}

/// One metric of ours: its definition, and from which profile on it is served.
package struct CatalogueEntry: Sendable, Hashable {
    package let definition: MetricDefinition
    package let profile: MetricProfile
    /// Served in the lean profile alone, in place of something richer.
    package let isLeanOnly: Bool
    /// Whether samples are there only while what they say is so.
    package let isSparse: Bool

    func isServed(in chosen: MetricProfile) -> Bool {
        if isLeanOnly { return chosen == .lean }
        let order = MetricProfile.allCases
        return (order.firstIndex(of: profile) ?? 0) <= (order.firstIndex(of: chosen) ?? 0)
    }
}

/// Every metric that the exporter serves, declared once: pages, documentation and tests are made from it.
package enum Catalogue {
    package struct Section: Sendable {
        package let title: String
        package let entries: [CatalogueEntry]
    }

    package static let sections: [Section] = [
        Section(title: "Tenant control planes", entries: tenants),
        Section(title: "Certificates and kubeconfigs", entries: certificates),
        Section(title: "Probes of API servers", entries: probes),
        Section(title: "Konnectivity", entries: konnectivity),
        Section(title: "Datastores", entries: datastores),
        Section(title: "etcd", entries: etcd),
        Section(title: "Service levels", entries: serviceLevels),
        Section(title: "The exporter itself", entries: exporter),
        Section(title: "Names of upstream's manager", entries: compatibility),
    ]

    package static var entries: [CatalogueEntry] { sections.flatMap(\.entries) }

    /// - Parameter compatible: whether upstream's names are served too.
    package static func definitions(_ profile: MetricProfile, compatible: Bool) -> [MetricDefinition] {
        sections.flatMap(\.entries).filter { $0.isServed(in: profile) }.map(\.definition).filter { definition in
            compatible || !self.compatibility.contains { $0.definition == definition }
        }
    }

    /// Whose sample it is. No other sample carries these names.
    static let tenantLabels = ["tcp_namespace", "tcp_name"]
    static let datastoreLabels = ["datastore_name"]
    static let endpointLabels = ["datastore_name", "endpoint"]

    static func lean(_ definition: MetricDefinition) -> CatalogueEntry { entry(definition, .lean) }
    static func standard(_ definition: MetricDefinition) -> CatalogueEntry { entry(definition, .standard) }
    static func full(_ definition: MetricDefinition) -> CatalogueEntry { entry(definition, .full) }
    static func sparse(_ definition: MetricDefinition) -> CatalogueEntry { entry(definition, .lean, isSparse: true) }
    static func leanOnly(_ definition: MetricDefinition) -> CatalogueEntry {
        entry(definition, .lean, isLeanOnly: true)
    }

    private static func entry(
        _ definition: MetricDefinition, _ profile: MetricProfile, isLeanOnly: Bool = false, isSparse: Bool = false
    ) -> CatalogueEntry {
        CatalogueEntry(definition: definition, profile: profile, isLeanOnly: isLeanOnly, isSparse: isSparse)
    }

    static func tenant(
        _ name: String, _ kind: MetricFamily.Kind = .gauge, _ help: String, _ labels: [String] = []
    ) -> MetricDefinition { MetricDefinition(name, kind, help: help, labels: tenantLabels + labels) }

    static func datastore(
        _ name: String, _ kind: MetricFamily.Kind = .gauge, _ help: String, _ labels: [String] = []
    ) -> MetricDefinition { MetricDefinition(name, kind, help: help, labels: datastoreLabels + labels) }

    static func endpoint(
        _ name: String, _ kind: MetricFamily.Kind = .gauge, _ help: String, _ labels: [String] = []
    ) -> MetricDefinition { MetricDefinition(name, kind, help: help, labels: endpointLabels + labels) }

    static func fleet(
        _ name: String, _ kind: MetricFamily.Kind = .gauge, _ help: String, _ labels: [String] = []
    ) -> MetricDefinition { MetricDefinition(name, kind, help: help, labels: labels) }
}
