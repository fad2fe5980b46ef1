import FoundationEssentials
import Glibc
import Testing

@testable import StandaloneCluster

@Suite(.timeLimit(.minutes(5))) struct ProcessRecordsTests {
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

    @Test func `a process does not outlive the runtime that started it`() async throws {
        let scratch = try ScratchDirectory()
        var thread: RuntimeThread? = try RuntimeThread()
        let process = try await sleeper(try #require(thread), in: scratch)
        // What asks the kernel for this runs in the new process, before the program itself.
        while FileManager.default.contents(atPath: "/proc/\(process.pid)/comm") != Data("sleep\n".utf8) {
            try await Task.sleep(for: .milliseconds(5))
        }
        // As when this whole program is killed, its threads with it.
        thread = nil
        #expect(await process.exit == ProcessExit(signal: SIGKILL))
    }

    @Test func `a process whose container sleeps before it is stopped goes on meanwhile`() async throws {
        let scratch = try ScratchDirectory()
        let thread = try RuntimeThread()
        let finder = ProgramFinder(directories: [], searchPath: "/usr/bin:/bin")
        let path = scratch.file("beats")
        let output = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        let script = "trap 'exit 7' TERM; while :; do echo; sleep 0.02; done"
        let process = try await ProcessSpawner(thread: thread, finder: finder).spawn(
            .init(
                executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"],
                workingDirectory: nil),
            home: scratch.path, output: output)
        func beats() -> Int { FileManager.default.contents(atPath: path)?.count ?? 0 }
        func hears(_ count: Int) async throws {
            while beats() < count { try await Task.sleep(for: .milliseconds(5)) }
        }
        try await hears(1)
        process.terminate(after: .seconds(1000), grace: .seconds(2000))
        // Its trap would have ended it between two of these.
        try await hears(beats() + 3)
        process.terminate(grace: .seconds(1000))
        #expect(await process.exit == ProcessExit(exited: 7))
        withExtendedLifetime(thread) {}
    }

    @Test func `a log is set aside when it has grown`() async throws {
        let scratch = try ScratchDirectory()
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        let path = scratch.file("a.log")
        let isWriting = WaitingThread.start {
            let block = [UInt8](repeating: 0x41, count: 1 << 20)
            for _ in 0..<11 {
                var written = 0
                while written < block.count {
                    let count = block.withUnsafeBytes {
                        write(writer, $0.baseAddress?.advanced(by: written), block.count - written)
                    }
                    guard count > 0 else { break }
                    written += count
                }
            }
            close(writer)
        }
        try #require(isWriting)
        try await RuntimeThread().run {
            ContainerLog.copy(from: reader, to: path)
            close(reader)
        }
        let sizes = ["a.log.1", "a.log"].map { FileManager.default.contents(atPath: scratch.file($0))?.count ?? 0 }
        #expect(sizes[0] >= ContainerLog.limit && sizes[0] < ContainerLog.limit + (64 << 10))
        #expect(sizes[0] + sizes[1] == 11 << 20)
    }
}
