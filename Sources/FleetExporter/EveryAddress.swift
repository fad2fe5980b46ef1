import Glibc

/// What to bind to in order to be reached at every address of this machine.
enum EveryAddress {
    /// `::`, which takes IPv4 along, or `0.0.0.0` on a machine without IPv6.
    static var host: String { hasIPv6 ? "::" : "0.0.0.0" }

    private static var hasIPv6: Bool {
        let socket = Glibc.socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { Glibc.close(socket) }
        // All zero is every address, at a free port.
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
        }
    }
}
