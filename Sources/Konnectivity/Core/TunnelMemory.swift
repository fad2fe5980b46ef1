import Synchronization

/// What waits in this process for targets to read it, over all connections to servers and all tunnels, an old one that
/// drains beside its successor among them: each may be within its own bounds and all together too much for the node.
package final class TunnelMemory: Sendable {
    /// Of this process.
    package static let process = TunnelMemory()

    private let bytes = Atomic<Int>(0)

    package init() {}

    package var held: Int { bytes.load(ordering: .relaxed) }

    /// Counts a holder's change since it counted last.
    package func change(by difference: Int) {
        if difference != 0 { bytes.add(difference, ordering: .relaxed) }
    }

    /// From which on a connection is large enough to be worth resetting while its tunnel holds little.
    private static let worthwhile = 256 * 1024

    /// Whether the tunnel that asks has to give something up.
    ///
    /// - Parameters:
    ///   - limit: for the process.
    ///   - own: what the tunnel that asks holds.
    ///   - largest: what its largest connection holds.
    package func wantsRelief(limit: Int, own: Int, largest: Int) -> Bool {
        // What another holds is not taken out on those of this tunnel that hold next to nothing.
        held > limit && largest > 0 && (own > limit / 2 || largest > Self.worthwhile)
    }
}
