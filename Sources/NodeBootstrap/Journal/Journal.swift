import FoundationEssentials
import Glibc
import KubeObjects

/// What joining has done to this machine, kept so that a join goes on after any interruption and a reset undoes exactly
/// what was done. Each call is on the disk when it returns.
package final class Journal: Sendable {
    private let thread: WorkThread
    private let box: DatabaseBox
    private let files: HostFiles
    /// Of the file that was opened.
    private let file: HostFiles.FileID?
    /// Where the damaged journal was put, if there was one.
    package let damagedPath: String?

    package static let path = "\(AgentFiles.directory)/journal.db"
    /// Whether the agent's folder was made with the journal; a package makes it otherwise, and keeps it.
    package static let ownFolder = "made-folder"

    /// Opens or makes the journal beneath `files`. A damaged one is put aside, and a new one begun: what is on the disk
    /// then counts as foreign.
    ///
    /// - Parameter repairing: whether it may be put aside; else a damaged one is an error.
    package static func open(
        _ files: HostFiles, on thread: WorkThread, repairing: Bool = true
    ) async throws -> Journal {
        let isNew = try await thread.run { !files.exists(AgentFiles.directory) }
        let (box, damaged, file) = try await thread.run {
            let (box, damaged) = try openDatabase(files, repairing)
            return (box, damaged, try files.attributes(path)?.file)
        }
        let journal = Journal(thread, box, files, file, damaged)
        if isNew { try await journal.setFact(ownFolder, true) }
        return journal
    }

    private static func openDatabase(_ files: HostFiles, _ repairing: Bool) throws -> (DatabaseBox, String?) {
        for folder in files.missingFolders(AgentFiles.directory) {
            try files.makeFolder(folder, mode: folder == AgentFiles.directory ? 0o700 : 0o755)
        }
        let place = files.place(path)
        // SQLite makes files by the umask; this one says which tenant is joined and where backups are.
        let previous = umask(0o077)
        defer { umask(previous) }
        let opened = Result { () throws(JournalError) in try JournalDatabase(path: place) }
        switch opened {
        case .success(let database): return (DatabaseBox(database), nil)
        case .failure(let error):
            guard error.isDamage else { throw error }
            guard repairing else {
                throw JournalError(
                    code: error.code,
                    message: "\(error.message): \"kamaji-agent join\" puts it aside and begins another")
            }
            let aside = "\(path).damaged"
            try files.move(path, to: aside)
            for suffix in ["-wal", "-shm"] { try files.remove(path + suffix) }
            return (DatabaseBox(try JournalDatabase(path: place)), aside)
        }
    }

    /// Whether a journal is there, without making one.
    package static func exists(_ files: HostFiles) -> Bool { files.exists(path) }

    /// Whether this is still the journal of the machine: a reset removes it, and the next join makes another.
    package func isInPlace() async throws -> Bool {
        let (files, file) = (files, file)
        return try await thread.run { try files.attributes(Self.path)?.file == file && file != nil }
    }

    private init(
        _ thread: WorkThread, _ box: DatabaseBox, _ files: HostFiles, _ file: HostFiles.FileID?, _ damagedPath: String?
    ) {
        self.thread = thread
        self.box = box
        self.files = files
        self.file = file
        self.damagedPath = damagedPath
    }

    private func use<Value: Sendable>(
        _ body: @escaping @Sendable (JournalDatabase) throws -> Value
    ) async throws -> Value {
        let box = box
        return try await thread.run { try body(box.database) }
    }

    /// Confines the database to the thread that every use of it goes through.
    private final class DatabaseBox: @unchecked Sendable {  // only ever used on the journal's thread
        let database: JournalDatabase

        init(_ database: JournalDatabase) { self.database = database }
    }

    // MARK: Runs

    /// - Returns: its id.
    package func beginRun(_ verb: String, at now: Date) async throws -> Int64 {
        try await use { database in
            try database.run(
                "INSERT INTO run(verb, started) VALUES(?1, ?2)", .text(verb), .integer(Self.seconds(now)))
            return database.lastRow
        }
    }

    package func endRun(_ id: Int64, _ outcome: String, at now: Date) async throws {
        try await use { database in
            try database.run(
                "UPDATE run SET ended=?2, outcome=?3 WHERE id=?1", .integer(id), .integer(Self.seconds(now)),
                .text(outcome))
        }
    }

    /// Does `body` as a run of this verb: how it ended is noted, whether well or not.
    func run<Outcome>(
        _ verb: String, now: @Sendable () -> Date, _ body: () async throws -> Outcome
    ) async throws -> Outcome {
        let id = try await beginRun(verb, at: now())
        do {
            let outcome = try await body()
            try await endRun(id, "ok", at: now())
            return outcome
        } catch {
            try? await endRun(id, "\(error)", at: now())
            throw error
        }
    }

    /// How many runs of this verb there were, and how many ended well.
    package func runs(_ verb: String) async throws -> (all: Int64, succeeded: Int64) {
        try await use { database in
            try database.rows(
                "SELECT count(*), coalesce(sum(outcome='ok'), 0) FROM run WHERE verb=?1", .text(verb)
            ) { (all: $0.integer(0), succeeded: $0.integer(1)) }.first ?? (0, 0)
        }
    }

    // MARK: Phases

    package struct PhaseRecord: Sendable, Hashable {
        package enum State: String, Sendable { case doing, done, failed }
        package var name: String
        package var state: State
        /// What it was asked for, by a fingerprint.
        package var input: String
        package var output: JSON
        package var error: String
        package var attempts: Int64
    }

    /// In the order they were changed.
    package func phases() async throws -> [PhaseRecord] {
        try await use { database in
            try database.rows("SELECT name, state, input, output, error, attempts FROM phase ORDER BY changed, name") {
                PhaseRecord(
                    name: $0.text(0), state: .init(rawValue: $0.text(1)) ?? .failed, input: $0.text(2),
                    output: (try? JSON(parsing: $0.text(3))) ?? .null, error: $0.text(4), attempts: $0.integer(5))
            }
        }
    }

    package func phase(_ name: String) async throws -> PhaseRecord? {
        try await phases().first { $0.name == name }
    }

    /// Before the first effect. What an earlier attempt gave is kept until this one gives something.
    package func begin(_ phase: String, input: String, at now: Date) async throws {
        try await use { database in
            try database.run(
                """
                INSERT INTO phase(name, state, input, output, error, attempts, changed)
                VALUES(?1, 'doing', ?2, 'null', '', 1, ?3)
                ON CONFLICT(name) DO UPDATE SET
                    state='doing', input=?2, error='', attempts=attempts+1, changed=?3
                """, .text(phase), .text(input), .integer(Self.seconds(now)))
        }
    }

    package func finish(_ phase: String, output: JSON, at now: Date) async throws {
        try await use { database in
            try database.run(
                "UPDATE phase SET state='done', output=?2, error='', changed=?3 WHERE name=?1", .text(phase),
                .text(String(decoding: output.encoded(), as: UTF8.self)), .integer(Self.seconds(now)))
        }
    }

    package func fail(_ phase: String, error: String, at now: Date) async throws {
        try await use { database in
            try database.run(
                "UPDATE phase SET state='failed', error=?2, changed=?3 WHERE name=?1", .text(phase), .text(error),
                .integer(Self.seconds(now)))
        }
    }

    // MARK: Facts

    package func fact(_ name: String) async throws -> JSON? {
        try await use { database in
            try database.rows("SELECT value FROM fact WHERE name=?1", .text(name)) { $0.text(0) }.first
                .flatMap { try? JSON(parsing: $0) }
        }
    }

    package func setFact(_ name: String, _ value: JSON) async throws {
        try await use { database in
            try database.run(
                "INSERT INTO fact VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value=?2", .text(name),
                .text(String(decoding: value.encoded(), as: UTF8.self)))
        }
    }

    // MARK: What was there, and what is ours

    package func files() async throws -> [FileRecord] {
        try await use { database in
            try database.rows(
                """
                SELECT path, sha256, mode, backup, prior_mode, prior_uid, prior_gid, prior_target FROM file ORDER BY path
                """
            ) {
                FileRecord(
                    path: $0.text(0), sha256: $0.text(1), mode: UInt32(clamping: $0.integer(2)),
                    prior: $0.isNull(3)
                        ? nil
                        : FileRecord.Prior(
                            backup: $0.text(3), mode: UInt32(clamping: $0.integer(4)),
                            uid: UInt32(clamping: $0.integer(5)), gid: UInt32(clamping: $0.integer(6)),
                            target: $0.isNull(7) ? nil : $0.text(7)))
            }
        }
    }

    /// The first record's word on what was there before stands.
    package func record(_ file: FileRecord) async throws {
        try await use { database in
            try database.run(
                """
                INSERT INTO file(path, sha256, mode, backup, prior_mode, prior_uid, prior_gid, prior_target)
                VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                ON CONFLICT(path) DO UPDATE SET sha256=?2, mode=?3
                """, .text(file.path), .text(file.sha256), .integer(Int64(file.mode)),
                file.prior.map { .text($0.backup) } ?? .null, .integer(Int64(file.prior?.mode ?? 0)),
                .integer(Int64(file.prior?.uid ?? 0)), .integer(Int64(file.prior?.gid ?? 0)),
                file.prior?.target.map { .text($0) } ?? .null)
        }
    }

    package func folders() async throws -> [String] { try await texts("SELECT path FROM folder ORDER BY path") }

    package func record(folders: [String]) async throws {
        guard !folders.isEmpty else { return }
        try await use { database in
            try database.runTogether(folders.map { ("INSERT OR IGNORE INTO folder VALUES(?1)", [.text($0)]) })
        }
    }

    package func units() async throws -> [UnitRecord] {
        try await use { database in
            try database.rows("SELECT name, was_enabled, was_running FROM unit ORDER BY name") {
                UnitRecord(name: $0.text(0), wasEnabled: $0.integer(1) != 0, wasRunning: $0.integer(2) != 0)
            }
        }
    }

    /// The first word stands.
    package func record(_ unit: UnitRecord) async throws {
        try await use { database in
            try database.run(
                "INSERT OR IGNORE INTO unit VALUES(?1, ?2, ?3)", .text(unit.name), .integer(unit.wasEnabled ? 1 : 0),
                .integer(unit.wasRunning ? 1 : 0))
        }
    }

    /// What lay in the kubelet's folders before it came. The first word stands.
    package func record(territory path: String, existed: Bool, bystanders: [String]) async throws {
        try await use { database in
            let known = try database.rows("SELECT 1 FROM territory WHERE path=?1", .text(path)) { $0.integer(0) }
            guard known.isEmpty else { return }
            try database.runTogether(
                [("INSERT INTO territory VALUES(?1, ?2)", [.text(path), .integer(existed ? 1 : 0)])]
                    + bystanders.map { ("INSERT OR IGNORE INTO bystander VALUES(?1)", [.text($0)]) })
        }
    }

    package func territories() async throws -> [(path: String, existed: Bool)] {
        try await use { database in
            try database.rows("SELECT path, existed FROM territory ORDER BY path") {
                (path: $0.text(0), existed: $0.integer(1) != 0)
            }
        }
    }

    package func bystanders() async throws -> Set<String> { Set(try await texts("SELECT path FROM bystander")) }

    /// After a reset: nothing of ours is there any more. The runs stay.
    package func forgetEverything() async throws {
        try await use { database in
            try database.runTogether(
                ["phase", "file", "folder", "unit", "territory", "bystander", "fact"].map { ("DELETE FROM \($0)", []) })
        }
    }

    package func forget(file path: String) async throws {
        try await use { database in
            try database.run("DELETE FROM file WHERE path=?1", .text(path))
        }
    }

    private func texts(_ sql: String) async throws -> [String] {
        try await use { database in
            try database.rows(sql) { $0.text(0) }
        }
    }

    private static func seconds(_ date: Date) -> Int64 { Int64(date.timeIntervalSince1970) }
}

