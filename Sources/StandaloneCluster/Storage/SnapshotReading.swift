import KubeObjects

/// Rows of one resource, or of one namespace of it, in key order.
struct RowRange: Sendable {
    var resource: String
    var namespace: String?
    /// Rows after this key; nil starts at the first.
    var after: ObjectKey?
    var limit: Int
}

struct StoredRow: Sendable {
    let key: ObjectKey
    let body: [UInt8]
}

/// Reads on the reader's thread. Each call sees one committed state of the database.
struct SnapshotReading {
    let connection: SQLiteConnection

    func revision() throws(StorageError) -> Int64 {
        try connection.statement("SELECT value FROM counters WHERE name='revision'").integer() ?? 1
    }

    func compacted() throws(StorageError) -> Int64 {
        try connection.statement("SELECT value FROM counters WHERE name='compacted'").integer() ?? 1
    }

    func body(_ resource: String, _ key: ObjectKey) throws(StorageError) -> [UInt8]? {
        var found: [UInt8]?
        try connection.statement("SELECT body FROM objects WHERE resource=?1 AND namespace=?2 AND name=?3")
            .rows([.text(resource), .text(key.namespace ?? ""), .text(key.name)]) { found = $0.bytes(at: 0) }
        return found
    }

    /// The rows as they stood at `version`, up to `range.limit` of them: what has not changed since, and what history
    /// says stood before the first change after it.
    func rows(_ range: RowRange, at version: Int64) throws(StorageError) -> [StoredRow] {
        let current = try revision()
        guard version <= current else { throw .future(requested: version, current: current) }
        var rows = try query(
            "SELECT namespace, name, body FROM objects WHERE resource=?1 AND version<=?2", range, version)
        if version < current {
            let oldest = try compacted()
            guard version >= oldest else { throw .expired(requested: version, oldest: oldest) }
            let former = try query(
                """
                SELECT namespace, name, previous AS body FROM history h
                WHERE resource=?1 AND version>?2 AND previous IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM history e WHERE e.resource=h.resource AND e.namespace=h.namespace
                    AND e.name=h.name AND e.version>?2 AND e.version<h.version)
                """, range, version)
            rows = Array((rows + former).sorted { $0.key < $1.key }.prefix(range.limit))
        }
        return rows
    }

    private func query(_ select: String, _ range: RowRange, _ version: Int64) throws(StorageError) -> [StoredRow] {
        var sql = select + " AND (namespace, name) > (?3, ?4)"
        if range.namespace != nil { sql += " AND namespace=?6" }
        sql += " ORDER BY namespace, name LIMIT ?5"
        var values: [SQLiteStatement.Value] = [
            .text(range.resource), .integer(version), .text(range.after?.namespace ?? ""),
            .text(range.after?.name ?? ""), .integer(Int64(range.limit)),
        ]
        if let namespace = range.namespace { values.append(.text(namespace)) }
        var rows: [StoredRow] = []
        try connection.statement(sql).rows(values) { row in
            let namespace = row.text(at: 0)
            let key = ObjectKey(namespace: namespace.isEmpty ? nil : namespace, name: row.text(at: 1))
            rows.append(StoredRow(key: key, body: row.bytes(at: 2) ?? []))
        }
        return rows
    }

    /// How many rows follow `range.after`, now.
    func count(_ range: RowRange) throws(StorageError) -> Int {
        var sql = "SELECT COUNT(*) FROM objects WHERE resource=?1 AND (namespace, name) > (?2, ?3)"
        if range.namespace != nil { sql += " AND namespace=?4" }
        var values: [SQLiteStatement.Value] = [
            .text(range.resource), .text(range.after?.namespace ?? ""), .text(range.after?.name ?? ""),
        ]
        if let namespace = range.namespace { values.append(.text(namespace)) }
        var count: Int64 = 0
        try connection.statement(sql).rows(values) { count = $0.integer(at: 0) }
        return Int(count)
    }

    /// Events of `resource` (nil: of all) after `version`, oldest first, and the position they lead to.
    func events(
        _ resource: String?, after version: Int64, limit: Int
    ) throws(StorageError) -> (events: [StoreEvent], upTo: Int64) {
        let current = try revision()
        let oldest = try compacted()
        guard version >= oldest else { throw .expired(requested: version, oldest: oldest) }
        guard version <= current else { throw .future(requested: version, current: current) }
        var events: [StoreEvent] = []
        let filter = resource == nil ? "" : "AND resource=?3"
        var values: [SQLiteStatement.Value] = [.integer(version), .integer(Int64(limit))]
        if let resource { values.append(.text(resource)) }
        try connection.statement(
            """
            SELECT version, change, body, previous, resource FROM history
            WHERE version>?1 \(filter) ORDER BY version LIMIT ?2
            """
        ).rows(values) { row in
            events.append(
                StoreEvent(
                    version: row.integer(at: 0), change: StoreEvent.Change(rawValue: row.integer(at: 1)) ?? .modified,
                    resource: row.text(at: 4), object: StoredBody.object(row.bytes(at: 2) ?? []),
                    previous: row.bytes(at: 3).map(StoredBody.object)))
        }
        return (events, events.count < limit ? current : events.last?.version ?? current)
    }

    /// Objects that are marked for deletion, and objects an owner of which is no more: what a controller has to look
    /// at that was not there to see it happen.
    func unfinished() throws(StorageError) -> [(resource: String, key: ObjectKey, isMarked: Bool)] {
        var found: [(String, ObjectKey, Bool)] = []
        let sources = [
            (
                "SELECT resource, namespace, name FROM objects WHERE CAST(body AS TEXT)->>'$.metadata.deletionTimestamp' IS NOT NULL",
                true
            ),
            (
                """
                SELECT DISTINCT resource, namespace, name FROM owners
                WHERE NOT EXISTS (SELECT 1 FROM objects WHERE uid=owner)
                """, false
            ),
        ]
        for (sql, isMarked) in sources {
            try connection.statement(sql).rows([]) { row in
                let namespace = row.text(at: 1)
                let key = ObjectKey(namespace: namespace.isEmpty ? nil : namespace, name: row.text(at: 2))
                found.append((row.text(at: 0), key, isMarked))
            }
        }
        return found
    }

    func dependents(of uid: String) throws(StorageError) -> [(resource: String, key: ObjectKey)] {
        var found: [(String, ObjectKey)] = []
        try connection.statement("SELECT resource, namespace, name FROM owners WHERE owner=?1 ORDER BY 1, 2, 3")
            .rows([.text(uid)]) { row in
                let namespace = row.text(at: 1)
                found.append(
                    (row.text(at: 0), ObjectKey(namespace: namespace.isEmpty ? nil : namespace, name: row.text(at: 2))))
            }
        return found
    }

    func exists(uid: String) throws(StorageError) -> Bool {
        try connection.statement("SELECT 1 FROM objects WHERE uid=?1 LIMIT 1").integer(.text(uid)) != nil
    }

    func texts(_ sql: String, _ value: String) throws(StorageError) -> [String] {
        var found: [String] = []
        try connection.statement(sql).rows([.text(value)]) { found.append($0.text(at: 0)) }
        return found
    }
}
