import ArgumentParser
import Glibc
import TunnelServer

/// The tests' server alone in a process, where upstream's is not.
struct ServerProcess: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "server", abstract: "Run the tests' own server.")

    @Option(help: "Where the socket for front ends shall be.")
    var front: String
    @Option(help: "Of 127.0.0.1, for agents.")
    var port: UInt16
    @Option var ca: String
    @Option var certificate: String
    @Option var key: String

    func run() throws {
        let identity = KonnectivityServer.Identity(
            certificate: try PEMFile.read(certificate), key: try PEMFile.read(key), authority: try PEMFile.read(ca))
        let server = try KonnectivityServer(identity, frontEndPath: front, port: port)
        while true { withExtendedLifetime(server) { _ = pause() } }
    }
}
