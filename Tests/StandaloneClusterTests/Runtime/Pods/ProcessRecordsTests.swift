import FoundationEssentials
import Glibc
import Testing

@testable import StandaloneCluster

@Suite(.timeLimit(.minutes(1))) struct ProcessRecordsTests {
    private func sleeper(_ thread: RuntimeThread, in scratch: ScratchDirectory) async throws -> ContainerProcess {
        let finder = ProgramFinder(directories: [], searchPath: "/usr/bin:/bin")
        let output = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(output) }
        return try await ProcessSpawner(thread: thread, finder: finder).spawn(
            .init(executable: "/bin/sleep", arguments: ["1000"], environment: [:], workingDirectory: nil),
            home: scratch.path, output: output)
    }

    @Test func `what an earlier run left behind is ended`() async throws {
        let scratch = try ScratchDirectory()
        let thread = try RuntimeThread()
        let process = try await sleeper(thread, in: scratch)
        await ProcessRecords(directory: scratch.path, thread: thread).add(process.pid)
        #expect(await ProcessRecords(directory: scratch.path, thread: thread).endLeftovers() == [process.pid])
        #expect(await process.exit == ProcessExit(signal: SIGKILL))
        #expect(await ProcessRecords(directory: scratch.path, thread: thread).endLeftovers().isEmpty)
    }

    @Test func `another process with the same number is left alone`() async throws {
        let scratch = try ScratchDirectory()
        let thread = try RuntimeThread()
        let process = try await sleeper(thread, in: scratch)
        let records = ProcessRecords(directory: scratch.path, thread: thread)
        await records.add(process.pid)
        let path = scratch.file("run/\(process.pid).pid")
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        var words = text.split(separator: " ").map(String.init)
        words[1] = "1"
        try Files.write(Array(words.joined(separator: " ").utf8), to: path)
        #expect(await records.endLeftovers().isEmpty)
        #expect(kill(process.pid, 0) == 0)
        process.terminate(grace: .seconds(10))
        #expect(await process.exit == ProcessExit(signal: SIGTERM))
    }
}
