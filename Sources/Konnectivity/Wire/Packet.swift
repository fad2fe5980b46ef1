/// Names a connection on one stream between agent and server; the agent hands them out.
package typealias ConnectionID = Int64

/// What agent and server say to each other (konnectivity-client/proto/client/client.proto upstream).
package enum Packet: Sendable, Hashable {
    /// Server to agent: connect to `address`. `random` comes back in the answer.
    case dialRequest(DialRequest)
    /// Agent to server. Either a connection or an error.
    case dialResponse(random: Int64, connection: ConnectionID, error: String)
    case closeRequest(ConnectionID)
    case closeResponse(ConnectionID, error: String)
    case data(ConnectionID, ArraySlice<UInt8>)
    /// Server to agent: nobody waits for the answer to this dial any more.
    case closeDial(random: Int64)
    /// Agent to server: prefer others for new connections.
    case drain
    /// A type of a later version, to be ignored.
    case unknown(type: Int64)

    package struct DialRequest: Sendable, Hashable {
        /// `tcp` in all that Kubernetes does.
        package var network: String
        /// `host:port`.
        package var address: String
        package var random: Int64

        package init(network: String, address: String, random: Int64) {
            self.network = network
            self.address = address
            self.random = random
        }
    }

    /// The numbers of `PacketType`.
    package enum Kind: Int64, Sendable, CaseIterable {
        case dialRequest = 0
        case dialResponse = 1
        case closeRequest = 2
        case closeResponse = 3
        case data = 4
        case closeDial = 5
        case drain = 6

        /// The number of the payload's field in `Packet`.
        var payloadField: Int {
            switch self {
            case .dialRequest: 2
            case .dialResponse: 3
            case .data: 4
            case .closeRequest: 5
            case .closeResponse: 6
            case .closeDial: 7
            case .drain: 8
            }
        }

        /// As upstream's metrics label it.
        package var label: String {
            switch self {
            case .dialRequest: "DIAL_REQ"
            case .dialResponse: "DIAL_RSP"
            case .closeRequest: "CLOSE_REQ"
            case .closeResponse: "CLOSE_RSP"
            case .data: "DATA"
            case .closeDial: "DIAL_CLS"
            case .drain: "DRAIN"
            }
        }
    }

    /// Nil for a type that is not known.
    package var kind: Kind? {
        switch self {
        case .dialRequest: .dialRequest
        case .dialResponse: .dialResponse
        case .closeRequest: .closeRequest
        case .closeResponse: .closeResponse
        case .data: .data
        case .closeDial: .closeDial
        case .drain: .drain
        case .unknown: nil
        }
    }
}
