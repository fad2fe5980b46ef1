import FoundationEssentials

/// The embedded engine's store: a file for each tenant in one directory, made by the tenant's API server when it
/// starts.
package struct SQLiteDatastore: Datastore {
    private let directory: String

    package init(directory: String) { self.directory = directory }

    package func probe() async throws {
        try check()
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory,
            FileManager.default.isWritableFile(atPath: directory)
        else {
            throw SQLiteDatastoreError(
                "\(directory) is no directory, or cannot be written: make it, or name another in spec.endpoints")
        }
    }

    package func provision(_ tenant: TenantStorage) async throws {
        try check()
        _ = try path(of: tenant)
    }

    package func teardown(_ tenant: TenantStorage) async throws {
        try check()
        let path = try path(of: tenant)
        for file in [path, path + "-wal", path + "-shm", path + "-journal", path + ".lock"]
        where FileManager.default.fileExists(atPath: file) {
            try FileManager.default.removeItem(atPath: file)
        }
    }

    private func check() throws(SQLiteDatastoreError) {
        guard directory.hasPrefix("/") else {
            throw SQLiteDatastoreError("spec.endpoints must hold one absolute path, not \"\(directory)\"")
        }
    }

    private func path(of tenant: TenantStorage) throws(SQLiteDatastoreError) -> String {
        guard !tenant.schema.isEmpty, !tenant.schema.utf8.contains(where: { $0 == 0x2F || $0 == 0 }),
            !tenant.schema.hasPrefix(".")
        else {
            throw SQLiteDatastoreError("\"\(tenant.schema)\" is no file name: choose another spec.dataStoreSchema")
        }
        return "\(directory)/\(tenant.schema).sqlite"
    }
}

package struct SQLiteDatastoreError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
