import FoundationEssentials
import HTTPTransport
import KubeObjects
import Logging
import Subprocess
import SystemPackage

/// What a request carries to say who asks.
struct RequestCredential: Sendable {
    /// The value of `Authorization`.
    var authorization: String?
    /// Takes the place of the connection's own client certificate.
    var certificate: [UInt8]?
    var key: [UInt8]?
}

/// Gives each request its credential: reads files again, runs the plugin when its last word has expired.
actor CredentialSource {
    private let credential: ClusterConnection.Credential
    private let now: @Sendable () -> Date
    private var cached: (credential: RequestCredential, expires: Date)?
    private var running: Task<(RequestCredential, Date), any Error>?

    /// A projected service account token is renewed well before it expires; a minute's delay is no harm.
    private static let fileLifetime: TimeInterval = 60

    init(_ credential: ClusterConnection.Credential, now: @escaping @Sendable () -> Date) {
        self.credential = credential
        self.now = now
    }

    /// The server refused the last one: it is not used again.
    func invalidate() { cached = nil }

    func current() async throws -> RequestCredential {
        switch credential {
        case .none: return RequestCredential()
        case .token(let token): return RequestCredential(authorization: "Bearer \(token)")
        case .basic(let user, let password):
            return RequestCredential(authorization: "Basic \(Base64.encode(Array("\(user):\(password)".utf8)))")
        case .tokenFile(let path):
            return try await refreshed { now in
                let text = String(decoding: try FileContent.read(path, for: "the bearer token"), as: UTF8.self)
                let token = text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
                guard !token.isEmpty else { throw KubeconfigError("\(path) holds no token") }
                return (
                    RequestCredential(authorization: "Bearer \(token)"), now.addingTimeInterval(Self.fileLifetime)
                )
            }
        case .exec(let plugin): return try await refreshed { _ in try await plugin.run() }
        }
    }

    /// One refresh at a time, whatever the number of requests that wait for it.
    private func refreshed(
        _ refresh: @escaping @Sendable (Date) async throws -> (RequestCredential, Date)
    ) async throws -> RequestCredential {
        if let cached, now() < cached.expires { return cached.credential }
        if let running { return try await running.value.0 }
        let now = now()
        let task = Task {
            do {
                return try await refresh(now)
            } catch let error as KubeconfigError {
                throw KubeError(.credentials, error.description)
            }
        }
        running = task
        defer { running = nil }
        let (credential, expires) = try await task.value
        cached = (credential, expires)
        return credential
    }
}

extension ExecPlugin {
    /// Runs the plugin, never through a shell, and reads the ExecCredential it prints. One without an expiration is
    /// good until the server refuses it.
    func run() async throws -> (RequestCredential, Date) {
        var request: JSON = [
            "apiVersion": .string(apiVersion), "kind": "ExecCredential", "spec": ["interactive": false],
        ]
        if let cluster { request[path: "spec", "cluster"] = cluster }
        var environment = self.environment.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) }
        environment.append((Environment.Key(stringLiteral: "KUBERNETES_EXEC_INFO"), request.description))
        let executable: Executable = command.contains("/") ? .path(FilePath(command)) : .name(command)
        let output: String
        let status: TerminationStatus
        let complaint: String
        do {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments),
                environment: .inherit.updating(Dictionary(environment, uniquingKeysWith: { $1 })),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
            output = result.standardOutput
            complaint = result.standardError
            status = result.terminationStatus
        } catch {
            let hint = installHint.map { "\n\($0)" } ?? ""
            throw KubeError(.credentials, "the credential plugin \(command) cannot be run: \(error)\(hint)")
        }
        guard status.isSuccess else {
            throw KubeError(
                .credentials, "the credential plugin \(command) failed (\(status)): \(complaint.prefix(500))")
        }
        return try credential(from: output)
    }

    private func credential(from output: String) throws(KubeError) -> (RequestCredential, Date) {
        guard let json = try? JSON(parsing: output), json["kind"]?.string == "ExecCredential" else {
            throw KubeError(.credentials, "the credential plugin \(command) printed no ExecCredential")
        }
        let status = json["status"]
        var credential = RequestCredential()
        credential.authorization = status?["token"]?.string.map { "Bearer \($0)" }
        credential.certificate = status?["clientCertificateData"]?.string.map { Array($0.utf8) }
        credential.key = status?["clientKeyData"]?.string.map { Array($0.utf8) }
        guard credential.authorization != nil || (credential.certificate != nil && credential.key != nil) else {
            throw KubeError(.credentials, "the credential plugin \(command) gave neither a token nor a certificate")
        }
        let expires = status?["expirationTimestamp"]?.string.flatMap(Timestamp.parse)
        return (credential, expires ?? .distantFuture)
    }
}
