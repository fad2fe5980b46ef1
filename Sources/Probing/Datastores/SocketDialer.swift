import CLibSSL
import Glibc
import PKI
import TenantAPI

/// Dials with sockets of its own, each on a thread of its own: resolving a name and a handshake wait, and what waits must
/// not wait where tasks run. Datastores are few.
package struct SocketDialer: Sendable {
    package init() {}

    /// What one connection to an endpoint brought.
    package struct Knock: Sendable {
        /// Whether a TCP connection came about.
        package var isAnswered = false
        /// What was shown in a TLS handshake; nil where there was none.
        package var served: HeldCertificate?
        /// What was said to us before anything else could be.
        package var refusal: StoreRefusal?
    }

    /// Makes one connection, leads it up to TLS as the driver's protocol has it, and ends it as that protocol has it.
    /// - Parameter wantsTLS: false leaves it at what comes before.
    package func knock(at endpoint: String, driver: String, wantsTLS: Bool = true, timeout: Duration) async -> Knock {
        await Self.onThread {
            let deadline = Deadline(timeout)
            guard let connection = Self.connected(endpoint, deadline) else { return Knock() }
            defer { connection.close() }
            var knock = Knock(isAnswered: true)
            guard wantsTLS else {
                if DatastoreDriver(rawValue: driver) == .mySQL {
                    knock.refusal = MySQLGreeting.leave(connection, deadline)
                }
                return knock
            }
            guard let preamble = TLSPreamble.exchange(driver, over: connection, deadline) else { return knock }
            if case .refused(let refusal) = preamble {
                knock.refusal = refusal
                return knock
            }
            let host = HostPort(endpoint)?.host ?? ""
            guard let session = TLSHandshake(over: connection, host: host, deadline) else { return knock }
            if session.isEstablished { preamble.leave(session, deadline) }
            if let certificate = session.certificate.flatMap({ try? Certificate(pem: $0) }) {
                knock.served = HeldCertificate("served", .served, certificate)
            }
            return knock
        } ?? Knock()
    }

    private static func connected(_ endpoint: String, _ deadline: Deadline) -> SocketConnection? {
        HostPort(endpoint).flatMap { SocketConnection.open($0, deadline) }
    }

    /// Nil where no thread could be had.
    private static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Value?, Never>) in
            let context = Unmanaged.passRetained(ThreadWork { continuation.resume(returning: body()) }).toOpaque()
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { context in
                    var all = sigset_t()
                    sigfillset(&all)
                    pthread_sigmask(SIG_BLOCK, &all, nil)
                    if let context { Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, context)
            if code == 0 {
                pthread_detach(thread)
            } else {
                Unmanaged<ThreadWork>.fromOpaque(context).release()
                continuation.resume(returning: nil)
            }
        }
    }
}

/// What a thread is started for.
private final class ThreadWork: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// A moment by which something must be done.
struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    init(_ timeout: Duration) { end = ContinuousClock.now + timeout }

    /// Milliseconds that are left, for `poll`; 0 when the moment has passed.
    var milliseconds: Int32 {
        let left = ContinuousClock.now.duration(to: end)
        return Int32(clamping: max(0, Int64(left.inSeconds * 1000)))
    }
}

/// Bytes both ways, by a deadline.
protocol StoreChannel {
    /// False where they did not all go.
    func send(_ bytes: [UInt8], _ deadline: Deadline) -> Bool
    /// Exactly so many bytes, or nil.
    func receive(_ count: Int, _ deadline: Deadline) -> [UInt8]?
}

/// One TCP connection that never waits longer than it is told to.
struct SocketConnection: StoreChannel {
    let socket: Int32

    /// Tries each address of the host in turn.
    static func open(_ place: HostPort, _ deadline: Deadline) -> SocketConnection? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(place.host, "\(place.port)", &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        var next = list
        while let entry = next {
            let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let socket = Glibc.socket(entry.pointee.ai_family, entry.pointee.ai_socktype | flags, 0)
            if socket >= 0 {
                let connection = SocketConnection(socket: socket)
                if Glibc.connect(socket, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0 { return connection }
                if errno == EINPROGRESS, connection.wait(for: POLLOUT, deadline), connection.hasNoError {
                    return connection
                }
                connection.close()
            }
            next = entry.pointee.ai_next
        }
        return nil
    }

    private var hasNoError: Bool {
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0
    }

    func close() { _ = Glibc.close(socket) }

    /// False when the time is up.
    func wait(for event: Int32, _ deadline: Deadline) -> Bool {
        while true {
            var entry = pollfd(fd: socket, events: Int16(event), revents: 0)
            let count = poll(&entry, 1, deadline.milliseconds)
            if count > 0 { return true }
            if count == 0 || errno != EINTR { return false }
        }
    }

    func send(_ bytes: [UInt8], _ deadline: Deadline) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if !(count < 0 && errno == EAGAIN && wait(for: POLLOUT, deadline)) {
                return false
            }
        }
        return true
    }

    func receive(_ count: Int, _ deadline: Deadline) -> [UInt8]? {
        var found: [UInt8] = []
        while found.count < count {
            var buffer = [UInt8](repeating: 0, count: count - found.count)
            let got = recv(socket, &buffer, buffer.count, 0)
            if got > 0 {
                found += buffer[..<got]
            } else if !(got < 0 && errno == EAGAIN && wait(for: POLLIN, deadline)) {
                return nil
            }
        }
        return found
    }
}
