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

    @Test("What stands under a prefix is measured over many pages, and beyond a limit taken to be like what was read")
    func measuring() async throws {
        let etcd = try await RealEtcd(try #require(RealEtcd.binaries.first))
        let root = try etcd.store("root")
        let observer = EtcdObserver(tls: try etcd.tls("root"), transport: etcd.transport)
        #expect(try await observer.size(of: "nobody", at: etcd.endpoint) == 0)
        var bytes = 0
        for number in 0..<50 {
            let (key, value) = ("/left/\(number)", [UInt8](repeating: 7, count: number * 100))
            try await root.put(value, at: key)
            bytes += key.utf8.count + value.count
        }
        try await root.put([UInt8](repeating: 7, count: 5000), at: "/left-over/1")
        #expect(try await observer.size(of: "left", at: etcd.endpoint) == Double(bytes))
        for number in 0..<50 { try await root.put([UInt8](repeating: 7, count: 90), at: "/even/\(10 + number)/x") }
        #expect(try await observer.size(of: "even", at: etcd.endpoint, limit: 16) == 50 * 100)
    }
}

@Suite("Pages of pairs of etcd")
struct EtcdPageTests {
    @Test("They grow by small steps, to some megabytes at most, and shrink at once")
    func lengths() {
        var page = EtcdPage()
        #expect(page.length == 16)
        page.next(after: 16, bytes: 16 * 1000)
        #expect(page.length == 128)
        page.next(after: 128, bytes: 128 * 1000)
        #expect(page.length == 1024)
        page.next(after: 1024, bytes: 1024 * 1000)
        #expect(page.length == 4000)
        page.next(after: 4000, bytes: 4000 * (1 << 20))
        #expect(page.length == 4)
        page.next(after: 4, bytes: 4 * (8 << 20))
        #expect(page.length == 1)
        page.next(after: 0, bytes: 0)
        #expect(page.length == 8)
    }
}
