import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A program that keeps running, and what it prints.
struct RunningProgram: Sendable {
    let pid: Int32
    let output: Transcript
    let errors: Transcript

    func send(_ signal: Int32) { kill(pid, signal) }

    /// Starts a program, and ends it with SIGTERM after `body` unless it ended by itself.
    ///
    /// - Returns: what `body` made, and how the program ended.
    static func run<Result: Sendable>(
        _ program: String, _ arguments: [String], environment: [String: String] = [:],
        _ body: (RunningProgram) async throws -> Result
    ) async throws -> (result: Result, ending: Outcome) {
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        let (output, errors) = (Transcript(), Transcript())
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), environment: .inherit.updating(variables),
            input: .none, output: .sequence, error: .sequence
        ) { execution in
            let running = RunningProgram(pid: execution.processIdentifier.value, output: output, errors: errors)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                let streams = [(output, execution.standardOutput), (errors, execution.standardError)]
                for (transcript, stream) in streams { group.addTask { await transcript.follow(stream) } }
                let made: Swift.Result<Result, any Error>
                do {
                    made = .success(try await body(running))
                } catch {
                    made = .failure(Failure("\(error)\nThe program wrote:\n\(errors.text.suffix(2000))"))
                }
                running.send(SIGTERM)
                // One that does not listen must not hold up the tests.
                let watchdog = Task {
                    try await Task.sleep(for: .seconds(60))
                    running.send(SIGKILL)
                }
                for _ in streams { try await group.next() }
                watchdog.cancel()
                return try made.get()
            }
        }
        let ending = Outcome(result.terminationStatus, output.text, errors.text)
        return (result.takeClosureResult(), ending)
    }

    /// Processes that have this text in their command line.
    static func processes(naming text: String) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.filter { $0.allSatisfy(\.isNumber) }.compactMap { pid in
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"), !bytes.isEmpty else {
                return nil
            }
            let command = String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
            return command.contains(text) ? "\(pid) \(command)" : nil
        }
    }
}

/// The lines that a program has printed, for readers who wait for one.
final class Transcript: Sendable {
    private struct Waiter {
        let accepts: @Sendable (String) -> Bool
        let continuation: CheckedContinuation<String?, Never>
    }

    private struct State {
        var lines: [String] = []
        var partial: [UInt8] = []
        var isOver = false
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())

    var lines: [String] { state.withLock { $0.lines } }
    /// Whether the program has closed its output.
    var isOver: Bool { state.withLock { $0.isOver } }
    var text: String { lines.map { "\($0)\n" }.joined() }

    /// The first line that `accepts` takes, from the start on; an error when the output ends without one.
    func line(where accepts: @escaping @Sendable (String) -> Bool) async throws -> String {
        let line = await withCheckedContinuation { continuation in
            let known: String?? = state.withLock { state in
                if let line = state.lines.first(where: accepts) { return .some(line) }
                if state.isOver { return .some(nil) }
                state.waiters.append(Waiter(accepts: accepts, continuation: continuation))
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
        guard let line else { throw Failure("the output ended without the line that was waited for:\n\(text)") }
        return line
    }

    func line(containing text: String) async throws -> String { try await line { $0.contains(text) } }

    /// Returns when the program has closed its output.
    func end() async { _ = try? await line { _ in false } }

    fileprivate func follow(_ stream: SubprocessOutputSequence) async {
        do {
            for try await buffer in stream { take(buffer.withUnsafeBytes { Array($0) }) }
        } catch {
            take(Array("(reading failed: \(error))\n".utf8))
        }
        take([], isOver: true)
    }

    private func take(_ bytes: [UInt8], isOver: Bool = false) {
        let answers = state.withLock { state in
            state.partial += bytes
            var pieces = state.partial.split(separator: 10, omittingEmptySubsequences: false)
            if !isOver || pieces.last?.isEmpty ?? true { state.partial = Array(pieces.popLast() ?? []) }
            let fresh = pieces.map { String(decoding: $0, as: UTF8.self) }
            state.lines += fresh
            state.isOver = isOver
            var answers: [(Waiter, String?)] = []
            state.waiters.removeAll { waiter in
                let line = fresh.first(where: waiter.accepts)
                guard line != nil || isOver else { return false }
                answers.append((waiter, line))
                return true
            }
            return answers
        }
        for (waiter, line) in answers { waiter.continuation.resume(returning: line) }
    }
}
