import FoundationEssentials
import Glibc

/// The part of 127.0.0.0/8 that one standalone cluster has for itself. Linux takes every address of that block for its
/// own, so nothing has to be configured and nobody outside the machine can reach it.
struct LoopbackNetwork: Sendable, Equatable {
    /// Which of the sixty /14 blocks: its first address is 127.(4 * index).0.0.
    let index: Int

    static let indices = 1...62
    /// 127.96.0.0/14: easy to remember, and far from what other programs bind.
    static let preferred = 24

    private var octet: Int { index * 4 }
    /// ClusterIPs of Services.
    var services: String { "127.\(octet).0.0/16" }
    /// Addresses of Services of type LoadBalancer.
    var loadBalancers: String { "127.\(octet + 1).0.0/16" }
    /// Addresses of pods.
    var pods: String { "127.\(octet + 2).0.0/15" }
    /// The DataStore's server. At the end of the ClusterIPs, which are given out from the start.
    var datastore: String { "127.\(octet).255.253" }
    /// Bound for as long as the network is in use, so that no two clusters take the same.
    private var guardAddress: String { "127.\(octet).255.254" }

    /// Takes the network that `wanted` names, or the first free one from the preferred on.
    static func claim(_ wanted: Int?) throws(StandaloneError) -> (network: LoopbackNetwork, claim: NetworkClaim) {
        if let wanted {
            let network = LoopbackNetwork(index: wanted)
            guard let claim = NetworkClaim(network.guardAddress) else {
                throw StandaloneError(
                    "the network \(network.services) of this cluster is in use by another one on this machine: stop that "
                        + "one first (`ss -ltnp src \(network.guardAddress)` shows its process), or begin a new cluster "
                        + "with another --state-dir")
            }
            return (network, claim)
        }
        for offset in 0..<indices.count {
            let network = LoopbackNetwork(index: (preferred - 1 + offset) % indices.count + 1)
            if let claim = NetworkClaim(network.guardAddress) { return (network, claim) }
        }
        throw StandaloneError("all networks inside 127.0.0.0/8 are in use: stop other standalone clusters")
    }
}

/// Holds a network by listening on a port of its last address.
final class NetworkClaim: Sendable {
    private let socket: Int32
    /// Not a port that anything else of the cluster uses.
    private static let port: UInt16 = 16442

    fileprivate init?(_ address: String) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return nil }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = Self.port.bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        let bound = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(socket, 1) == 0 else {
            close(socket)
            return nil
        }
        self.socket = socket
    }

    deinit { close(socket) }
}
