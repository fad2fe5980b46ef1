import Glibc
import KubeObjects

/// Names, ports and routes of this machine. Every call blocks: they are made on a `WorkThread`.
package enum HostNetwork {
    package static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The addresses of a name, or why there are none.
    package static func resolve(_ host: String) -> Result<[IPAddress], ResolutionFailure> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { return .failure(ResolutionFailure(description: String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var entry = list
        while let current = entry {
            var text = [CChar](repeating: 0, count: 64)
            let length = current.pointee.ai_addrlen
            if getnameinfo(
                current.pointee.ai_addr, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0,
                let address = IPAddress(
                    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            {
                if !addresses.contains(address) { addresses.append(address) }
            }
            entry = current.pointee.ai_next
        }
        return .success(addresses)
    }

    /// Of all interfaces that are up, in the kernel's order; loopback and link-local ones left out.
    package static var ownAddresses: [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var addresses: [IPAddress] = []
        var entry = list
        while let current = entry?.pointee {
            entry = current.ifa_next
            guard let raw = current.ifa_addr, current.ifa_flags & UInt32(IFF_UP) != 0,
                let address = address(raw), !address.isLoopback, !address.isLinkLocal, !addresses.contains(address)
            else { continue }
            addresses.append(address)
        }
        return addresses
    }

    private static func address(_ raw: UnsafePointer<sockaddr>) -> IPAddress? {
        switch Int32(raw.pointee.sa_family) {
        case AF_INET:
            raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin_addr) { IPAddress(bytes: Array($0)) }
            }
        case AF_INET6:
            raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin6_addr) { IPAddress(bytes: Array($0)) }
            }
        default: nil
        }
    }

    /// From which of its addresses this machine speaks to another; nil when there is no route. Sends nothing.
    package static func source(towards address: IPAddress) -> IPAddress? {
        let family = address.isIPv4 ? AF_INET : AF_INET6
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // Any port does: a datagram socket that is connected has an address of its own, and nothing more.
        guard connect(descriptor, to: address, port: 9) else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                getsockname(descriptor, raw, &length) == 0 ? Self.address(raw) : nil
            }
        }
    }

    package struct ResolutionFailure: Error, Sendable, Hashable { package let description: String }

    /// errno of listening on a port of every address; nil when it worked.
    package static func listeningError(port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return listeningErrorIPv4(port: port) }
        defer { close(descriptor) }
        var both: Int32 = 0
        setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &both, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        return bindAndListen(descriptor, &address, socklen_t(MemoryLayout<sockaddr_in6>.size))
    }

    private static func listeningErrorIPv4(port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        return bindAndListen(descriptor, &address, socklen_t(MemoryLayout<sockaddr_in>.size))
    }

    private static func bindAndListen<Address>(
        _ descriptor: Int32, _ address: inout Address, _ length: socklen_t
    ) -> Int32? {
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
        guard isBound, listen(descriptor, 1) == 0 else { return errno }
        return nil
    }

    /// Whether somebody accepts connections at a UNIX socket.
    package static func answers(unixSocket path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < capacity else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    /// What the kernel knows of the largest packet to an address; nil when there is no route. Sends nothing.
    package static func pathMTU(to address: IPAddress, port: UInt16) -> Int? {
        let family = address.isIPv4 ? AF_INET : AF_INET6
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard connect(descriptor, to: address, port: port) else { return nil }
        var mtu: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let level = address.isIPv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6)
        let option = address.isIPv4 ? Int32(IP_MTU) : Int32(IPV6_MTU)
        guard getsockopt(descriptor, level, option, &mtu, &length) == 0 else { return nil }
        return Int(mtu)
    }

    private static func connect(_ descriptor: Int32, to address: IPAddress, port: UInt16) -> Bool {
        guard address.isIPv4 else {
            var target = sockaddr_in6()
            target.sin6_family = sa_family_t(AF_INET6)
            target.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &target.sin6_addr) { $0.copyBytes(from: address.bytes) }
            return connect(descriptor, &target)
        }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        withUnsafeMutableBytes(of: &target.sin_addr) { $0.copyBytes(from: address.bytes) }
        return connect(descriptor, &target)
    }

    private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Bool {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size)) == 0
            }
        }
    }

    /// Of the interface with the default route, by /proc/net/route and /sys.
    package static func defaultInterfaceMTU(_ files: HostFiles) -> Int? {
        guard let routes = try? files.text("/proc/net/route") else { return nil }
        let line = routes.split(separator: "\n").dropFirst().first { line in
            let fields = line.split(separator: "\t")
            return fields.count > 2 && fields[1].trimmingSpaces == "00000000"
        }
        guard let name = line?.split(separator: "\t").first?.trimmingSpaces else { return nil }
        return (try? files.text("/sys/class/net/\(name)/mtu")).flatMap { $0 }.flatMap { Int($0.trimmingASCII) }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String { filter { $0 != " " } }
}

extension String {
    fileprivate var trimmingASCII: String { filter { !$0.isWhitespace } }
}
