import Testing

@testable import Datastores

@Suite("Looking at etcd", .enabled(if: !RealEtcd.binaries.isEmpty), .timeLimit(.minutes(10)))
struct EtcdObserverTests {
    @Test("A member tells how it is, and whose keys it holds", arguments: RealEtcd.binaries)
    func looking(binary: String) async throws {
        let etcd = try await RealEtcd(binary)
        let root = try etcd.store("root")
        for key in ["/a/1", "/a/2", "/aa/1", "/b/c/d", "lonely", "/stray"] { try await root.put([1], at: key) }
        let observer = EtcdObserver(tls: try etcd.tls("root"), transport: etcd.transport)
        let status = try await observer.status(at: etcd.endpoint)
        #expect(status.leaderID == status.memberID && status.leaderID != 0)
        #expect(status.databaseSize > 0 && status.databaseSizeInUse > 0)
        #expect(status.revision >= 7)
        #expect(status.version.hasPrefix("3."))
        #expect(!status.isLearner)
        #expect(try await observer.alarms(at: etcd.endpoint).isEmpty)
        #expect(try await observer.votingMembers(at: etcd.endpoint) == 1)
        #expect(try await observer.schemas(at: etcd.endpoint) == ["a", "aa", "b"])
        #expect(try await observer.keyCount(of: "a", at: etcd.endpoint) == 2)
        #expect(try await observer.keyCount(of: "nobody", at: etcd.endpoint) == 0)
        let page = String(decoding: try await observer.metrics(at: etcd.endpoint), as: UTF8.self)
        #expect(page.contains("etcd_disk_wal_fsync_duration_seconds_bucket"))
    }
}
