import Sockets

/// What the control plane may have dialled on this node. Whatever no rule allows is refused, and some things are
/// refused whatever the rules say: upstream's agent dials anything it is asked to, also the cloud's metadata service
/// with its credentials.
package struct DialPolicy: Sendable, Hashable {
    /// The node's names: the Node object's, the host's. Dialled as the node itself, without asking the DNS, so that
    /// neither split DNS nor two sites with the same private addresses lead elsewhere. Case does not count.
    package var nodeNames: Set<String>
    /// The node's own addresses; every port of them may be dialled. A dial by name goes to the first one.
    package var nodeAddresses: [IPAddress]
    /// Ports that may be dialled on loopback addresses: where kubelet listens on nothing else.
    package var loopbackPorts: Set<UInt16>
    /// Pod and service ranges, and whatever else shall be reachable.
    package var ranges: [AddressRange]
    /// Whether other names are looked up on the node. What they mean must be allowed by the rules above all the same.
    package var resolvesNames: Bool

    /// - Parameter loopbackPorts: kubelet's own port by default.
    package init(
        nodeNames: Set<String> = [], nodeAddresses: [IPAddress] = [], loopbackPorts: Set<UInt16> = [10250],
        ranges: [AddressRange] = [], resolvesNames: Bool = true
    ) {
        self.nodeNames = Set(nodeNames.map { $0.lowercased() })
        self.nodeAddresses = nodeAddresses
        self.loopbackPorts = loopbackPorts
        self.ranges = ranges
        self.resolvesNames = resolvesNames
    }

    /// What is to be done about a request to dial `host`.
    enum Decision: Sendable, Hashable {
        case connect(IPAddress)
        /// Look the name up, then ask for each address it has.
        case resolve
        /// The reason, as it is told to who asked.
        case refuse(String)
    }

    func decide(_ target: HostPort) -> Decision {
        if let address = IPAddress(target.host) {
            return refusal(of: Endpoint(address, target.port)).map(Decision.refuse) ?? .connect(address)
        }
        var name = target.host.lowercased()
        if name.last == "." { name.removeLast() }
        if nodeNames.contains(name) {
            // 127.0.0.1 where no address is known: kubelet listens there too.
            let own = nodeAddresses.first ?? Self.loopback
            guard let own else { return .refuse("\(target): the node has no address") }
            return refusal(of: Endpoint(own, target.port)).map(Decision.refuse) ?? .connect(own)
        }
        guard resolvesNames else {
            return .refuse("\(target): not allowed by the node's policy: it looks up no names but its own")
        }
        return .resolve
    }

    /// Why the endpoint may not be dialled; nil when it may.
    func refusal(of endpoint: Endpoint) -> String? {
        let address = endpoint.address
        // First of all, for ::1 lies in a range that is forbidden.
        if Self.loopbackRanges.contains(where: { $0.contains(address) }) {
            if loopbackPorts.contains(endpoint.port) { return nil }
            return "\(endpoint): not allowed by the node's policy: of loopback only kubelet's port is open"
        }
        if let (_, what) = Self.forbidden.first(where: { $0.range?.contains(address) == true }) {
            return "\(endpoint): not allowed by the node's policy: \(what)"
        }
        if nodeAddresses.contains(address) { return nil }
        if ranges.contains(where: { $0.contains(address) }) { return nil }
        return "\(endpoint): not allowed by the node's policy: neither the node's own address nor in an allowed range"
    }

    private static let loopback = IPAddress("127.0.0.1")
    private static let loopbackRanges = ["127.0.0.0/8", "::1"].compactMap { AddressRange($0) }

    /// Never dialled, even where a range would allow it. The single addresses are those at which clouds hand out
    /// credentials to whoever asks: each is in its cloud's documentation of instance metadata.
    private static let forbidden: [(range: AddressRange?, what: String)] = [
        (AddressRange("169.254.0.0/16"), "link-local addresses, where clouds serve metadata"),
        (AddressRange("fe80::/10"), "link-local addresses"),
        (AddressRange("fd00:ec2::254"), "the metadata service of a cloud (AWS)"),
        (AddressRange("fd20:ce::254"), "the metadata service of a cloud (Google)"),
        (AddressRange("100.100.100.200"), "the metadata service of a cloud (Alibaba)"),
        (AddressRange("168.63.129.16"), "the platform service of a cloud (Azure)"),
        (AddressRange("192.0.0.192"), "the metadata service of a cloud (Oracle)"),
        (AddressRange("0.0.0.0/8"), "an address that names no host"),
        (AddressRange("::"), "an address that names no host"),
        (AddressRange("224.0.0.0/3"), "multicast or reserved addresses"),
        (AddressRange("ff00::/8"), "multicast addresses"),
        // An IPv4 address in the clothes of an IPv6 one would get past every rule above.
        (AddressRange("64:ff9b::/96"), "translated IPv4 addresses"),
        (AddressRange("64:ff9b:1::/48"), "translated IPv4 addresses"),
        (AddressRange("2002::/16"), "IPv4 addresses in tunnels (6to4)"),
        (AddressRange("::/96"), "IPv4 addresses in IPv6 notation"),
    ]
}
