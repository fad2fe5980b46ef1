import FoundationEssentials
import Glibc
import KubeObjects

/// The directories of pods' logs: `<directory>/logs/<namespace>_<pod>`, each with the uid of the pod that it is of, for
/// names come again.
struct PodLogs: Sendable {
    let files: ContainerLogs
    private let thread: RuntimeThread
    private static let owner = ".uid"

    init(_ files: ContainerLogs, thread: RuntimeThread) {
        self.files = files
        self.thread = thread
    }

    func path(_ pod: KubeObject) -> String { files.directory(of: pod) }

    /// Makes the pod's directory its own; what a pod of the same name left goes.
    func claim(_ pod: KubeObject) async throws {
        let (path, uid) = (path(pod), pod.uid)
        try await thread.run {
            if Self.owner(of: path) != uid { try? FileManager.default.removeItem(atPath: path) }
            try Files.makeDirectory(path)
            try Files.write(Array(uid.utf8), to: "\(path)/\(Self.owner)")
        }
    }

    /// Removes the pod's logs, and never those of another pod of its name.
    func remove(_ pod: KubeObject) async {
        let (path, uid) = (path(pod), pod.uid)
        _ = try? await thread.run {
            if Self.owner(of: path) == uid { try FileManager.default.removeItem(atPath: path) }
        }
    }

    /// Removes what is left of pods that no longer are.
    func removeAll(except uids: Set<String>) async {
        let root = files.root
        _ = try? await thread.run {
            for name in try FileManager.default.contentsOfDirectory(atPath: root) {
                let path = "\(root)/\(name)"
                if let owner = Self.owner(of: path), uids.contains(owner) { continue }
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }

    /// The uid of the pod that a directory of logs is of. Blocks.
    static func owner(of path: String) -> String? {
        FileManager.default.contents(atPath: "\(path)/\(owner)").map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Where a container's output goes: a file that is set aside at 10 MiB, when the one set aside before goes.
struct ContainerLog: Sendable {
    let path: String
    /// Told of what is written.
    var files: ContainerLogs?
    /// In bytes.
    static let limit = 10 << 20

    /// The writing end of a pipe whose other end a thread copies into the file, until the last writer has closed it.
    /// Blocks for a moment; the descriptor is the caller's to close.
    func open() throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw FileError(path: path, code: errno) }
        let (reader, writer) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (path, files) = (path, files)
        files?.begin(path)
        let isStarted = WaitingThread.start {
            Self.copy(from: reader, to: path) { files?.noteWritten(path) }
            close(reader)
            files?.end(path)
        }
        guard isStarted else {
            files?.end(path)
            close(reader)
            close(writer)
            throw FileError(path: path, code: EAGAIN)
        }
        return writer
    }

    /// Copies until the last writer has closed its end. Blocks for as long.
    ///
    /// - Parameter noteWritten: called after each piece.
    static func copy(from reader: Int32, to path: String, noteWritten: () -> Void = {}) {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var file = openFile(path)
        defer { if file >= 0 { close(file) } }
        while true {
            let count = read(reader, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            // A disk that is full must not stop the program: what cannot be written is lost.
            if file >= 0 { _ = write(file, buffer, count) }
            noteWritten()
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
