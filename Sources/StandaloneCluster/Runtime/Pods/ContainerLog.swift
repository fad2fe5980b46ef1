import FoundationEssentials
import Glibc
import Synchronization

/// Where a container's output goes: a file that is set aside at 10 MiB, when the one set aside before goes.
struct ContainerLog: Sendable {
    let path: String
    /// In bytes.
    static let limit = 10 << 20

    /// `<directory>/logs/<namespace>_<pod>/<container>.log`
    init(directory: String, namespace: String, pod: String, container: String) {
        path = "\(Self.directory(directory, namespace, pod))/\(container).log"
    }

    static func directory(_ directory: String, _ namespace: String, _ pod: String) -> String {
        "\(directory)/logs/\(namespace)_\(pod)"
    }

    /// The writing end of a pipe whose other end a thread copies into the file, until the last writer has closed it.
    /// Blocks for a moment; the descriptor is the caller's to close.
    func open() throws -> Int32 {
        if let slash = path.lastIndex(of: "/") { try Files.makeDirectory(String(path[..<slash])) }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw FileError(path: path, code: errno) }
        let (reader, writer) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let path = path
        let isStarted = WaitingThread.start {
            Self.copy(from: reader, to: path)
            close(reader)
        }
        guard isStarted else {
            close(reader)
            close(writer)
            throw FileError(path: path, code: EAGAIN)
        }
        return writer
    }

    /// Copies until the last writer has closed its end. Blocks for as long.
    static func copy(from reader: Int32, to path: String) {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var file = openFile(path)
        defer { if file >= 0 { close(file) } }
        while true {
            let count = read(reader, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            // A disk that is full must not stop the program: what cannot be written is lost.
            if file >= 0 { _ = write(file, buffer, count) }
            if lseek(file, 0, SEEK_END) >= limit {
                close(file)
                rename(path, "\(path).1")
                file = openFile(path)
            }
        }
    }

    private static func openFile(_ path: String) -> Int32 {
        Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    }
}
