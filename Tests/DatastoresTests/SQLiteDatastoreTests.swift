import Foundation
import Testing

@testable import Datastores

@Suite("Tenants in files of SQLite")
struct SQLiteDatastoreTests {
    private final class Folder: Sendable {
        let path: String

        init() throws {
            var template = Array("\(NSTemporaryDirectory())/sqlite-tests-XXXXXX".utf8CString)
            path = try #require(mkdtemp(&template).map { String(cString: $0) })
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func touch(_ names: [String]) throws {
            for name in names { try Data().write(to: URL(filePath: "\(path)/\(name)")) }
        }

        var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
    }

    private func tenant(_ schema: String) -> TenantStorage { TenantStorage(schema: schema, user: "u", password: nil) }

    @Test("A directory that can be written is fit; none, a file and a relative path are not")
    func probe() async throws {
        let folder = try Folder()
        try await SQLiteDatastore(directory: folder.path).probe()
        try folder.touch(["file"])
        for path in ["\(folder.path)/missing", "\(folder.path)/file", "relative", ""] {
            await #expect(throws: SQLiteDatastoreError.self) { try await SQLiteDatastore(directory: path).probe() }
        }
    }

    @Test("Provision makes nothing; teardown takes the tenant's files and no others, again and again")
    func teardown() async throws {
        let folder = try Folder()
        let store = SQLiteDatastore(directory: folder.path)
        let own = ["a.sqlite", "a.sqlite-wal", "a.sqlite-shm", "a.sqlite-journal", "a.sqlite.lock"]
        let others = ["a.sqlite2", "aa.sqlite", "aa.sqlite-wal", "b-a.sqlite"]
        try await store.provision(tenant("a"))
        #expect(try folder.names.isEmpty)
        try folder.touch(own + others)
        for _ in 0..<2 {
            try await store.teardown(tenant("a"))
            #expect(try folder.names == others)
        }
        try folder.touch(["a.sqlite-wal"])
        try await store.teardown(tenant("a"))
        #expect(try folder.names == others)
    }

    @Test(
        "A schema that would leave the directory is refused",
        arguments: ["", ".", "..", "../x", "a/b", "/etc/x", ".hidden", "a\0b"])
    func escape(schema: String) async throws {
        let folder = try Folder()
        let store = SQLiteDatastore(directory: folder.path)
        await #expect(throws: SQLiteDatastoreError.self) { try await store.provision(tenant(schema)) }
        await #expect(throws: SQLiteDatastoreError.self) { try await store.teardown(tenant(schema)) }
    }

    @Test("A tenant's password is in no description")
    func hidden() {
        let tenant = TenantStorage(schema: "s", user: "u", password: "secret")
        var shown = "\(tenant) \(String(describing: [tenant])) \(String(reflecting: tenant))"
        dump(tenant, to: &shown)
        #expect(!shown.contains("secret"))
        #expect(shown.contains("TenantStorage(schema: s, user: u)"))
    }
}
