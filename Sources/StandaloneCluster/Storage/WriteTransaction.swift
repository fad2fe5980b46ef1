import KubeObjects

/// The writes of one commit, on the writer's thread. Every write takes the next revision of the whole store and leaves
/// an event.
final class WriteTransaction {
    private let connection: SQLiteConnection
    private(set) var revision: Int64
    private(set) var events: [StoreEvent] = []

    init(_ connection: SQLiteConnection, revision: Int64) {
        self.connection = connection
        self.revision = revision
    }

    /// Takes back what was noted since `mark`; the caller rolls the database back.
    func forget(since mark: (revision: Int64, events: Int)) {
        revision = mark.revision
        events.removeSubrange(mark.events...)
    }

    func create(_ object: KubeObject, in resource: String, claiming claims: Set<Claim>) throws(StorageError)
        -> KubeObject
    {
        let key = object.key
        guard try row(resource, key) == nil else { throw .alreadyExists }
        let stored = stamped(object)
        let body = stored.json.encoded()
        try connection.statement("INSERT INTO objects VALUES (?1,?2,?3,?4,?5,?6)").run(
            .text(resource), .text(key.namespace ?? ""), .text(key.name), .integer(revision), .text(object.uid),
            .blob(body))
        try replaceClaims(of: resource, key, with: claims)
        try replaceOwners(of: resource, stored)
        try record(.added, resource, stored, body, previous: nil)
        return stored
    }

    /// Replaces `previous`, which must still be what is stored; `claims` nil leaves its claims alone.
    func update(
        _ object: KubeObject, in resource: String, replacing previous: KubeObject, claiming claims: Set<Claim>?
    ) throws(StorageError) -> KubeObject {
        let key = object.key
        let place: [SQLiteStatement.Value] = [.text(resource), .text(key.namespace ?? ""), .text(key.name)]
        var version: Int64?
        let select = "SELECT version FROM objects WHERE resource=?1 AND namespace=?2 AND name=?3"
        try connection.statement(select).rows(place) { version = $0.integer(at: 0) }
        guard let version else { throw .notFound }
        guard String(version) == previous.resourceVersion else { throw .conflict(current: version) }
        let stored = stamped(object)
        let body = stored.json.encoded()
        // The old body goes from table to table without passing through here.
        try connection.statement(
            """
            INSERT INTO history SELECT ?4, resource, namespace, name, 2, ?5, body FROM objects
            WHERE resource=?1 AND namespace=?2 AND name=?3
            """
        ).rows(place + [.integer(revision), .blob(body)]) { _ in }
        try connection.statement(
            "UPDATE objects SET version=?4, body=?5, uid=?6 WHERE resource=?1 AND namespace=?2 AND name=?3"
        ).rows(place + [.integer(revision), .blob(body), .text(object.uid)]) { _ in }
        if let claims { try replaceClaims(of: resource, key, with: claims) }
        if previous.ownerReferences != stored.ownerReferences { try replaceOwners(of: resource, stored) }
        events.append(
            StoreEvent(version: revision, change: .modified, resource: resource, object: stored, previous: previous))
        return stored
    }

    /// Removes the object when it still has version `expected`; nil takes any.
    func delete(_ key: ObjectKey, in resource: String, expecting expected: Int64?) throws(StorageError) -> KubeObject {
        guard let old = try row(resource, key) else { throw .notFound }
        if let expected, old.version != expected { throw .conflict(current: old.version) }
        for table in ["objects", "claims", "owners"] {
            try connection.statement("DELETE FROM \(table) WHERE resource=?1 AND namespace=?2 AND name=?3").run(
                .text(resource), .text(key.namespace ?? ""), .text(key.name))
        }
        let previous = decoded(old.body)
        let last = stamped(previous)
        try record(.deleted, resource, last, last.json.encoded(), previous: (previous, old.body))
        return last
    }

    private func stamped(_ object: KubeObject) -> KubeObject {
        revision += 1
        var object = object
        object[path: "metadata", "resourceVersion"] = .string(String(revision))
        return object
    }

    private func row(_ resource: String, _ key: ObjectKey) throws(StorageError) -> (version: Int64, body: [UInt8])? {
        var found: (Int64, [UInt8])?
        let select = "SELECT version, body FROM objects WHERE resource=?1 AND namespace=?2 AND name=?3"
        try connection.statement(select).rows([.text(resource), .text(key.namespace ?? ""), .text(key.name)]) { row in
            found = (row.integer(at: 0), row.bytes(at: 1) ?? [])
        }
        return found
    }

    private func record(
        _ change: StoreEvent.Change, _ resource: String, _ object: KubeObject, _ body: [UInt8],
        previous: (object: KubeObject, body: [UInt8])?
    ) throws(StorageError) {
        let key = object.key
        try connection.statement("INSERT INTO history VALUES (?1,?2,?3,?4,?5,?6,?7)").run(
            .integer(revision), .text(resource), .text(key.namespace ?? ""), .text(key.name),
            .integer(change.rawValue), .blob(body), previous.map { .blob($0.body) } ?? .null)
        events.append(
            StoreEvent(
                version: revision, change: change, resource: resource, object: object, previous: previous?.object))
    }

    private func replaceClaims(of resource: String, _ key: ObjectKey, with claims: Set<Claim>) throws(StorageError) {
        try connection.statement("DELETE FROM claims WHERE resource=?1 AND namespace=?2 AND name=?3").run(
            .text(resource), .text(key.namespace ?? ""), .text(key.name))
        for claim in claims {
            try connection.statement("INSERT OR IGNORE INTO claims VALUES (?1,?2,?3,?4,?5)").run(
                .text(claim.space), .text(claim.value), .text(resource), .text(key.namespace ?? ""), .text(key.name))
            guard connection.changedRows == 1 else { throw .claimed(claim) }
        }
    }

    private func replaceOwners(of resource: String, _ object: KubeObject) throws(StorageError) {
        let key = object.key
        try connection.statement("DELETE FROM owners WHERE resource=?1 AND namespace=?2 AND name=?3").run(
            .text(resource), .text(key.namespace ?? ""), .text(key.name))
        for owner in object.ownerReferences {
            try connection.statement("INSERT OR IGNORE INTO owners VALUES (?1,?2,?3,?4)").run(
                .text(owner.uid), .text(resource), .text(key.namespace ?? ""), .text(key.name))
        }
    }

    /// What we stored, read back. It was written by `encoded()`; a file that was edited from outside gives an empty
    /// object rather than a trap.
    private func decoded(_ body: [UInt8]) -> KubeObject { StoredBody.object(body) }
}

enum StoredBody {
    static func object(_ body: [UInt8]) -> KubeObject { KubeObject((try? JSON(parsing: body)) ?? .object([:])) }
}
