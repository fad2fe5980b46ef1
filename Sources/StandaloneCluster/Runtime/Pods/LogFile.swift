import Glibc
import Synchronization

/// An open file of a log, and how far it was read. Its calls block.
final class LogFile: Sendable {
    private let descriptor: Int32
    private let position = Mutex<off_t>(0)

    /// Nil when there is no such file.
    init?(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// From where it was read to, up to its end.
    func rest() -> [UInt8] {
        position.withLock { position in
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = pread(descriptor, &buffer, buffer.count, position)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return bytes }
                bytes += buffer[..<count]
                position += off_t(count)
            }
        }
    }

    /// Whether the path still names this file.
    func isCurrent(at path: String) -> Bool {
        var (named, held) = (stat(), stat())
        guard stat(path, &named) == 0, fstat(descriptor, &held) == 0 else { return true }
        return named.st_ino == held.st_ino && named.st_dev == held.st_dev
    }
}
