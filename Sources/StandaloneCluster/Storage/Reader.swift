/// The reading side: a connection and a thread of its own, so that a list never waits for a commit.
final class Reader: Sendable {
    private typealias Job = @Sendable (SQLiteConnection) -> Void

    private let thread: DatabaseThread<Job>

    init(path: String) throws(StorageError) {
        // Opened here, used by the thread alone from then on.
        nonisolated(unsafe) let connection = try SQLiteConnection(path: path)
        try connection.execute("PRAGMA query_only=ON")
        thread = try DatabaseThread { jobs in
            for job in jobs { job(connection) }
        } end: {
            connection.close()
        }
    }

    func close() { thread.close() }

    /// Runs `body` in one read transaction.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (SnapshotReading) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let result: Result<Value, StorageError> = await withCheckedContinuation { continuation in
            let job: Job = { connection in
                let outcome = Result<Value, StorageError>(catching: { () throws(StorageError) in
                    try connection.execute("BEGIN")
                    defer { try? connection.execute("COMMIT") }
                    return try body(SnapshotReading(connection: connection))
                })
                continuation.resume(returning: outcome)
            }
            if !thread.submit(job) { continuation.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }
}
