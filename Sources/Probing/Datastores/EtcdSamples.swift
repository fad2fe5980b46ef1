import Datastores
import Prometheus

/// What members of etcd say of themselves, under our names and with the DataStore's.
enum EtcdSamples {
    /// Upstream's name, and ours for it.
    private static let passed: [String: MetricDefinition] = [
        "etcd_server_leader_changes_seen_total": Catalogue.etcdLeaderChanges,
        "etcd_server_proposals_failed_total": Catalogue.etcdProposalsFailed,
        "etcd_server_proposals_pending": Catalogue.etcdProposalsPending,
        "etcd_server_slow_apply_total": Catalogue.etcdSlowApplies,
    ]

    private static let histograms: [String: MetricDefinition] = [
        "etcd_disk_wal_fsync_duration_seconds": Catalogue.etcdFsync,
        "etcd_disk_backend_commit_duration_seconds": Catalogue.etcdCommit,
    ]

    private static let compactRevision = "etcd_debugging_mvcc_compact_revision"
    private static let keys = "etcd_debugging_mvcc_keys_total"
    private static let quota = "etcd_server_quota_backend_bytes"

    /// Which of a member's metrics are worth reading.
    static func isWanted(_ name: Substring) -> Bool {
        let name = String(name)
        return passed[name] != nil || histogram(name) != nil || [compactRevision, keys, quota].contains(name)
    }

    private static func histogram(_ name: String) -> (metric: MetricDefinition, suffix: String)? {
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            return histograms[String(name.dropLast(suffix.count))].map { ($0, suffix) }
        }
        return nil
    }

    static func add(_ visit: StoreVisit, _ samples: inout SampleSet) {
        let members = visit.endpoints.compactMap { endpoint, visit in visit.status.map { (endpoint, $0, visit.exposed) }
        }
        .sorted { $0.0 < $1.0 }
        guard !members.isEmpty else { return }
        if let count = visit.members { samples.add(Catalogue.etcdMembers, Double(count)) }
        for (endpoint, status, exposed) in members {
            add(status, quota: quota(status, exposed), endpoint, &samples)
            pass(exposed, endpoint, &samples)
        }
        let statuses = members.map(\.1)
        samples.add(Catalogue.etcdRevision, Double(statuses.map(\.revision).max() ?? 0))
        samples.add(Catalogue.datastoreUsed, Double(statuses.map(\.databaseSize).max() ?? 0))
        let reclaimable = statuses.map { $0.databaseSize - min($0.databaseSize, $0.databaseSizeInUse) }.max() ?? 0
        samples.add(Catalogue.datastoreReclaimable, Double(reclaimable))
        if let least = members.compactMap({ quota($0.1, $0.2) }).min() {
            samples.add(Catalogue.datastoreCapacity, least)
        }
        for (name, metric) in [(compactRevision, Catalogue.etcdCompactRevision), (keys, Catalogue.etcdKeys)] {
            let values = members.flatMap(\.2).filter { $0.name == name && $0.value >= 0 }.map(\.value)
            if let most = values.max() { samples.add(metric, most) }
        }
    }

    /// Before release 3.6 only the member's metrics know it.
    private static func quota(_ status: EtcdMemberStatus, _ exposed: [ScrapedSample]) -> Double? {
        if status.databaseQuota > 0 { return Double(status.databaseQuota) }
        return exposed.first { $0.name == quota && $0.value > 0 }?.value
    }

    private static func add(
        _ status: EtcdMemberStatus, quota: Double?, _ endpoint: String, _ samples: inout SampleSet
    ) {
        let label: KeyValuePairs<String, String> = ["endpoint": endpoint]
        samples.add(Catalogue.etcdHasLeader, status.leaderID != 0, label)
        samples.add(Catalogue.etcdIsLeader, status.leaderID != 0 && status.leaderID == status.memberID, label)
        samples.add(Catalogue.etcdIsLearner, status.isLearner, label)
        samples.add(Catalogue.etcdDatabaseSize, Double(status.databaseSize), label)
        samples.add(Catalogue.etcdDatabaseInUse, Double(status.databaseSizeInUse), label)
        if let quota { samples.add(Catalogue.etcdQuota, quota, label) }
        samples.add(Catalogue.etcdRaftTerm, Double(status.raftTerm), label)
        samples.add(Catalogue.etcdRaftIndex, Double(status.raftIndex), label)
        samples.add(Catalogue.etcdRaftApplied, Double(status.raftAppliedIndex), label)
        samples.mark(
            Catalogue.etcdVersionInfo,
            ["endpoint": endpoint, "version": status.version, "storage_version": status.storageVersion])
    }

    private static func pass(_ exposed: [ScrapedSample], _ endpoint: String, _ samples: inout SampleSet) {
        for sample in exposed {
            if let metric = passed[sample.name] {
                samples.add(metric, sample.value, ["endpoint": endpoint])
            } else if let (metric, suffix) = histogram(sample.name) {
                if let bound = sample.labels["le"] {
                    let canonical = Int64(bound) != nil ? bound + ".0" : bound
                    samples.pass(metric, suffix: suffix, sample.value, ["endpoint": endpoint, "le": canonical])
                } else {
                    samples.pass(metric, suffix: suffix, sample.value, ["endpoint": endpoint])
                }
            }
        }
    }
}

extension EtcdAlarm.Kind {
    /// Its value of the label `alarm`.
    var label: String {
        switch self {
        case .noSpace: "nospace"
        case .corrupt: "corrupt"
        }
    }
}
