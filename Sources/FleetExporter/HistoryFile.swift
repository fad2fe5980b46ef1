import CLibSQLite
import NIOPosix
import Probing

/// The fleet's history in one SQLite file, touched by one thread of its own.
final class HistoryFile: Sendable {
    /// Used on `thread` alone.
    private struct Database: @unchecked Sendable {
        let handle: OpaquePointer
    }

    /// How long a statement waits for another process that holds the file: a backup that reads it, or the exporter
    /// before this one, whose last connection folds its log into the file as it closes. Milliseconds.
    private static let patience: Int32 = 5000

    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let database: Database

    /// Opens or makes the file; blocks for as long as that takes.
    init(_ path: String) throws {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            sqlite3_close_v2(handle)
            throw WebConfigurationError(
                "--history.file \(path) cannot be opened: \(String(cString: sqlite3_errstr(code)))")
        }
        database = Database(handle: handle)
        sqlite3_busy_timeout(handle, Self.patience)
        do {
            try Self.run(handle, "PRAGMA journal_mode = WAL")
            try Self.run(handle, "PRAGMA synchronous = NORMAL")
            try Self.run(
                handle,
                """
                CREATE TABLE IF NOT EXISTS availability(
                    uid TEXT NOT NULL, hour INTEGER NOT NULL, watched REAL NOT NULL, ready REAL NOT NULL,
                    PRIMARY KEY (uid, hour)) WITHOUT ROWID
                """)
            try Self.run(
                handle, "CREATE TABLE IF NOT EXISTS provisioning(uid TEXT PRIMARY KEY, seconds REAL NOT NULL)")
        } catch {
            sqlite3_close_v2(handle)
            throw error
        }
        thread.start()
    }

    /// Closes the file once what was asked before is done.
    func close() async {
        let database = database
        try? await thread.runIfActive { _ = sqlite3_close_v2(database.handle) }
        try? await thread.shutdownGracefully()
    }

    /// Everything since `hour`, by uid; what is older is thrown away.
    func load(since hour: Int64) async throws -> [String: RememberedTenant] {
        let database = database
        return try await thread.runIfActive {
            let handle = database.handle
            try Self.prune(handle, before: hour)
            var found: [String: RememberedTenant] = [:]
            try Self.rows(handle, "SELECT uid, hour, watched, ready FROM availability ORDER BY uid, hour") { row in
                guard let number = UInt32(exactly: sqlite3_column_int64(row, 1)) else { return }
                found[Self.text(row, 0), default: RememberedTenant()].hours.append(
                    .init(
                        number: number, watched: Float(sqlite3_column_double(row, 2)),
                        ready: Float(sqlite3_column_double(row, 3))))
            }
            try Self.rows(handle, "SELECT uid, seconds FROM provisioning") { row in
                found[Self.text(row, 0), default: RememberedTenant()].provisioning = sqlite3_column_double(row, 1)
            }
            return found
        }
    }

    /// Throws away what is older than `hour`.
    func prune(before hour: Int64) async throws {
        let database = database
        try await thread.runIfActive { try Self.prune(database.handle, before: hour) }
    }

    private static func prune(_ handle: OpaquePointer, before hour: Int64) throws {
        try run(handle, "DELETE FROM availability WHERE hour < ?", [.integer(hour)])
        try run(handle, "DELETE FROM provisioning WHERE uid NOT IN (SELECT DISTINCT uid FROM availability)")
    }

    /// All of it, or nothing.
    func save(_ changes: [String: RememberedTenant]) async throws {
        guard !changes.isEmpty else { return }
        let database = database
        try await thread.runIfActive {
            let handle = database.handle
            try Self.run(handle, "BEGIN IMMEDIATE")
            do {
                for (uid, tenant) in changes {
                    for hour in tenant.hours {
                        try Self.run(
                            handle, "INSERT OR REPLACE INTO availability VALUES (?, ?, ?, ?)",
                            [
                                .text(uid), .integer(Int64(hour.number)), .real(Double(hour.watched)),
                                .real(Double(hour.ready)),
                            ])
                    }
                    if let seconds = tenant.provisioning {
                        try Self.run(
                            handle, "INSERT OR REPLACE INTO provisioning VALUES (?, ?)", [.text(uid), .real(seconds)])
                    }
                }
                try Self.run(handle, "COMMIT")
            } catch {
                try? Self.run(handle, "ROLLBACK")
                throw error
            }
        }
    }

    // MARK: Statements

    /// SQLITE_TRANSIENT, a macro: SQLite makes its own copy.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private enum Value {
        case text(String), integer(Int64), real(Double)
    }

    private static func run(_ handle: OpaquePointer, _ sql: String, _ values: [Value] = []) throws {
        try rows(handle, sql, values) { _ in }
    }

    private static func rows(
        _ handle: OpaquePointer, _ sql: String, _ values: [Value] = [], _ body: (OpaquePointer) -> Void
    ) throws {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw failure(handle)
        }
        defer { sqlite3_finalize(statement) }
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            switch value {
            case .integer(let number): sqlite3_bind_int64(statement, place, number)
            case .real(let number): sqlite3_bind_double(statement, place, number)
            case .text(let text):
                sqlite3_bind_text(statement, place, text, Int32(text.utf8.count), copied)
            }
        }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: body(statement)
            case SQLITE_DONE: return
            default: throw failure(handle)
            }
        }
    }

    private static func text(_ row: OpaquePointer, _ column: Int32) -> String {
        sqlite3_column_text(row, column).map { String(cString: $0) } ?? ""
    }

    private static func failure(_ handle: OpaquePointer) -> WebConfigurationError {
        let path = sqlite3_db_filename(handle, "main").map { String(cString: $0) } ?? ""
        return WebConfigurationError(
            "the history \(path) cannot be read or written: \(String(cString: sqlite3_errmsg(handle)))")
    }
}
