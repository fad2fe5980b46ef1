import Glibc

/// System calls on TCP sockets that never block.
package enum SocketCalls {
    package enum Connecting {
        case done
        case underWay
    }

    /// What a read or write came to.
    package enum Transfer {
        case moved(Int)
        case wouldBlock
        /// The other side is done; only for reads.
        case ended
        case failed(Int32)
    }

    package static func message(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }

    /// A socket that connects to `endpoint`, and what the caller closes.
    package static func connect(to endpoint: Endpoint) throws(SystemCallError) -> (descriptor: Int32, Connecting) {
        let family = endpoint.address.isIPv4 ? AF_INET : AF_INET6
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw SystemCallError(code: errno) }
        setInt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        let result = withAddress(endpoint) { Glibc.connect(descriptor, $0, $1) }
        if result == 0 { return (descriptor, .done) }
        let code = errno
        if code == EINPROGRESS || code == EINTR { return (descriptor, .underWay) }
        close(descriptor)
        throw SystemCallError(code: code)
    }

    private static func withAddress(_ endpoint: Endpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32)
        -> Int32
    {
        if endpoint.address.isIPv4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = endpoint.port.bigEndian
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: endpoint.address.bytes) }
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = endpoint.port.bigEndian
        withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: endpoint.address.bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }

    /// How a connect that was under way ended: 0 or an error.
    package static func outcome(_ descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }

    package static func receive(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 { return .moved(count) }
        return count == 0 ? .ended : failure(errno)
    }

    package static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Transfer {
        guard bytes.count > 0 else { return .moved(0) }
        let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        return count >= 0 ? .moved(count) : failure(errno)
    }

    private static func failure(_ code: Int32) -> Transfer {
        // An interrupted call is repeated at the next turn like one that would have blocked: signals are masked here,
        // so it does not happen.
        code == EAGAIN || code == EINTR ? .wouldBlock : .failed(code)
    }

    /// Has the kernel notice a dead peer: it asks after `silence`, then three times as often, three times; and gives up
    /// on data that is not acknowledged within `timeout`. Little is kept in the kernel's buffer, for what is there
    /// cannot be overtaken.
    package static func prepareForServer(_ descriptor: Int32, silence: Duration, timeout: Duration) {
        let seconds = max(1, Int32(silence.components.seconds))
        setInt(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        setInt(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, seconds)
        setInt(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, max(2, seconds / 3))
        setInt(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
        setInt(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, timeout.milliseconds)
        setInt(descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, 128 * 1024)
    }

    /// Lets `close` send a reset.
    package static func resetOnClose(_ descriptor: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Where the kernel refuses an option the connection works without it.
    private static func setInt(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}

/// `errno` of a call that failed.
package struct SystemCallError: Error {
    package let code: Int32

    package init(code: Int32) { self.code = code }

    package var message: String { SocketCalls.message(code) }
}
