/// Where container runtimes listen.
package enum RuntimeSocket {
    /// In kubeadm's order.
    package static let candidates = [
        "unix:///var/run/containerd/containerd.sock", "unix:///var/run/crio/crio.sock",
        "unix:///var/run/cri-dockerd.sock",
    ]

    /// The one that answers; containerd's when none does, which preflight then complains about.
    package static func choose(reachable: [String]) throws(RuntimeSocketError) -> String {
        guard reachable.count <= 1 else { throw RuntimeSocketError(reachable: reachable) }
        return reachable.first ?? candidates[0]
    }

    package static func path(of socket: String) -> String {
        socket.hasPrefix("unix://") ? String(socket.dropFirst("unix://".count)) : socket
    }
}

package struct RuntimeSocketError: Error, Sendable, Hashable, CustomStringConvertible {
    package let reachable: [String]

    package var description: String {
        "more than one container runtime answers: \(reachable.joined(separator: ", ")). Choose one with --cri-socket"
    }
}
