import ArgumentParser
import FoundationEssentials
import Konnectivity
import Logging
import Sockets

/// Our agent alone in a process, so that its memory and its CPU can be told apart.
struct AgentProcess: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "agent", abstract: "Run our agent.")

    @Option var server: String
    @Option var ca: String
    @Option var certificate: String
    @Option var key: String
    @Option(parsing: .upToNextOption) var ports: [UInt16]

    func run() async throws {
        guard let server = HostPort(server) else { throw ValidationError("--server \(server): not host:port") }
        let credentials = TunnelCredentials(
            certificateAuthorities: try PEMFile.read(ca), clientCertificate: try PEMFile.read(certificate),
            clientKey: try PEMFile.read(key))
        var logger = Logger(label: "agent")
        logger.logLevel = .warning
        let tunnel = Tunnel(
            configuration: TunnelConfiguration(servers: [server], agentName: "bench"), credentials: { credentials },
            dialPolicy: DialPolicy(loopbackPorts: Set(ports)), logger: logger)
        try await tunnel.run()
    }
}

/// What a process is given of an identity.
enum PEMFile {
    static func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }
}
