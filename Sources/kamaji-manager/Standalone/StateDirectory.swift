import FoundationEssentials
import Glibc

/// Where one standalone cluster keeps everything, held by one process at a time.
final class StateDirectory: Sendable {
    let path: String
    private let lock: Int32

    /// Root's is the system's, everybody else's lies in the home directory (XDG Base Directory, `XDG_STATE_HOME`).
    static var standardPath: String {
        let environment = ProcessInfo.processInfo.environment
        if geteuid() == 0 { return "/var/lib/kamaji" }
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return "\(state)/kamaji" }
        return "\(environment["HOME"] ?? "")/.local/state/kamaji"
    }

    /// Makes the directory where it is missing, for its owner alone, and takes its lock.
    init(path: String) throws(StandaloneError) {
        let path = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StandaloneError(
                "--state-dir=\(path) cannot be made (\(Self.reason(error))): choose a directory that you may write in")
        }
        let lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw StandaloneError(
                "--state-dir=\(path) cannot be written (\(String(cString: strerror(errno)))): choose another, or own it"
            )
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw StandaloneError(
                "--state-dir=\(path) is in use by another \"kamaji-manager standalone\": stop that one, or choose another "
                    + "directory")
        }
        self.lock = lock
    }

    /// Foundation's errors name their own parts; what the system said is what users know.
    private static func reason(_ error: any Error) -> String {
        if let underlying = (error as? CocoaError)?.underlying as? POSIXError {
            return String(cString: strerror(underlying.code.rawValue))
        }
        return (error as? CocoaError)?.code == .fileWriteFileExists ? "a file is in its place" : "\(error)"
    }

    deinit { close(lock) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a directory inside for its owner alone, and gives its path.
    func directory(_ name: String) throws -> String {
        let path = file(name)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return path
    }

    func read(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: file(name)).map(Array.init) }

    /// Writes a file that only its owner may read: whole, or not at all.
    func write(_ bytes: [UInt8], to name: String) throws(StandaloneError) {
        let (path, temporary) = (file(name), file("\(name).new"))
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("write", temporary) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Self.failure("write", temporary) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw Self.failure("write", path) }
    }

    private static func failure(_ verb: String, _ path: String) -> StandaloneError {
        StandaloneError("cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}

/// Why a standalone cluster cannot start or go on, and what to do about it.
struct StandaloneError: Error, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
