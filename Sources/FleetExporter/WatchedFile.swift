import FoundationEssentials
import Glibc
import Synchronization

/// A value read from files, kept as long as they stay the same. A version that cannot be read leaves the last good one.
final class WatchedFile<Value: Sendable>: Sendable {
    private struct Mark: Sendable, Equatable {
        let seconds: Int
        let nanoseconds: Int
        let size: Int
        let inode: UInt

        init?(_ path: String) {
            var facts = stat()
            guard stat(path, &facts) == 0 else { return nil }
            seconds = facts.st_mtim.tv_sec
            nanoseconds = facts.st_mtim.tv_nsec
            size = Int(facts.st_size)
            inode = UInt(facts.st_ino)
        }
    }

    private struct State: Sendable {
        var value: Value
        var marks: [Mark?]
        var paths: [String]
        var isCurrent = true
        var lastLook: ContinuousClock.Instant
        var complaint: String?
    }

    /// As it was at the start.
    let first: Value
    private let state: Mutex<State>
    private let read: @Sendable () throws -> (Value, paths: [String])

    /// - Parameter read: gives the value, and every file that it came from.
    init(_ read: @escaping @Sendable () throws -> (Value, paths: [String])) throws {
        self.read = read
        let (value, paths) = try read()
        first = value
        state = Mutex(State(value: value, marks: paths.map(Mark.init), paths: paths, lastLook: .now))
    }

    /// Looks at most once in a second.
    var value: Value {
        state.withLock { state in
            guard ContinuousClock.now - state.lastLook >= .seconds(1) else { return state.value }
            look(&state)
            return state.value
        }
    }

    /// Whether the value is the one that the files hold, and if not, why.
    var complaint: String? { state.withLock { $0.complaint } }

    /// Looks now.
    func reload() -> Value {
        state.withLock { state in
            state.marks = []
            look(&state)
            return state.value
        }
    }

    private func look(_ state: inout State) {
        state.lastLook = .now
        let marks = state.paths.map(Mark.init)
        guard marks != state.marks else { return }
        state.marks = marks
        do {
            let (value, paths) = try read()
            state.value = value
            state.paths = paths
            state.marks = paths.map(Mark.init)
            state.complaint = nil
        } catch {
            state.complaint = "\(error)"
        }
    }
}

enum TextFile {
    /// Errors name the file.
    static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw WebConfigurationError("\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        return Array(data)
    }
}
