import FoundationEssentials
import KubeObjects
import Testing

@testable import StandaloneCluster

/// A directory that goes with its test.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/kamaji-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

func configMap(_ name: String, in namespace: String = "default", _ data: [String: String] = [:]) -> KubeObject {
    var object = ResourceType.configMaps.object(ObjectKey(namespace: namespace, name: name))
    object[path: "metadata", "uid"] = .string(UUID().uuidString.lowercased())
    object["data"] = JSON(data)
    return object
}

@Suite struct ObjectStoreTests {
    let scratch: ScratchDirectory
    let store: ObjectStore

    init() throws {
        scratch = try ScratchDirectory()
        store = try ObjectStore(path: scratch.file("state.db"), settings: .init(historyLimit: 40))
    }

    @Test func `revisions rise over all resources and survive a restart`() async throws {
        let first = try await store.create(configMap("a"), in: "configmaps")
        let second = try await store.create(configMap("a"), in: "secrets")
        #expect(try #require(Int64(second.resourceVersion)) > #require(Int64(first.resourceVersion)))
        store.close()
        let reopened = try ObjectStore(path: scratch.file("state.db"))
        #expect(String(reopened.currentVersion) == second.resourceVersion)
        let third = try await reopened.create(configMap("b"), in: "configmaps")
        #expect(try #require(Int64(third.resourceVersion)) > #require(Int64(second.resourceVersion)))
        #expect(try await reopened.get(first.key, in: "configmaps") == first)
        reopened.close()
    }

    @Test func `an object is created once`() async throws {
        _ = try await store.create(configMap("a"), in: "configmaps")
        await #expect(throws: StorageError.alreadyExists) { try await store.create(configMap("a"), in: "configmaps") }
    }

