import FoundationEssentials

/// What agents connect to, and what the load comes through.
enum Server: Sendable {
    /// Upstream's proxy-server, at this path.
    case upstream(String)
    /// The one that the tests have, in a process of its own.
    case suite

    init(in folder: String) {
        let path = "\(folder)/proxy-server"
        self = FileManager.default.isExecutableFile(atPath: path) ? .upstream(path) : .suite
    }

    /// To be started.
    ///
    /// - Parameters:
    ///   - folder: with identities, and where the socket for front ends shall be.
    ///   - base: the first of three ports.
    func command(_ own: String, _ folder: String, _ base: Int) -> (path: String, arguments: [String]) {
        switch self {
        case .upstream(let path):
            (
                path,
                [
                    "--mode=http-connect", "--uds-name=\(folder)/front", "--server-port=0", "--agent-port=\(base)",
                    "--agent-bind-address=127.0.0.1", "--admin-port=\(base + 1)", "--health-port=\(base + 2)", "-v=0",
                    "--cluster-ca-cert=\(folder)/ca", "--cluster-cert=\(folder)/server",
                    "--cluster-key=\(folder)/server.key",
                ]
            )
        case .suite:
            (
                own,
                [
                    "server", "--front", "\(folder)/front", "--port", "\(base)", "--ca", "\(folder)/ca",
                    "--certificate", "\(folder)/server", "--key", "\(folder)/server.key",
                ]
            )
        }
    }
}