/// A file that we wrote.
package struct FileRecord: Sendable, Hashable {
    package struct Prior: Sendable, Hashable {
        /// Where its content is kept; of no meaning for a link.
        package var backup: String
        package var mode: UInt32
        package var uid: UInt32
        package var gid: UInt32
        /// Where it led, if it was a symbolic link; nil for a file.
        package var target: String?
    }

    package var path: String
    /// Of what we wrote, lower-case hexadecimal.
    package var sha256: String
    package var mode: UInt32
    /// Nil when there was nothing.
    package var prior: Prior?
}

/// A unit that we started or enabled, as it was before.
package struct UnitRecord: Sendable, Hashable {
    package var name: String
    package var wasEnabled: Bool
    package var wasRunning: Bool

    package init(name: String, wasEnabled: Bool, wasRunning: Bool) {
        self.name = name
        self.wasEnabled = wasEnabled
        self.wasRunning = wasRunning
    }
}

/// Where the agent keeps what is its own.
package enum AgentFiles {
    package static let directory = "/var/lib/kamaji-agent"
    package static let backups = "\(directory)/backup"
    package static let key = "\(directory)/agent.key"
    /// The one that a renewal is under way with; it becomes `key` when its certificate is there.
    package static let nextKey = "\(directory)/agent-next.key"
    package static let certificate = "\(directory)/agent.crt"
    package static let authorities = "\(directory)/ca.crt"
    /// Sealed with the agent's key.
    package static let credential = "\(directory)/credential"
    package static let lock = "/run/kamaji-agent/lock"
}
