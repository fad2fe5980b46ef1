import Glibc
import KubeObjects

/// A socket of the agent's own at which it says how it fares: a UNIX socket, or a port of loopback.
package final class StandingListener: Sendable {
    private let descriptor: Int32
    private let thread: WorkThread
    /// The port that it listens on; 0 for a UNIX socket.
    package let port: UInt16

    package static let path = "/run/kamaji-agent/agent.sock"
    /// Whose members may ask, where there is such a group.
    private static let group = "kamaji-agent"
    /// For a client to send its request, and to take the answer.
    private static let patience = timeval(tv_sec: 5, tv_usec: 0)

    /// At a path beneath `files`, in the place of what a former agent left there. Blocks.
    package init(_ files: HostFiles, path: String = StandingListener.path) throws {
        for folder in files.missingFolders(HostFiles.folder(of: path)) { try files.makeFolder(folder, mode: 0o755) }
        let place = files.place(path)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(place.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw HostError("listen at", path, ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        thread = try WorkThread()
        port = 0
        try files.remove(path)
        descriptor = try Self.socket(AF_UNIX, path)
        do {
            // Root's and the group's from the start: nobody else gets in meanwhile.
            let previous = umask(0o117)
            defer { umask(previous) }
            try Self.listen(descriptor, &address, path)
            if let group = getgrnam(Self.group) { _ = chown(place, uid_t.max, group.pointee.gr_gid) }
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// At a port of 127.0.0.1. Blocks.
    package init(loopbackPort: UInt16) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = loopbackPort.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        thread = try WorkThread()
        descriptor = try Self.socket(AF_INET, "127.0.0.1:\(loopbackPort)")
        do {
            var reuse: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
            try Self.listen(descriptor, &address, "127.0.0.1:\(loopbackPort)")
        } catch {
            close(descriptor)
            throw error
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        port = code == 0 ? UInt16(bigEndian: address.sin_port) : loopbackPort
    }

    deinit { close(descriptor) }

    private static func socket(_ family: Int32, _ what: String) throws -> Int32 {
        let descriptor = Glibc.socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw HostError("listen at", what, errno) }
        return descriptor
    }

    private static func listen<Address>(_ descriptor: Int32, _ address: inout Address, _ what: String) throws {
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard code == 0, Glibc.listen(descriptor, 16) == 0 else { throw HostError("listen at", what, errno) }
    }

    /// Answers one after the other until it is cancelled; a client that dawdles is given up.
    package func run(_ answer: @escaping @Sendable (String) async -> StandingAnswer) async {
        let descriptor = descriptor
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                let client: (socket: Int32, request: StandingRequest)?
                do {
                    client = try await thread.run { try Self.accept(descriptor) }
                } catch {
                    return
                }
                guard let client else { continue }
                let bytes: [UInt8] =
                    switch client.request {
                    case .get(let path, let isHead): await answer(path).bytes(isHead: isHead)
                    case .refused(let status): StandingAnswer.refusal(status).bytes(isHead: false)
                    case .incomplete: []
                    }
                try? await thread.run { Self.finish(client.socket, bytes) }
            }
        } onCancel: {
            // Wakes who waits for clients.
            shutdown(descriptor, Int32(SHUT_RDWR))
        }
    }

    /// The next client and what it asks; nil when it went away. Throws once nobody can come any more.
    private static func accept(_ listener: Int32) throws -> (socket: Int32, request: StandingRequest)? {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else {
            switch errno {
            case EINTR, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO: return nil
            default: throw HostError("accept", "", errno)
            }
        }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            var patience = patience
            setsockopt(client, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        let start = ContinuousClock.now
        while true {
            let count = recv(client, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            // One byte now and then does not keep the others waiting for ever.
            guard count > 0, ContinuousClock.now - start < .seconds(patience.tv_sec) else {
                close(client)
                return nil
            }
            bytes += buffer[..<count]
            let request = StandingRequest(bytes)
            if request != .incomplete { return (client, request) }
        }
    }

    private static func finish(_ client: Int32, _ bytes: [UInt8]) {
        defer { close(client) }
        let start = ContinuousClock.now
        var sent = 0
        while sent < bytes.count, ContinuousClock.now - start < .seconds(patience.tv_sec) {
            let count = bytes.withUnsafeBytes { buffer in
                buffer.baseAddress.map { send(client, $0 + sent, buffer.count - sent, Int32(MSG_NOSIGNAL)) }
                    ?? 0
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            sent += count
        }
    }
}
