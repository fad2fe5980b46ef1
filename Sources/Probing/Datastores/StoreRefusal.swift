/// What a server says to who connects, instead of a greeting. MySQL and MariaDB know such a word.
package enum StoreRefusal: String, Sendable, Hashable, CaseIterable {
    /// No user may come from our host.
    case hostNotAllowed = "host_not_allowed"
    /// Too many connections from our host ended before their login (`max_connect_errors`).
    case hostBlocked = "host_blocked"
    case tooManyConnections = "too_many_connections"
    case other = "refused_otherwise"

    /// - Parameter code: of the servers' own list, ER_HOST_IS_BLOCKED and so on; MySQL's and MariaDB's are the same here.
    init(mySQL code: UInt16) {
        self =
            switch code {
            case 1129: .hostBlocked
            case 1130: .hostNotAllowed
            case 1040: .tooManyConnections
            default: .other
            }
    }

    /// Whether it is said to our host and not to everybody: the server is up, and tenants elsewhere may use it.
    package var isOfOurHost: Bool { self == .hostNotAllowed || self == .hostBlocked }
}
