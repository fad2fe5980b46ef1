import Foundation
import KubeObjects
import PKI
import Testing

extension EndToEnd {
    /// The daemon's tunnel to a server that asks agents for certificates of the tenant's authority: upstream's own.
    @Suite(
        .enabled("a machine needs root, iproute2 and iptables: scripts/edge.sh check names what is missing") {
            try await EdgeMachine.obstacle() == nil
        },
        .enabled("the tunnel's server is upstream's proxy-server, which is not here") {
            Programs.proxyServer != nil
        })
    struct CertificateTunnelTests {
        private static let name = "certified"

        @Test func `an agent is let in by its certificate, once it is told to show it, and carries bytes`()
            async throws
        {
            try await WorkerNetwork.run { network in
                let cluster = try StandaloneFixture.current
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: EdgeMachine.tenant("dev", on: network))
                try await session.waitForPhase("Ready", of: "dev")
                let (arguments, port, front) = try await server(session, network)
                _ = try await RunningProgram.run(try #require(Programs.proxyServer), arguments) { _ in
                    try await EdgeMachine.run(Self.name, on: network, in: session.scratch) { machine in
                        try await machine.join("dev", cluster, session)
                        try await expectLetIn(machine, "\(network.gateway):\(port)", front, network)
                    }
                }
            }
        }

        /// Its arguments, the port for agents, and the socket for those who dial; its identity is of the tenant's authority.
        private func server(
            _ session: Session, _ network: WorkerNetwork
        ) async throws -> (arguments: [String], port: UInt16, front: String) {
            let secret = try await session.secret("dev-ca")
            let certificate = try #require(secret["ca.crt"])
            let authority = try CertificateAuthority(
                certificate: Certificate(pem: Array(certificate.utf8)),
                key: PrivateKey(pem: Array(try #require(secret["ca.key"]).utf8)))
            let key = try PrivateKey.generate(.ecdsaP256)
            let own = try authority.issue(
                CertificateProfile(
                    commonName: "tunnel", ipAddresses: [network.gateway], extendedKeyUsages: [.serverAuth],
                    validity: .seconds(86_400)),
                to: key, now: Date())
            let scratch = session.scratch
            func file(_ pem: [UInt8]) throws -> String {
                try scratch.write(String(decoding: pem, as: UTF8.self), extension: "pem")
            }
            // proxy-server wants its ports named, between 1024 and 49151.
            let ports = (0..<3).map { UInt16(20_000 + UInt16.random(in: 0..<4000) * 3 + $0) }
            let front = scratch.file("front.sock")
            let arguments = [
                "--mode=http-connect", "--uds-name=\(front)", "--server-port=0", "--agent-port=\(ports[0])",
                "--agent-bind-address=\(network.gateway)", "--cluster-cert=\(try file(own.pem))",
                "--cluster-key=\(try file(key.pem))", "--cluster-ca-cert=\(try file(Array(certificate.utf8)))",
                "--admin-bind-address=\(network.gateway)", "--admin-port=\(ports[1])",
                "--health-bind-address=\(network.gateway)", "--health-port=\(ports[2])", "-v=0",
            ]
            return (arguments, ports[0], front)
        }

        private func expectLetIn(
            _ machine: EdgeMachine, _ server: String, _ front: String, _ network: WorkerNetwork
        ) async throws {
            func set(_ authentication: String) throws {
                try "tunnel: {servers: ['\(server)'], authentication: \(authentication)}\n".write(
                    toFile: machine.place("/etc/kamaji-agent/config.yaml"), atomically: true, encoding: .utf8)
            }
            func standing() async throws -> JSON {
                let words = ["tunnel", "status", "--output", "json"]
                let ending = try await machine.agent(words) { await $0.output.end() }.ending
                return (try? JSON(parsing: Array(ending.output.utf8))) ?? .null
            }
            try set("token")
            let daemon = try await machine.agent(["run"]) { program in
                try await eventually("the server does not take a token for a certificate") {
                    let tunnel = try await standing()
                    #expect(tunnel["connected"]?.bool != true, "\(tunnel)")
                    return tunnel["lastError"] != nil || tunnel["trouble"] != nil
                }
                try set("certificate")
                program.send(SIGHUP)
                try await eventually("the server takes the certificate") {
                    try await standing()["connected"] == true
                }
                try await expectCarried(machine, front, network)
                let tunnel = try await standing()
                #expect(tunnel[path: "bytes", "fromTargets"]?.integer ?? 0 >= 8, "\(tunnel)")
            }
            #expect(daemon.ending.code == 0, "\(daemon.ending)")
        }

        /// From whoever dials the server to a port of the node and back.
        private func expectCarried(_ machine: EdgeMachine, _ front: String, _ network: WorkerNetwork) async throws {
            let port = 10_250
            let listen = """
                my $s = IO::Socket::INET->new(LocalAddr => shift, LocalPort => shift, Listen => 5, ReuseAddr => 1)
                    or die $!;
                $| = 1; print "listening\\n";
                while (my $c = $s->accept) { my $line = <$c>; print $c "got $line"; close $c }
                """
            let dial = """
                my $s = IO::Socket::UNIX->new(Peer => shift) or die $!;
                my $target = shift;
                print $s "CONNECT $target HTTP/1.1\\r\\nHost: $target\\r\\n\\r\\n";
                while (<$s>) { print; last if /^\\r?$/ }
                print $s "hello\\n";
                while (<$s>) { print }
                """
            let arguments = [
                "in", machine.directory, "perl", "-MIO::Socket::INET", "-e", listen, network.address, "\(port)",
            ]
            _ = try await RunningProgram.run(EdgeMachine.script, arguments) { target in
                _ = try await target.output.line { $0 == "listening" }
                let answer = try await Programs.run(
                    "perl", ["-MIO::Socket::UNIX", "-e", dial, front, "\(network.address):\(port)"])
                #expect(answer.output.hasPrefix("HTTP/1.1 200 "), "\(answer)")
                #expect(answer.output.hasSuffix("\r\n\r\ngot hello\n"), "\(answer)")
            }
        }
    }
}
