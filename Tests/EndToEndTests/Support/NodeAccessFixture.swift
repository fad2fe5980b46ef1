import Blueprint
import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import PKI
import Reconciliation
import Testing

/// A tenant that runs, with an approver at work in it, and machines that ask it for certificates with openssl.
struct NodeAccessFixture: Sendable {
    let cluster: StandaloneFixture
    let session: Session
    let admin: KubeClient
    let server: String
    let authority: [UInt8]
    let transport: CurlTransport

    static func run(
        _ engine: Engine, _ body: @escaping @Sendable (NodeAccessFixture) async throws -> Void
    ) async throws {
        try await StandaloneFixture.run(engine.arguments) { cluster in
            let session = try await cluster.session()
            try await session.must("apply -f FILE", file: Manifests.tenant("dev", replicas: 1))
            try await session.waitForPhase("Ready", of: "dev")
            let printed = try await cluster.manager(["kubeconfig", "dev", "-n", session.namespace])
            let connection = try ClusterConnection(Kubeconfig(yaml: printed.output))
            let transport = CurlTransport()
            defer { transport.shutdown() }
            let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let admin = KubeClient(
                connection: connection, transport: transport, fieldManager: "kamaji-manager", log: log)
            let fixture = NodeAccessFixture(
                cluster: cluster, session: session, admin: admin, server: connection.server,
                authority: try #require(connection.tls.certificateAuthorities), transport: transport)
            try await fixture.prepare(engine)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let approver = NodeApprover(
                    client: admin, tenant: ObjectKey(namespace: session.namespace, name: "dev"),
                    reserved: ReservedNames(),
                    log: log, pause: { _ in try await Task.sleep(for: .milliseconds(100)) })
                group.addTask { try await approver.run() }
                do {
                    try await body(fixture)
                } catch {
                    group.cancelAll()
                    throw error
                }
                group.cancelAll()
                try? await group.waitForAll()
            }
        }
    }

    private func prepare(_ engine: Engine) async throws {
        guard engine == .upstream else { return }
        for made in NodeAgents.objects(version: "v1.35.2") { _ = try await admin.apply(made.object, made.type) }
        let requests = "system:certificates.k8s.io:certificatesigningrequests"
        for (name, role) in [("joining", "system:node-bootstrapper"), ("kubelets", "\(requests):nodeclient")] {
            var binding = ResourceType.clusterRoleBindings.object(ObjectKey(namespace: nil, name: "test:\(name)"))
            binding["roleRef"] = [
                "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": .string(role),
            ]
            binding["subjects"] = [
                [
                    "apiGroup": "rbac.authorization.k8s.io", "kind": "Group",
                    "name": "system:bootstrappers:kubeadm:default-node-token",
                ]
            ]
            _ = try await admin.apply(binding, .clusterRoleBindings)
        }
    }

    /// Runs a command of the program on the tenant.
    func manager(_ words: String...) async throws -> Outcome {
        try await cluster.manager(words + ["-n", session.namespace])
    }

    func client(token: String) -> KubeClient {
        client(
            ClusterConnection(
                server: server, tls: TLSSettings(certificateAuthorities: authority), credential: .token(token)))
    }

    func client(certificate: [UInt8], key: Machine.Key) -> KubeClient {
        client(
            ClusterConnection(
                server: server,
                tls: TLSSettings(
                    certificateAuthorities: authority, clientCertificate: certificate, clientKey: key.pem)))
    }

    private func client(_ connection: ClusterConnection) -> KubeClient {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return KubeClient(connection: connection, transport: transport, fieldManager: "machine", log: log)
    }

    /// A new invitation, once the tenant's API server knows it.
    func invitation() async throws -> KubeClient {
        let made = try await manager("token", "create", "dev", "--no-print-join-command")
        try #require(made.isSuccess, "\(made)")
        let client = client(token: made.output.trimmingCharacters(in: .newlines))
        try await eventually("the tenant knows the token") { try await Self.isKnown(client) }
        return client
    }

    static func isKnown(_ client: KubeClient) async throws -> Bool {
        do {
            _ = try await client.find(.certificateSigningRequests, ObjectKey(namespace: nil, name: "none"))
            return true
        } catch let error as KubeError where error.isUnauthorized {
            return false
        }
    }

