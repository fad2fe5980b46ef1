import KubeObjects

/// Kubernetes objects in one SQLite file: by resource, namespace and name, under one revision that rises with every
/// write and outlives the process. Objects are read from the file when they are asked for and kept nowhere else.
///
/// Any number of tasks may use it; SQLite runs on two threads of its own, one that writes and one that reads.
package final class ObjectStore: Sendable {
    package struct Settings: Sendable {
        /// Writes that watchers and paged lists can go back; older positions answer `expired`.
        package var historyLimit: Int

        package init(historyLimit: Int = 10_000) { self.historyLimit = historyLimit }
    }

    let events: EventLog
    private let writer: Writer
    private let reader: Reader

    /// Opens or makes the file at `path`. Blocks for as long as SQLite needs to open it.
    package init(path: String, settings: Settings = Settings()) throws(StorageError) {
        let connection = try SQLiteConnection(path: path)
        try SchemaMigrations.run(on: connection)
        let revision = try SnapshotReading(connection: connection).revision()
        events = EventLog(head: revision)
        writer = try Writer(connection, settings: settings, events: events)
        reader = try Reader(path: path)
    }

    /// Ends all watches, lets accepted writes commit, and closes the file. Blocks while they do.
    package func close() {
        events.close()
        writer.close()
        reader.close()
    }

    /// Ends all watches; reads and writes go on.
    package func endWatches() { events.close() }

    // MARK: Writing

    /// Stores a new object and gives it back with its resourceVersion.
    package func create(
        _ object: KubeObject, in resource: String, claiming claims: Set<Claim> = []
    ) async throws(StorageError) -> KubeObject {
        try await writer.write { transaction throws(StorageError) in
            try transaction.create(object, in: resource, claiming: claims)
        }
    }

    /// Replaces `previous` when it is still what is stored; else `conflict`.
    package func update(
        _ object: KubeObject, in resource: String, replacing previous: KubeObject, claiming claims: Set<Claim>? = nil
    ) async throws(StorageError) -> KubeObject {
        try await writer.write { transaction throws(StorageError) in
            try transaction.update(object, in: resource, replacing: previous, claiming: claims)
        }
    }

    /// Removes an object; with `expected`, only when it still has that version. Gives its last state.
    package func delete(
        _ key: ObjectKey, in resource: String, expecting expected: Int64? = nil
    ) async throws(StorageError) -> KubeObject {
        try await writer.write { transaction throws(StorageError) in
            try transaction.delete(key, in: resource, expecting: expected)
        }
    }

    // MARK: Reading

    package func get(_ key: ObjectKey, in resource: String) async throws(StorageError) -> KubeObject? {
        try await reader.read { snapshot throws(StorageError) in try snapshot.body(resource, key) }
            .map(StoredBody.object)
    }

    /// The version of the newest write.
    package var currentVersion: Int64 { events.head }

    package func namesOfResources(inNamespace namespace: String) async throws(StorageError) -> [String] {
        try await reader.read { snapshot throws(StorageError) in
            try snapshot.texts("SELECT DISTINCT resource FROM objects WHERE namespace=?1", namespace)
        }
    }

    /// The objects that name `uid` as an owner.
    package func dependents(of uid: String) async throws(StorageError) -> [(resource: String, key: ObjectKey)] {
        try await reader.read { snapshot throws(StorageError) in try snapshot.dependents(of: uid) }
    }

    package func exists(uid: String) async throws(StorageError) -> Bool {
        try await reader.read { snapshot throws(StorageError) in try snapshot.exists(uid: uid) }
    }

    /// Every value of `space` that is held.
    package func claimedValues(of space: String) async throws(StorageError) -> [String] {
        try await reader.read { snapshot throws(StorageError) in
            try snapshot.texts("SELECT value FROM claims WHERE space=?1", space)
        }
    }

    /// See `SnapshotReading.unfinished`.
    func unfinished() async throws(StorageError) -> [(resource: String, key: ObjectKey, isMarked: Bool)] {
        try await reader.read { snapshot throws(StorageError) in try snapshot.unfinished() }
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (SnapshotReading) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        try await reader.read(body)
    }
}