    @Test func `of two writers that read the same state one is refused`() async throws {
        let read = try await store.create(configMap("a", ["k": "0"]), in: "configmaps")
        var mine = read
        mine["data"] = ["k": "1"]
        let written = try await store.update(mine, in: "configmaps", replacing: read)
        await #expect(throws: StorageError.conflict(current: Int64(written.resourceVersion) ?? 0)) {
            try await store.update(mine, in: "configmaps", replacing: read)
        }
    }

    @Test func `many writers at once all get through and get different revisions`() async throws {
        let versions = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<200 {
                group.addTask { [store] in
                    try await store.create(configMap("n\(number)"), in: "configmaps").resourceVersion
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(versions.count == 200)
        #expect(try await store.list(ListQuery(resource: "configmaps")).items.count == 200)
    }

    @Test func `pages of one list show one state while it changes`() async throws {
        for name in ["a", "b", "c", "d", "e"] { _ = try await store.create(configMap(name), in: "configmaps") }
        let first = try await store.list(ListQuery(resource: "configmaps", limit: 2))
        #expect(first.items.map(\.name) == ["a", "b"])
        #expect(first.remaining == 3)
        let d = try #require(try await store.get(ObjectKey(namespace: "default", name: "d"), in: "configmaps"))
        var changed = d
        changed["data"] = ["changed": "yes"]
        _ = try await store.update(changed, in: "configmaps", replacing: d)
        _ = try await store.delete(ObjectKey(namespace: "default", name: "c"), in: "configmaps")
        _ = try await store.create(configMap("cc"), in: "configmaps")
        let rest = try await store.list(
            ListQuery(resource: "configmaps", limit: 10, continueToken: first.continueToken))
        #expect(rest.items.map(\.name) == ["c", "d", "e"])
        #expect(rest.items[1] == d)
        #expect(rest.version == first.version)
        #expect(rest.continueToken == nil)
    }

    @Test func `a continue token outlives its history as expired`() async throws {
        for name in ["a", "b", "c"] { _ = try await store.create(configMap(name), in: "configmaps") }
        let first = try await store.list(ListQuery(resource: "configmaps", limit: 1))
        for number in 0..<100 { _ = try await store.create(configMap("x\(number)"), in: "configmaps") }
        let query = ListQuery(resource: "configmaps", limit: 1, continueToken: first.continueToken)
        do {
            _ = try await store.list(query)
            Issue.record("the page was given")
        } catch {
            guard case .expired = error else { throw error }
        }
    }

    @Test func `a token that is none is refused`() async throws {
        await #expect(throws: StorageError.badContinueToken) {
            try await store.list(ListQuery(resource: "configmaps", limit: 1, continueToken: "bm9uc2Vuc2U"))
        }
    }

    @Test func `a watch tells every change from its version on, in order`() async throws {
        let created = try await store.create(configMap("a"), in: "configmaps")
        var cursor = try await store.watch("configmaps", after: Int64(created.resourceVersion))
        _ = try await store.create(configMap("other"), in: "secrets")
        var changed = created
        changed["data"] = ["k": "v"]
        _ = try await store.update(changed, in: "configmaps", replacing: created)
        _ = try await store.delete(created.key, in: "configmaps")
        var seen: [StoreEvent] = []
        while seen.count < 2 { seen += try #require(try await cursor.next()) }
        #expect(seen.map(\.change) == [.modified, .deleted])
        #expect(seen.map(\.object.name) == ["a", "a"])
        #expect(seen[1].version > seen[0].version)
    }

    @Test func `a watcher that falls behind memory reads on from history`() async throws {
        let deep = try ObjectStore(path: scratch.file("deep.db"))
        defer { deep.close() }
        var cursor = try await deep.watch("configmaps", after: deep.currentVersion)
        let count = EventLog.window * 3
        for number in 0..<count { _ = try await deep.create(configMap("n\(number)"), in: "configmaps") }
        var seen: [String] = []
        while seen.count < count { seen += try #require(try await cursor.next()).map(\.object.name) }
        #expect(seen == (0..<count).map { "n\($0)" })
    }

    @Test func `a watcher that falls behind history is told that it expired`() async throws {
        var cursor = try await store.watch("configmaps", after: store.currentVersion)
        for number in 0..<(EventLog.window * 3) {
            _ = try await store.create(configMap("n\(number)"), in: "configmaps")
        }
        do {
            while true { _ = try await cursor.next() }
        } catch {
            guard case .expired = error else { throw error }
        }
    }

    @Test func `a watch of the future is refused`() async throws {
        await #expect(throws: StorageError.future(requested: 10_000, current: store.currentVersion)) {
            _ = try await store.watch("configmaps", after: 10_000)
        }
    }

    @Test func `closing the store ends its watches`() async throws {
        let cursor = try await store.watch("configmaps", after: nil)
        let watching = Task {
            var cursor = cursor
            return try await cursor.next()
        }
        store.close()
        #expect(try await watching.value == nil)
        await #expect(throws: StorageError.closed) { try await store.create(configMap("late"), in: "configmaps") }
    }

    @Test func `a value is claimed by one object until that is gone`() async throws {
        let claim = Claim(space: "clusterIP", value: "127.96.0.9")
        let holder = try await store.create(configMap("a"), in: "services", claiming: [claim])
        await #expect(throws: StorageError.claimed(claim)) {
            try await store.create(configMap("b"), in: "services", claiming: [claim])
        }
        #expect(try await store.get(ObjectKey(namespace: "default", name: "b"), in: "services") == nil)
        _ = try await store.delete(holder.key, in: "services")
        _ = try await store.create(configMap("b"), in: "services", claiming: [claim])
        #expect(try await store.claimedValues(of: "clusterIP") == ["127.96.0.9"])
    }

    @Test func `dependents are found by their owner's uid`() async throws {
        var owned = configMap("owned")
        owned.ownerReferences = [OwnerReference(apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: "u-1")]
        let stored = try await store.create(owned, in: "configmaps")
        #expect(try await store.dependents(of: "u-1").map(\.key) == [owned.key])
        var free = stored
        free.ownerReferences = []
        _ = try await store.update(free, in: "configmaps", replacing: stored)
        #expect(try await store.dependents(of: "u-1").isEmpty)
    }

    @Test func `a file of a newer program is refused`() throws {
        let path = scratch.file("newer.db")
        let connection = try SQLiteConnection(path: path)
        try connection.execute("PRAGMA user_version=99")
        connection.close()
        #expect(throws: StorageError.self) { try ObjectStore(path: path) }
    }
}

@Suite struct SelectionOfEventsTests {
    private func event(_ change: StoreEvent.Change, _ now: String, before: String?) -> StoreEvent {
        StoreEvent(
            version: 2, change: change, resource: "configmaps", object: configMap("a", ["k": now]),
            previous: before.map { configMap("a", ["k": $0]) })
    }

    @Test(arguments: [
        (StoreEvent.Change.modified, "in", "in", StoreEvent.Change.modified), (.modified, "in", "out", .added),
        (.modified, "out", "in", .deleted), (.deleted, "in", "in", .deleted),
    ])
    func `an object that crosses the border of a selection comes or goes`(
        change: StoreEvent.Change, now: String, before: String, expected: StoreEvent.Change
    ) {
        let seen = event(change, now, before: before).seen { $0[path: "data", "k"]?.string == "in" }
        #expect(seen?.change == expected)
    }

    @Test func `what was never selected is not told`() {
        #expect(event(.modified, "out", before: "out").seen { $0[path: "data", "k"]?.string == "in" } == nil)
        #expect(event(.deleted, "out", before: "out").seen { $0[path: "data", "k"]?.string == "in" } == nil)
    }
}
