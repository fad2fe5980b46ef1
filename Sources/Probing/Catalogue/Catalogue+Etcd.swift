import Prometheus

/// From Maintenance, Cluster and KV calls, and from what members expose themselves.
extension Catalogue {
    package static let etcdHasLeader = endpoint(
        "kamaji_etcd_has_leader", .gauge,
        "1 while the member knows a leader.")
    package static let etcdIsLeader = endpoint(
        "kamaji_etcd_is_leader", .gauge,
        "1 while the member is the leader.")
    package static let etcdIsLearner = endpoint(
        "kamaji_etcd_is_learner", .gauge,
        "1 while the member does not vote.")
    package static let etcdMembers = datastore(
        "kamaji_etcd_members", .gauge,
        "Members that vote, from MemberList.")
    package static let etcdDatabaseSize = endpoint(
        "kamaji_etcd_db_size_bytes", .gauge,
        "Bytes of the member's database file.")
    package static let etcdDatabaseInUse = endpoint(
        "kamaji_etcd_db_in_use_bytes", .gauge,
        "Bytes of it that hold data.")
    package static let etcdQuota = endpoint(
        "kamaji_etcd_quota_bytes", .gauge,
        "Bytes at which the member takes no more writes.")
    package static let etcdAlarm = endpoint(
        "kamaji_etcd_alarm", .gauge,
        "1 while the member has raised the alarm, as any member knows: nospace or corrupt.", ["alarm"])
    package static let etcdRaftTerm = endpoint(
        "kamaji_etcd_raft_term", .gauge,
        "Term of the last election.")
    package static let etcdRaftIndex = endpoint(
        "kamaji_etcd_raft_index", .gauge,
        "Entries that the member has.")
    package static let etcdRaftApplied = endpoint(
        "kamaji_etcd_raft_applied_index", .gauge,
        "Entries that the member has carried out.")
    package static let etcdRevision = datastore(
        "kamaji_etcd_revision", .gauge,
        "Highest revision that any member names: it counts writes.")
    package static let etcdCompactRevision = datastore(
        "kamaji_etcd_compact_revision", .gauge,
        "Revision up to which history was thrown away; one that stands still is compaction that stalled.")
    package static let etcdKeys = datastore(
        "kamaji_etcd_keys", .gauge,
        "Keys of all tenants, as the member that has the most says.")
    package static let etcdLeaderChanges = endpoint(
        "kamaji_etcd_leader_changes_total", .counter,
        "Changes of leader that the member has seen.")
    package static let etcdProposalsFailed = endpoint(
        "kamaji_etcd_proposals_failed_total", .counter,
        "Writes that failed in consensus.")
    package static let etcdProposalsPending = endpoint(
        "kamaji_etcd_proposals_pending", .gauge,
        "Writes that wait for consensus.")
    package static let etcdSlowApplies = endpoint(
        "kamaji_etcd_slow_applies_total", .counter,
        "Requests that took long to carry out.")
    package static let etcdFsync = endpoint(
        "kamaji_etcd_wal_fsync_duration_seconds", .histogram,
        "How long syncs of the log took, as the member counts them.")
    package static let etcdCommit = endpoint(
        "kamaji_etcd_backend_commit_duration_seconds", .histogram,
        "How long commits of the database took, as the member counts them.")
    package static let etcdVersionInfo = endpoint(
        "kamaji_etcd_version_info", .info,
        "Versions of the member and of its data.", ["version", "storage_version"])

    static let etcd: [CatalogueEntry] = [
        lean(etcdHasLeader), lean(etcdIsLeader), standard(etcdIsLearner), lean(etcdMembers), lean(etcdDatabaseSize),
        lean(etcdDatabaseInUse), lean(etcdQuota), sparse(etcdAlarm), standard(etcdRaftTerm), standard(etcdRaftIndex),
        standard(etcdRaftApplied), lean(etcdRevision), lean(etcdCompactRevision), standard(etcdKeys),
        lean(etcdLeaderChanges), standard(etcdProposalsFailed), standard(etcdProposalsPending),
        standard(etcdSlowApplies), lean(etcdFsync), standard(etcdCommit), standard(etcdVersionInfo),
    ]
}
