import Foundation
import HTTPTransport
import KubeObjects
import Logging
import PKI
import Testing

@testable import KubeClient

/// The real kube-apiserver on an etcd of its own, for the suite that is given this trait; ended with the suite.
struct ControlPlane: Sendable {
    private static let folder = "/usr/local/kubebuilder/bin"
    @TaskLocal static var current: ControlPlane?

    static var isInstalled: Bool {
        ["etcd", "kube-apiserver"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
    }

    static let token = "first-token"
    static let otherToken = "second-token"
    /// Of the node "node".
    static let nodeToken = "node-token"

    let connection: ClusterConnection
    let transport: any HTTPTransport
    private let processes: [Process]
    private let data: TemporaryFolder

    static func start() async throws -> ControlPlane {
        let data = try TemporaryFolder()
        let (clientPort, peerPort, securePort) = (try unusedPort(), try unusedPort(), try unusedPort())
        let etcd = try run(
            "etcd", data,
            [
                "--data-dir=\(data.path)/etcd", "--listen-client-urls=http://127.0.0.1:\(clientPort)",
                "--advertise-client-urls=http://127.0.0.1:\(clientPort)",
                "--listen-peer-urls=http://127.0.0.1:\(peerPort)", "--unsafe-no-fsync",
            ])
        let transport = CurlTransport()
        try await age(etcd, "http://127.0.0.1:\(clientPort)", transport)
        let authority = try CertificateAuthority.selfSigned(
            CertificateProfile(commonName: "test", isAuthority: true, validity: .seconds(86_400)),
            key: .generate(.ecdsaP256), now: Date())
        func issue(_ profile: CertificateProfile) throws -> (certificate: [UInt8], key: [UInt8]) {
            let key = try PrivateKey.generate(.ecdsaP256)
            return (try authority.issue(profile, to: key, now: Date()).pem, key.pem)
        }
        let server = try issue(
            CertificateProfile(
                commonName: "kube-apiserver", ipAddresses: ["127.0.0.1"], extendedKeyUsages: [.serverAuth],
                validity: .seconds(86_400)))
        let admin = try issue(
            CertificateProfile(
                commonName: "admin", organizations: ["system:masters"], extendedKeyUsages: [.clientAuth],
                validity: .seconds(86_400)))
        try data.file("ca.crt", String(decoding: authority.certificate.pem, as: UTF8.self))
        try data.file("server.crt", String(decoding: server.certificate, as: UTF8.self))
        try data.file("server.key", String(decoding: server.key, as: UTF8.self))
        try data.file(
            "tokens",
            "\(token),one,1,\"system:masters\"\n\(otherToken),two,2,\"system:masters\"\n"
                + "\(nodeToken),system:node:node,3,\"system:nodes\"\n")
        let apiServer = try run(
            "kube-apiserver", data,
            [
                "--etcd-servers=http://127.0.0.1:\(clientPort)", "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1", "--secure-port=\(securePort)", "--cert-dir=\(data.path)",
                "--client-ca-file=\(data.path)/ca.crt", "--tls-cert-file=\(data.path)/server.crt",
                "--tls-private-key-file=\(data.path)/server.key", "--token-auth-file=\(data.path)/tokens",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=\(data.path)/server.key",
                "--service-account-signing-key-file=\(data.path)/server.key", "--service-cluster-ip-range=10.0.0.0/24",
                "--disable-admission-plugins=ServiceAccount", "--authorization-mode=RBAC",
                "--endpoint-reconciler-type=none", "--allow-privileged=true",
            ])
        let connection = ClusterConnection(
            server: "https://127.0.0.1:\(securePort)",
            tls: TLSSettings(
                certificateAuthorities: authority.certificate.pem, clientCertificate: admin.certificate,
                clientKey: admin.key))
        let plane = ControlPlane(
            connection: connection, transport: transport, processes: [apiServer, etcd], data: data)
        do {
            try await plane.waitUntilReady()
        } catch {
            plane.stop()
            throw error
        }
        return plane
    }

    /// Gives etcd a past, so that version 1 is one that the API server never knew and answers 410 for.
    private static func age(_ etcd: Process, _ url: String, _ transport: any HTTPTransport) async throws {
        let put = HTTPRequest("POST", "\(url)/v3/kv/put", body: Array("{\"key\":\"YQ==\",\"value\":\"YQ==\"}".utf8))
        var written = 0
        while written < 10 {
            if await (try? transport.send(put))?.status == 200 {
                written += 1
            } else {
                try #require(etcd.isRunning)
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// `/readyz` says when; there is nothing else to wait for.
    private func waitUntilReady() async throws {
        let request = HTTPRequest("GET", "\(connection.server)/readyz", tls: connection.tls)
        for _ in 0..<600 where processes.allSatisfy(\.isRunning) {
            if await (try? transport.send(request))?.status == 200 { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw KubeconfigError(
            "kube-apiserver is not ready: \((try? data.text("kube-apiserver.log").suffix(2000)) ?? "")")
    }

    func stop() {
        for process in processes { kill(process.processIdentifier, SIGKILL) }
        for process in processes { process.waitUntilExit() }
    }

    func client(
        _ fieldManager: String = "tests", credential: ClusterConnection.Credential? = nil,
        over other: (any HTTPTransport)? = nil
    ) -> KubeClient {
        var connection = connection
        if let credential {
            connection.credential = credential
            connection.tls.clientCertificate = nil
            connection.tls.clientKey = nil
        }
        return KubeClient(
            connection: connection, transport: other ?? transport, fieldManager: fieldManager, log: .silent)
    }

    private static func run(_ name: String, _ data: TemporaryFolder, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "\(folder)/\(name)")
        process.arguments = arguments
        let log = try FileHandle(forWritingTo: URL(filePath: data.file("\(name).log", "")))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        try process.run()
        return process
    }

    private static func unusedPort() throws -> UInt16 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1
            }
        }
        try #require(code == 0)
        return UInt16(bigEndian: address.sin_port)
    }
}

struct ControlPlaneTrait: SuiteTrait, TestScoping {
    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let plane = try await ControlPlane.start()
        defer { plane.stop() }
        try await ControlPlane.$current.withValue(plane) { try await function() }
    }
}

extension Trait where Self == ControlPlaneTrait {
    /// Starts a control plane for the suite.
    static var controlPlane: Self { Self() }
}
