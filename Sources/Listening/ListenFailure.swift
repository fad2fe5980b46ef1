import Glibc
import NIOCore

/// Why an address cannot be listened on, and which flag chooses another.
package struct ListenFailure: Error, Sendable, CustomStringConvertible {
    package let description: String

    /// Nil when `error` is about something else than listening.
    package init?(_ error: any Error, host: String, port: Int, flag: String) {
        guard let error = error as? IOError else { return nil }
        let (problem, way): (String, String)
        switch error.errnoCode {
        case EADDRINUSE: (problem, way) = ("another program listens there", "stop that one, or choose another with")
        case EACCES: (problem, way) = ("this user may not", "choose another with")
        case EADDRNOTAVAIL: (problem, way) = ("this machine has no such address", "choose another with")
        default: return nil
        }
        description = "cannot listen on \(host):\(port), \(problem): \(way) \(flag)"
    }
}