    /// Asks for a certificate and waits for the decision.
    func ask(_ who: KubeClient, _ wish: Machine.Wish, _ key: Machine.Key) async throws -> Answer {
        let name = try await post(who, wish, key)
        return try await answer(name)
    }

    /// The name of the request that is made.
    func post(_ who: KubeClient, _ wish: Machine.Wish, _ key: Machine.Key) async throws -> String {
        let pem = try await Machine.request(wish, key, scratch: session.scratch)
        var object = ResourceType.certificateSigningRequests.object(
            ObjectKey(namespace: nil, name: "csr-\(UUID().uuidString.lowercased())"))
        object["spec"] = [
            "signerName": .string(wish.signer), "request": .string(Base64.encode(pem)), "usages": JSON(wish.usages),
        ]
        if let seconds = wish.seconds { object[path: "spec", "expirationSeconds"] = .integer(seconds) }
        return try await who.create(object, .certificateSigningRequests).name
    }

    func answer(_ name: String) async throws -> Answer {
        var answer: Answer?
        try await eventually("there is an answer to \(name)") {
            let object = try await admin.get(.certificateSigningRequests, ObjectKey(namespace: nil, name: name))
            for condition in object[path: "status", "conditions"]?.array ?? []
            where ["Denied", "Failed"].contains(condition["type"]?.string ?? "") {
                answer = .denied(condition["reason"]?.string ?? "")
            }
            if let text = object[path: "status", "certificate"]?.string, let pem = Base64.decode(text) {
                answer = .issued(pem)
            }
            return answer != nil
        }
        return try #require(answer)
    }

    enum Answer: Sendable, Equatable {
        case issued([UInt8])
        case denied(String)

        var certificate: [UInt8] {
            get throws {
                guard case .issued(let pem) = self else { throw Failure("no certificate: \(self)") }
                return pem
            }
        }
    }

    /// Whether a call is refused with 403 (or, by admission, 422).
    func isRefused(_ call: () async throws -> Void) async throws -> Bool {
        do {
            try await call()
            return false
        } catch let error as KubeError where error.isForbidden || error.isInvalid {
            return true
        }
    }
}

/// What a machine does with openssl.
enum Machine {
    struct Key: Sendable {
        let path: String
        let pem: [UInt8]

        init(_ scratch: ScratchDirectory) async throws {
            path = scratch.file("\(UUID().uuidString).key")
            let made = try await Programs.run(
                "openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path])
            guard made.isSuccess else { throw Failure("openssl: \(made)") }
            pem = Array(try Data(contentsOf: URL(filePath: path)))
        }
    }

    struct Wish: Sendable {
        var signer: String
        var subject: String
        var names = ""
        var usages: [String]
        var seconds: Int64?

        static func agent(_ node: String) -> Wish {
            Wish(
                signer: "kubernetes.io/kube-apiserver-client", subject: "/O=kamaji:agents/CN=kamaji:agent:\(node)",
                usages: ["digital signature", "client auth"], seconds: 86_400)
        }

        static func kubelet(_ node: String) -> Wish {
            Wish(
                signer: "kubernetes.io/kube-apiserver-client-kubelet",
                subject: "/O=system:nodes/CN=system:node:\(node)",
                usages: ["digital signature", "client auth"])
        }

        static func serving(_ node: String, _ names: String) -> Wish {
            Wish(
                signer: "kubernetes.io/kubelet-serving", subject: "/O=system:nodes/CN=system:node:\(node)",
                names: names,
                usages: ["digital signature", "server auth"])
        }
    }

    static func request(_ wish: Wish, _ key: Key, scratch: ScratchDirectory) async throws -> [UInt8] {
        let names = wish.names.isEmpty ? [] : ["-addext", "subjectAltName=\(wish.names)"]
        let made = try await Programs.run(
            "openssl", ["req", "-new", "-key", key.path, "-subj", wish.subject] + names)
        guard made.isSuccess else { throw Failure("openssl: \(made)") }
        return Array(made.output.utf8)
    }
}
