/// The one writer: jobs that gather while a commit runs go into the next commit together.
final class Writer: Sendable {
    private let thread: DatabaseThread<WriteJob>

    init(
        _ connection: SQLiteConnection, settings: ObjectStore.Settings, events: EventLog
    ) throws(StorageError) {
        let batches = try WriteBatches(connection, settings: settings, events: events)
        // From here on the connection belongs to the thread alone.
        nonisolated(unsafe) let owned = batches
        thread = try DatabaseThread { entries in
            owned.commit(entries)
        } end: {
            owned.close()
        }
    }

    func close() { thread.close() }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (WriteTransaction) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let result: Result<Value, StorageError> = await withCheckedContinuation { continuation in
            let job = WriteJob { transaction in
                let outcome = Result<Value, StorageError>(catching: { () throws(StorageError) in try body(transaction) }
                )
                var failure: StorageError?
                if case .failure(let error) = outcome { failure = error }
                return (failure, { continuation.resume(returning: outcome) })
            } fail: {
                continuation.resume(returning: .failure($0))
            }
            if !thread.submit(job) { job.fail(.closed) }
        }
        return try result.get()
    }
}

private struct WriteJob: Sendable {
    /// Does its writes; `finish` hands the caller the outcome, once the commit is through.
    let run: @Sendable (WriteTransaction) -> (failure: StorageError?, finish: @Sendable () -> Void)
    /// Called instead of `finish` when the commit is lost.
    let fail: @Sendable (StorageError) -> Void
}

/// Commits batch after batch on the writer's thread, and keeps history within its bound.
private final class WriteBatches {
    private let connection: SQLiteConnection
    private let settings: ObjectStore.Settings
    private let events: EventLog
    private var revision: Int64
    private var compacted: Int64

    init(_ connection: SQLiteConnection, settings: ObjectStore.Settings, events: EventLog) throws(StorageError) {
        self.connection = connection
        self.settings = settings
        self.events = events
        let reading = SnapshotReading(connection: connection)
        revision = try reading.revision()
        compacted = try reading.compacted()
    }

    func close() {
        try? connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    }

    func commit(_ jobs: [WriteJob]) {
        var finishes: [@Sendable () -> Void] = []
        do throws(StorageError) {
            try connection.execute("BEGIN IMMEDIATE")
            let transaction = WriteTransaction(connection, revision: revision)
            for job in jobs {
                let mark = (transaction.revision, transaction.events.count)
                try connection.execute("SAVEPOINT job")
                let (failure, finish) = job.run(transaction)
                finishes.append(finish)
                if failure != nil {
                    transaction.forget(since: mark)
                    try connection.execute("ROLLBACK TO job")
                }
                try connection.execute("RELEASE job")
            }
            if transaction.revision > revision {
                try connection.statement("UPDATE counters SET value=?1 WHERE name='revision'").run(
                    .integer(transaction.revision))
            }
            try compact(upTo: transaction.revision)
            try connection.execute("COMMIT")
            revision = transaction.revision
            if !transaction.events.isEmpty { events.publish(transaction.events, head: revision) }
            for finish in finishes { finish() }
        } catch {
            try? connection.execute("ROLLBACK")
            compacted = (try? SnapshotReading(connection: connection).compacted()) ?? compacted
            for job in jobs { job.fail(error) }
        }
    }

    private func compact(upTo newest: Int64) throws(StorageError) {
        let limit = Int64(settings.historyLimit)
        guard newest - compacted > limit + limit / 8 else { return }
        compacted = newest - limit
        try connection.statement("DELETE FROM history WHERE version<=?1").run(.integer(compacted))
        try connection.statement("UPDATE counters SET value=?1 WHERE name='compacted'").run(.integer(compacted))
    }
}
