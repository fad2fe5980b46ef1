/// What the tunnel is doing, at one moment.
package struct TunnelStatus: Sendable, Hashable {
    /// One connection to a server.
    package struct Link: Sendable, Hashable {
        package enum State: String, Sendable, Hashable {
            /// TCP, TLS, and waiting for the server's headers.
            case connecting
            case connected
            /// Told the server to prefer others; goes when its connections are over.
            case draining
        }

        /// Counts up from 1 over the life of the process.
        package var number: UInt64
        package var state: State
        /// The configured server that this goes to.
        package var server: String
        /// What the server calls itself; nil before it has said so.
        package var serverID: String?
        package var age: Duration
        /// Connections to targets.
        package var connections: Int
        /// Dials under way.
        package var dials: Int
        /// As the last ping measured it.
        package var roundTrip: Duration?
        /// Since the last byte came.
        package var silence: Duration
        /// Bytes that wait to be sent to the server.
        package var bytesToServer: Int
        /// Bytes that wait for targets to read them.
        package var bytesToTargets: Int
        /// For how long nothing that waits could be sent: the server has stopped reading. Nil when all is well.
        package var standStill: Duration?
    }

    /// Sums over the life of the process.
    package struct Counters: Sendable, Hashable {
        /// Dials asked for.
        package var dials: UInt64 = 0
        package var dialFailures: UInt64 = 0
        package var dialTimeouts: UInt64 = 0
        /// Dials that the node's policy or its limits refused.
        package var dialsRefused: UInt64 = 0
        package var dialsAbandoned: UInt64 = 0
        /// Connections reset because their target read too slowly.
        package var overflows: UInt64 = 0
        /// Packets for connections that are not, or of types that are not known.
        package var strayPackets: UInt64 = 0
        package var bytesToTargets: UInt64 = 0
        package var bytesFromTargets: UInt64 = 0
        package var packetsReceived: UInt64 = 0
        package var packetsSent: UInt64 = 0
        /// Connections to servers begun, and those of them that failed or broke.
        package var connects: UInt64 = 0
        package var connectFailures: UInt64 = 0
        package var connectionsLost: UInt64 = 0
    }

    package var links: [Link] = []
    /// How many servers there are, as far as is known.
    package var knownServers = 1
    package var counters = Counters()
    /// The last thing that went wrong with a server, and how long ago; it stays after things went well again.
    package var lastError: String?
    package var lastErrorAge: Duration?
    /// Whether the tunnel runs at all.
    package var isRunning = false

    package init() {}

    /// Whether a server can reach the node now.
    package var isConnected: Bool { links.contains { $0.state == .connected && $0.standStill == nil } }
}
