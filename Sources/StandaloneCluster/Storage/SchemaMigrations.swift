/// The store's tables, as numbered steps. A step that has shipped is never edited; a change is a new step.
enum SchemaMigrations {
    static let steps: [String] = [
        """
        CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO counters VALUES ('revision', 1), ('compacted', 1);

        CREATE TABLE objects(
            resource TEXT NOT NULL,
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            uid TEXT NOT NULL,
            body BLOB NOT NULL);
        CREATE UNIQUE INDEX objects_by_key ON objects(resource, namespace, name);
        CREATE INDEX objects_by_namespace ON objects(namespace, resource);
        CREATE INDEX objects_by_uid ON objects(uid);

        CREATE TABLE history(
            version INTEGER PRIMARY KEY,
            resource TEXT NOT NULL,
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            change INTEGER NOT NULL,
            body BLOB NOT NULL,
            previous BLOB);
        CREATE INDEX history_by_resource ON history(resource, version);
        CREATE INDEX history_by_key ON history(resource, namespace, name, version);

        CREATE TABLE claims(
            space TEXT NOT NULL,
            value TEXT NOT NULL,
            resource TEXT NOT NULL,
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY(space, value)) WITHOUT ROWID;
        CREATE INDEX claims_by_key ON claims(resource, namespace, name);

        CREATE TABLE owners(
            owner TEXT NOT NULL,
            resource TEXT NOT NULL,
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY(owner, resource, namespace, name)) WITHOUT ROWID;
        CREATE INDEX owners_by_key ON owners(resource, namespace, name);
        """
    ]

    /// Brings a database to the newest step, each step in its own transaction. Refuses a file written by a newer
    /// program.
    static func run(on connection: SQLiteConnection) throws(StorageError) {
        let reached = try connection.statement("PRAGMA user_version").integer() ?? 0
        guard reached <= steps.count else {
            throw .database(
                code: 0,
                message: "the database has schema step \(reached), this program knows \(steps.count): use a newer one")
        }
        for step in Int(reached)..<steps.count {
            do throws(StorageError) {
                try connection.execute("BEGIN IMMEDIATE")
                try connection.execute(steps[step])
                try connection.execute("PRAGMA user_version=\(step + 1)")
                try connection.execute("COMMIT")
            } catch {
                try? connection.execute("ROLLBACK")
                throw error
            }
        }
    }
}
