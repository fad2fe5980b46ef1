import Datastores
import FoundationEssentials
import HTTPTransport
import KubeObjects
import Logging
import PKI
import ServiceLifecycle
import Subprocess
import SystemPackage
import TenantAPI

/// One etcd process on loopback, with certificates for everybody and authentication on: the DataStore of tenants that
/// upstream's programs run.
struct LocalEtcd: Service {
    let program: String
    let address: String
    let state: StateDirectory
    let material: ClusterMaterial
    let log: Logger

    static let port = 2379
    static let peerPort = 2380

    var endpoint: String { "\(address):\(Self.port)" }

    /// Runs etcd until graceful shutdown. That it ends before is an error, which ends the cluster.
    func run() async throws {
        let arguments = try prepare()
        let output = try FileDescriptor.open(
            state.file("etcd.log"), .writeOnly, options: [.create, .append, .closeOnExec],
            permissions: .ownerReadWrite)
        defer { try? output.close() }
        let (program, log) = (program, log)
        log.info("starting etcd", metadata: ["program": "\(program)", "endpoint": "\(endpoint)"])
        let stopped = Stop()
        let result = try await cancelWhenGracefulShutdown {
            var options = PlatformOptions()
            // A terminal's Ctrl-C is for us: the tenants' processes end first, and etcd after them.
            options.processGroupID = 0
            options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))]
            do {
                // Killed with us, even when we are given no time to say so.
                return try await Subprocess.run(
                    .path("/usr/bin/setpriv"),
                    arguments: Arguments(["--pdeathsig", "KILL", "--", program] + arguments),
                    environment: .custom(["PATH": "/usr/bin:/bin"]), platformOptions: options,
                    output: .fileDescriptor(output, closeAfterSpawningProcess: false),
                    error: .fileDescriptor(output, closeAfterSpawningProcess: false)
                ).terminationStatus
            } catch  where Task.isCancelled {
                stopped.mark()
                return .exited(0)
            }
        }
        guard stopped.isMarked || Task.isShuttingDownGracefully else {
            throw StandaloneError("etcd ended (\(result)): see \(state.file("etcd.log"))")
        }
    }

    private func prepare() throws -> [String] {
        _ = try state.directory("etcd")
        let server = try material.issue(
            "etcd", dnsNames: ["localhost"], addresses: [address, "127.0.0.1"], usages: [.serverAuth, .clientAuth])
        try state.write(server.certificate, to: "pki/etcd.crt")
        try state.write(server.key, to: "pki/etcd.key")
        let client = "https://\(endpoint)"
        let peer = "http://\(address):\(Self.peerPort)"
        return [
            "--name=default", "--data-dir=\(state.file("etcd"))",
            "--listen-client-urls=\(client)", "--advertise-client-urls=\(client)",
            "--listen-peer-urls=\(peer)", "--initial-advertise-peer-urls=\(peer)", "--initial-cluster=default=\(peer)",
            "--client-cert-auth=true", "--trusted-ca-file=\(state.file("pki/ca.crt"))",
            "--cert-file=\(state.file("pki/etcd.crt"))", "--key-file=\(state.file("pki/etcd.key"))",
            "--auto-compaction-mode=periodic", "--auto-compaction-retention=5m", "--quota-backend-bytes=8589934592",
        ]
    }

    /// Waits until it answers, and switches authentication on: from then on each tenant reaches its own keys alone.
    func furnish(_ transport: any HTTPTransport) async throws -> (certificate: [UInt8], key: [UInt8]) {
        let root = try material.issue("root", usages: [.clientAuth])
        let driver = EtcdDatastore(
            endpoints: [endpoint],
            tls: TLSSettings(
                certificateAuthorities: material.authority.certificate.pem, clientCertificate: root.certificate,
                clientKey: root.key),
            transport: transport)
        var attempt = 0
        while true {
            do {
                try await driver.enableAuthentication()
                return root
            } catch {
                attempt += 1
                guard attempt < 300 else {
                    throw StandaloneError("etcd does not answer (\(error)): see \(state.file("etcd.log"))")
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
