import Prometheus

/// What only a tenant's own API tells. Nil stands for what could not be found out.
package struct TenantInspection: Sendable, Hashable {
    package struct Dial: Sendable, Hashable {
        package let isAnswered: Bool
        /// Seconds.
        package let duration: Double

        package init(isAnswered: Bool, duration: Double) {
            (self.isAnswered, self.duration) = (isAnswered, duration)
        }
    }

    package var nodes: Int?
    /// Of its store, as the list of its nodes bears it.
    package var revision: Double?
    /// Agents of the tunnel that there should be; nil also where no tunnel is asked for.
    package var agentsDesired: Int?
    /// Bytes of all its objects, as its API server estimates them.
    package var storageBytes: Double?
    /// Of the kubelet of a node that is Ready, through the tunnel.
    package var dial: Dial?
    /// Ready nodes that were not dialled, for under their address no node answers.
    package var undialableNodes = 0
    /// Why questions were not answered.
    package var failures: [ProbeFailure] = []

    package init() {}
}

/// What the visits to one tenant's API have brought so far.
struct InspectionHistory: Sendable {
    private(set) var last = TenantInspection()
    private var misses = 0
    /// Visits without an answer after which what was known is told no more.
    private static let patience = 3

    mutating func add(_ inspection: TenantInspection) {
        var next = inspection
        if inspection.nodes == nil {
            misses += 1
            if misses < Self.patience {
                (next.nodes, next.agentsDesired, next.revision) = (last.nodes, last.agentsDesired, last.revision)
            }
        } else {
            misses = 0
        }
        // It is asked for more rarely than the rest.
        if misses < Self.patience, next.storageBytes == nil { next.storageBytes = last.storageBytes }
        last = next
    }

    func samples(_ facts: TenantFacts) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        if let nodes = last.nodes { samples.add(Catalogue.tenantNodes, Double(nodes)) }
        if let bytes = last.storageBytes, !facts.datastore.isEmpty {
            samples.add(Catalogue.tenantBytes, bytes, ["datastore_name": facts.datastore])
        }
        if let revision = last.revision, !facts.datastore.isEmpty {
            samples.add(Catalogue.tenantRevision, revision, ["datastore_name": facts.datastore])
        }
        guard facts.usesKonnectivity else { return samples }
        if let agents = last.agentsDesired { samples.add(Catalogue.agentsDesired, Double(agents)) }
        if last.undialableNodes > 0 { samples.add(Catalogue.undialableNodes, Double(last.undialableNodes)) }
        if let dial = last.dial {
            samples.add(Catalogue.dialSuccess, dial.isAnswered)
            samples.add(Catalogue.dialDuration, dial.duration.wholeMicroseconds)
        }
        return samples
    }
}
