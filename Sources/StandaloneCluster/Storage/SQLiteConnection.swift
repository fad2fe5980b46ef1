import CLibSQLite

/// One SQLite connection with its prepared statements. Not Sendable: it lives and dies on one `DatabaseThread`.
final class SQLiteConnection {
    private let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]

    /// Opens `path` (made when missing) in WAL mode. A commit survives a crash of the process at once, and a crash of
    /// the machine from the next checkpoint on (`synchronous=NORMAL`); the file is never torn.
    init(path: String) throws(StorageError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw .database(code: code, message: "cannot open \(path): \(message)")
        }
        handle = opened
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, 10_000)
        try execute("PRAGMA journal_mode=WAL")
        try execute("PRAGMA synchronous=NORMAL")
        try execute("PRAGMA foreign_keys=OFF")
        try execute("PRAGMA cache_size=-4096")
        try execute("PRAGMA journal_size_limit=67108864")
    }

    func close() {
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    /// Runs SQL that takes no values, and drops what rows it gives.
    func execute(_ sql: String) throws(StorageError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// The statement for `sql`, prepared once and kept, with no values bound.
    func statement(_ sql: String) throws(StorageError) -> SQLiteStatement {
        if let kept = statements[sql] {
            kept.reset()
            return kept
        }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw error(code) }
        let statement = SQLiteStatement(prepared, of: handle)
        statements[sql] = statement
        return statement
    }

    var changedRows: Int { Int(sqlite3_changes(handle)) }

    private func error(_ code: Int32) -> StorageError {
        .database(code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
}

/// One prepared statement. Values are bound in order, then rows are stepped through.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer

    fileprivate init(_ handle: OpaquePointer, of connection: OpaquePointer) {
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    enum Value {
        case text(String)
        case integer(Int64)
        case blob([UInt8])
        case null
    }

    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    /// Binds `values` to ?1, ?2, … and runs the statement to its end.
    func run(_ values: Value...) throws(StorageError) {
        try bind(values)
        while try step() {}
        reset()
    }

    /// Binds `values` and hands every row to `row`.
    func rows(_ values: [Value], _ row: (SQLiteStatement) throws(StorageError) -> Void) throws(StorageError) {
        try bind(values)
        defer { reset() }
        while try step() { try row(self) }
    }

    /// The first row's first column as an integer; nil without a row.
    func integer(_ values: Value...) throws(StorageError) -> Int64? {
        try bind(values)
        defer { reset() }
        guard try step() else { return nil }
        return integer(at: 0)
    }

    private func bind(_ values: [Value]) throws(StorageError) {
        // SQLite copies what is bound, so nothing of ours has to outlive this call.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            let code: Int32
            switch value {
            case .text(let text): code = sqlite3_bind_text(handle, position, text, Int32(text.utf8.count), copied)
            case .integer(let number): code = sqlite3_bind_int64(handle, position, number)
            case .blob(let bytes):
                code = bytes.withUnsafeBytes {
                    sqlite3_bind_blob64(handle, position, $0.baseAddress, UInt64($0.count), copied)
                }
            case .null: code = sqlite3_bind_null(handle, position)
            }
            guard code == SQLITE_OK else { throw error(code) }
        }
    }

    private func step() throws(StorageError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let failure = error(code)
            reset()
            throw failure
        }
    }

    func text(at column: Int32) -> String {
        guard let bytes = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    func integer(at column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// The column's bytes; nil when it is NULL.
    func bytes(at column: Int32) -> [UInt8]? {
        guard sqlite3_column_type(handle, column) != SQLITE_NULL else { return nil }
        let count = Int(sqlite3_column_bytes(handle, column))
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    private func error(_ code: Int32) -> StorageError {
        .database(code: code, message: String(cString: sqlite3_errmsg(connection)))
    }
}
