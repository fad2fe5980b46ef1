import CLinux
import Dispatch
import Glibc
import Sockets
import Synchronization

/// A konnectivity server for tests and measurements, where upstream's is not: one thread, the same protocol towards
/// agents, HTTP CONNECT on a unix socket towards front ends, and faults on request.
package final class KonnectivityServer: Sendable {
    /// Each as PEM.
    package struct Identity: Sendable {
        var certificate: [UInt8]
        var key: [UInt8]
        /// Whose certificates agents show.
        var authority: [UInt8]

        package init(certificate: [UInt8], key: [UInt8], authority: [UInt8]) {
            self.certificate = certificate
            self.key = key
            self.authority = authority
        }
    }

    package struct Settings: Sendable {
        var id: String
        /// What it says that there are.
        var count: String
        /// The token that agents must bring; nil wants a certificate of the identity's authority instead.
        var token: String?
        /// Accepts, and then never answers.
        var isMute: Bool
        /// Headers instead of the usual two.
        var headers: [(String, String)]?

        package init(
            id: String = "server-a", count: String = "1", token: String? = nil, isMute: Bool = false,
            headers: [(String, String)]? = nil
        ) {
            self.id = id
            self.count = count
            self.token = token
            self.isMute = isMute
            self.headers = headers
        }
    }

    package let agentPort: UInt16
    /// Of the socket for front ends, which is gone when the server is.
    package let frontEndPath: String
    private let wakeUp: Int32
    private let shared = Shared()
    private let ended = DispatchSemaphore(value: 0)

    /// What both threads touch.
    private final class Shared: Sendable {
        let jobs = Mutex<[@Sendable (ServerCore) -> Void]>([])
        let isStopping = Atomic<Bool>(false)
    }

    /// - Parameters:
    ///   - frontEndPath: where nothing is yet.
    ///   - port: of 127.0.0.1; 0 takes a free one.
    package init(
        _ identity: Identity, _ settings: Settings = Settings(), frontEndPath: String, port: UInt16 = 0
    ) throws {
        // As every program of ours does: libssl writes to sockets whose other side may be gone.
        signal(SIGPIPE, SIG_IGN)
        let wakeUp = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        let (agents, chosen) = try Self.listenTCP(port)
        let fronts = try Self.listenUnix(frontEndPath)
        let core = try ServerCore(identity, settings, agentListener: agents, frontListener: fronts, wakeUp: wakeUp)
        let carried = Handover(core)
        (self.wakeUp, agentPort, self.frontEndPath) = (wakeUp, chosen, frontEndPath)
        let code = SystemThread.start { [shared, ended] in
            let core = carried.core
            while !shared.isStopping.load(ordering: .acquiring) {
                let todo = shared.jobs.withLock { jobs in
                    defer { jobs = [] }
                    return jobs
                }
                for job in todo { job(core) }
                core.turn()
            }
            core.close()
            ended.signal()
        }
        guard code == 0 else {
            // Nothing runs that would have to be stopped.
            shared.isStopping.store(true, ordering: .releasing)
            throw KonnectivityServerError("no thread: \(String(cString: strerror(code)))")
        }
    }

    deinit { stop() }

    /// Closes everything without a word, as a killed process does.
    package func stop() {
        guard !shared.isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
        wake()
        ended.wait()
        close(wakeUp)
        unlink(frontEndPath)
    }

    /// Does something on the server's thread.
    package func perform<Value: Sendable>(_ work: @escaping @Sendable (ServerCore) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            shared.jobs.withLock { $0.append { continuation.resume(returning: work($0)) } }
            wake()
        }
    }

    /// The agents that are connected, by what they call themselves.
    package var agents: [String] { get async { await perform { $0.agents.filter(\.isOpen).map(\.agentID) } } }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeUp, &one, 8)
    }

    /// Carries the core to its thread; nobody else touches it from then on.
    private struct Handover: @unchecked Sendable {
        let core: ServerCore
        init(_ core: ServerCore) { self.core = core }
    }

    private static func listenTCP(_ port: UInt16) throws -> (Int32, UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isDone = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isDone else { throw KonnectivityServerError("cannot listen: \(String(cString: strerror(errno)))") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private static func listenUnix(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let isDone = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 && listen(descriptor, 64) == 0
            }
        }
        guard isDone else { throw KonnectivityServerError("cannot listen: \(String(cString: strerror(errno)))") }
        return descriptor
    }
}

/// Why there is no server.
package struct KonnectivityServerError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
