import Foundation
import KubeObjects
import Testing

@testable import NodeBootstrap

@Suite struct JournalTests {
    private static func folder() throws -> HostFiles {
        let path = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path + "/var/lib", withIntermediateDirectories: true)
        return HostFiles(root: path)
    }

    @Test func `what was written is there for the next process, and for nobody else to read`() async throws {
        let files = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: files.root) }
        let thread = try WorkThread()
        let journal = try await Journal.open(files, on: thread)
        try await journal.begin("discovery", input: "a", at: Date())
        try await journal.begin("discovery", input: "b", at: Date())
        try await journal.setFact("tenant", ["server": "https://a:1"])
        let again = try await Journal.open(files, on: try WorkThread())
        let phase = try #require(try await again.phase("discovery"))
        #expect(phase.state == .doing && phase.input == "b" && phase.attempts == 2)
        #expect(try await again.fact("tenant") == ["server": "https://a:1"])
        #expect(try files.attributes(Journal.path)?.mode == 0o600)
        #expect(try files.attributes(AgentFiles.directory)?.mode == 0o700)
    }

    @Test func `a damaged journal is put aside and a new one begun`() async throws {
        let files = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: files.root) }
        try files.makeFolder(AgentFiles.directory, mode: 0o700)
        try files.write(NodeFile(Journal.path, mode: 0o600, String(repeating: "no database ", count: 1000)))
        let journal = try await Journal.open(files, on: try WorkThread())
        #expect(journal.damagedPath == "\(Journal.path).damaged" && files.exists("\(Journal.path).damaged"))
        #expect(try await journal.phases().isEmpty)
    }

    @Test func `a journal that was replaced knows it, and takes nothing of the next with it when it is closed`()
        async throws
    {
        let files = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: files.root) }
        let thread = try WorkThread()
        var old: Journal? = try await Journal.open(files, on: thread)
        try await old?.setFact("a", 1)
        #expect(try await old?.isInPlace() == true)
        for suffix in ["", "-wal", "-shm"] { try files.remove(Journal.path + suffix) }
        #expect(try await old?.isInPlace() == false)
        let new = try await Journal.open(files, on: thread)
        try await new.setFact("b", 2)
        #expect(try await new.isInPlace())
        #expect(try await old?.isInPlace() == false)
        old = nil
        // Whatever was still to be done there is done.
        try await thread.run {}
        #expect(files.exists("\(Journal.path)-wal"))
        #expect(try await (try await Journal.open(files, on: try WorkThread())).fact("b") == 2)
    }

    @Test func `a journal of a newer agent is not touched`() async throws {
        let files = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: files.root) }
        let thread = try WorkThread()
        _ = try await Journal.open(files, on: thread)
        let place = files.place(Journal.path)
        try await thread.run {
            let database = try JournalDatabase(path: place)
            try database.run("PRAGMA user_version=99")
        }
        await #expect(throws: JournalError.self) { try await Journal.open(files, on: try WorkThread()) }
    }

    @Test func `what was there first is what reset goes back to`() async throws {
        let files = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: files.root) }
        let journal = try await Journal.open(files, on: try WorkThread())
        let prior = FileRecord.Prior(backup: "/b", mode: 0o640, uid: 1, gid: 2)
        try await journal.record(FileRecord(path: "/a", sha256: "1", mode: 0o600, prior: prior))
        try await journal.record(FileRecord(path: "/a", sha256: "2", mode: 0o644, prior: nil))
        #expect(try await journal.files() == [FileRecord(path: "/a", sha256: "2", mode: 0o644, prior: prior)])
        try await journal.record(territory: "/t", existed: true, bystanders: ["/t/x"])
        try await journal.record(territory: "/t", existed: false, bystanders: ["/t/y"])
        #expect(try await journal.bystanders() == ["/t/x"])
    }

    @Test func `a file is replaced as a whole, with its mode, and leaves nothing beside it`() throws {
        let files = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: files.root) }
        try files.write(NodeFile("/var/a", mode: 0o644, "old"))
        // What a power failure in the middle of an earlier write left.
        try files.write(NodeFile("/var/a.kamaji-new", mode: 0o644, "half"))
        try files.write(NodeFile("/var/a", mode: 0o600, "new"))
        #expect(try files.text("/var/a") == "new" && files.attributes("/var/a")?.mode == 0o600)
        #expect(try files.names(in: "/var") == ["a", "lib"])
        #expect(try files.read("/nowhere/b") == nil)
        #expect(throws: HostError.self) { try files.write(NodeFile("/nowhere/b", mode: 0o600, "x")) }
    }

    @Test func `two agents do not change one machine at a time`() throws {
        let files = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: files.root) }
        var first = try HostLock(files)
        #expect(first != nil)
        #expect(try HostLock(files) == nil)
        withExtendedLifetime(first) {}
        first = nil
        #expect(try HostLock(files) != nil)
    }
}
