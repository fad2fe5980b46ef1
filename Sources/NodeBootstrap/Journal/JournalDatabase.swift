import CLibSQLite

/// The journal's SQLite file. Not Sendable: it lives and dies on one `WorkThread`.
final class JournalDatabase {
    private let handle: OpaquePointer

    /// Steps of the schema. One that has shipped is never edited; a change is a new step. No table holds a secret.
    private static let steps = [
        """
        CREATE TABLE run(
            id INTEGER PRIMARY KEY, verb TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER, outcome TEXT);
        CREATE TABLE phase(
            name TEXT PRIMARY KEY, state TEXT NOT NULL, input TEXT NOT NULL, output TEXT NOT NULL, error TEXT NOT NULL,
            attempts INTEGER NOT NULL, changed INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE file(
            path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, mode INTEGER NOT NULL, backup TEXT,
            prior_mode INTEGER NOT NULL, prior_uid INTEGER NOT NULL, prior_gid INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE folder(path TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE unit(name TEXT PRIMARY KEY, was_enabled INTEGER NOT NULL, was_running INTEGER NOT NULL)
            WITHOUT ROWID;
        CREATE TABLE territory(path TEXT PRIMARY KEY, existed INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE bystander(path TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE fact(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        """,
        "ALTER TABLE file ADD COLUMN prior_target TEXT",
        // Noted by itself since then: a phase is done anew by every run.
        """
        INSERT OR IGNORE INTO fact SELECT 'enrolled', 'true' FROM phase WHERE name='agent-enrolment' AND state='done'
        """,
    ]

    /// Opens or makes it, and checks that it is whole. Every commit is on the disk before the call returns: what was
    /// "begun" is known after the power went.
    init(path: String) throws(JournalError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw JournalError(code: code, message: "the journal \(path) cannot be opened: \(message)")
        }
        handle = opened
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, 5000)
        for pragma in ["journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=100", "foreign_keys=ON"] {
            try execute("PRAGMA \(pragma)")
        }
        guard try rows("PRAGMA quick_check(1)", read: { $0.text(0) }) == ["ok"] else {
            throw JournalError(code: SQLITE_CORRUPT, message: "the journal \(path) is damaged")
        }
        try migrate()
    }

    deinit { sqlite3_close_v2(handle) }

    private func migrate() throws(JournalError) {
        let reached = try rows("PRAGMA user_version") { $0.integer(0) }.first ?? 0
        guard reached <= Self.steps.count else {
            throw JournalError(
                code: 0, message: "the journal was written by a newer kamaji-agent: use that one")
        }
        for (index, step) in Self.steps.enumerated() where Int64(index) >= reached {
            try execute("BEGIN IMMEDIATE;\(step);PRAGMA user_version=\(index + 1);COMMIT")
        }
    }

    /// All of `statements`, or nothing.
    func runTogether(_ statements: [(sql: String, values: [Value])]) throws(JournalError) {
        try execute("BEGIN IMMEDIATE")
        do {
            for statement in statements { _ = try step(statement.sql, statement.values) { _ in } }
            try execute("COMMIT")
        } catch {
            sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            throw error
        }
    }

    private func execute(_ sql: String) throws(JournalError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    enum Value {
        case text(String)
        case integer(Int64)
        case null
    }

    struct Row {
        fileprivate let statement: OpaquePointer

        func text(_ column: Int32) -> String {
            guard let bytes = sqlite3_column_text(statement, column) else { return "" }
            return String(
                decoding: UnsafeBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, column))),
                as: UTF8.self)
        }

        func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
        func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
    }

    /// Runs a statement with ?1, ?2… bound, and reads every row.
    func rows<Element>(
        _ sql: String, _ values: Value..., read: (Row) -> Element
    ) throws(JournalError) -> [Element] { try step(sql, values, read) }

    func run(_ sql: String, _ values: Value...) throws(JournalError) { _ = try step(sql, values) { _ in } }

    var lastRow: Int64 { sqlite3_last_insert_rowid(handle) }

    private func step<Element>(
        _ sql: String, _ values: [Value], _ read: (Row) -> Element
    ) throws(JournalError) -> [Element] {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, sql, -1, &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw failure(code) }
        defer { sqlite3_finalize(prepared) }
        // SQLite copies what is bound, so nothing of ours has to outlive this call.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            let code =
                switch value {
                case .text(let text): sqlite3_bind_text(prepared, place, text, Int32(clamping: text.utf8.count), copied)
                case .integer(let number): sqlite3_bind_int64(prepared, place, number)
                case .null: sqlite3_bind_null(prepared, place)
                }
            guard code == SQLITE_OK else { throw failure(code) }
        }
        var elements: [Element] = []
        while true {
            let code = sqlite3_step(prepared)
            if code == SQLITE_DONE { return elements }
            guard code == SQLITE_ROW else { throw failure(code) }
            elements.append(read(Row(statement: prepared)))
        }
    }

    private func failure(_ code: Int32) -> JournalError {
        JournalError(code: code, message: "the journal: \(String(cString: sqlite3_errmsg(handle)))")
    }
}

/// Why the journal could not be read or written.
package struct JournalError: Error, Sendable, Hashable, CustomStringConvertible {
    /// SQLite's extended result code.
    package let code: Int32
    package let message: String

    package var description: String { message }

    /// The file is no database any more, or a torn one.
    var isDamage: Bool { code & 0xFF == SQLITE_CORRUPT || code & 0xFF == SQLITE_NOTADB }
}
