import FoundationEssentials
import KubeObjects
import Logging
import PKI
import ServiceLifecycle
import Subprocess
import SystemPackage
import Testing

@testable import StandaloneCluster

/// A server on a free loopback port with certificates of its own, for as long as `body` runs.
struct ServerFixture: Sendable {
    let server: EmbeddedAPIServer
    let port: Int
    let authority: CertificateAuthority
    let scratch: ScratchDirectory
    let kubeconfig: String

    /// - Parameter configure: a last change to the configuration.
    static func run<Result: Sendable>(
        in scratch: ScratchDirectory? = nil,
        configure: (inout EmbeddedAPIServer.Configuration) throws -> Void = { _ in },
        _ body: @escaping @Sendable (ServerFixture) async throws -> Result
    ) async throws -> Result {
        let scratch = try scratch ?? ScratchDirectory()
        let authority = try CertificateAuthority.selfSigned(
            CertificateProfile(commonName: "kubernetes", isAuthority: true, validity: .seconds(86_400)),
            key: .generate(.ecdsaP256), now: Date())
        let serving = try issue(authority, "kube-apiserver", isServer: true)
        var configuration = EmbeddedAPIServer.Configuration(
            servingCertificate: serving.certificate, servingKey: serving.key, sqlitePath: scratch.file("state.db"))
        configuration.port = 0
        configuration.clientAuthorities = authority.certificate.pem
        configuration.rootCertificateAuthority = authority.certificate.pem
        configuration.serviceAccountSigningKey = try PrivateKey.generate(.ecdsaP256).pem
        configuration.tokens = StaticTokens(["admin-token": UserInfo(name: "root", groups: ["system:masters"])])
        try configure(&configuration)
        var log = Logger(label: "test")
        log.logLevel = .error
        let server = try EmbeddedAPIServer(configuration, log: log)
        let group = ServiceGroup(configuration: .init(services: [server], logger: log))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try await server.ready()
            let admin = try issue(authority, "kubernetes-admin", organizations: ["system:masters"])
            let kubeconfig = Kubeconfig(
                clusterName: "test", server: "https://127.0.0.1:\(port)",
                certificateAuthorityPEM: authority.certificate.pem, userName: "admin",
                clientCertificatePEM: admin.certificate, clientKeyPEM: admin.key)
            let path = scratch.file("kubeconfig-\(port)")
            try Data(kubeconfig.yaml.utf8).write(to: URL(filePath: path))
            let fixture = ServerFixture(
                server: server, port: port, authority: authority, scratch: scratch, kubeconfig: path)
            do {
                let result = try await body(fixture)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                return result
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
        }
    }

    static func issue(
        _ authority: CertificateAuthority, _ name: String, organizations: [String] = [], isServer: Bool = false
    ) throws -> (certificate: [UInt8], key: [UInt8]) {
        let key = try PrivateKey.generate(.ecdsaP256)
        let profile = CertificateProfile(
            commonName: name, organizations: organizations, dnsNames: isServer ? ["localhost"] : [],
            ipAddresses: isServer ? ["127.0.0.1"] : [], extendedKeyUsages: [isServer ? .serverAuth : .clientAuth],
            validity: .seconds(86_400))
        return (try authority.issue(profile, to: key, now: Date()).pem, key.pem)
    }
}

/// What a program printed and how it ended.
struct Outcome: Sendable, CustomStringConvertible {
    let code: Int32
    let output: String
    let errors: String

    var isSuccess: Bool { code == 0 }
    var description: String { "exit \(code)\n\(output)\(errors)" }
}

/// A kubectl of some version.
struct Kubectl: Sendable, CustomStringConvertible, CustomTestStringConvertible {
    let path: String
    let version: String

    var description: String { "kubectl \(version)" }
    var testDescription: String { description }

    /// The system's, and the newest one where `KUBECTL_NEW` names it.
    static let all: [Kubectl] = {
        var found = [Kubectl(path: "/usr/bin/kubectl", version: "of the system")]
        if let path = ProcessInfo.processInfo.environment["KUBECTL_NEW"] {
            found.append(Kubectl(path: path, version: "new"))
        }
        return found.filter { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    /// Runs a command against the fixture; `input` becomes a file that `-f FILE` in the arguments names.
    func callAsFunction(
        _ arguments: String, on fixture: ServerFixture, file: String? = nil, environment: [String: String] = [:]
    ) async throws -> Outcome {
        var words = arguments.split(separator: " ").map(String.init)
        if let file {
            let path = fixture.scratch.file("\(UUID().uuidString).yaml")
            try Data(file.utf8).write(to: URL(filePath: path))
            words = words.map { $0 == "FILE" ? path : $0 }
        }
        var variables: [Environment.Key: String] = [
            "KUBECONFIG": fixture.kubeconfig, "HOME": fixture.scratch.path,
            "KUBECACHEDIR": fixture.scratch.file("cache"),
        ]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(words), environment: .inherit.updating(variables),
            output: .string(limit: 8 << 20), error: .string(limit: 1 << 20))
        var code: Int32 = -1
        if case .exited(let status) = result.terminationStatus { code = status }
        return Outcome(code: code, output: result.standardOutput, errors: result.standardError)
    }
}
