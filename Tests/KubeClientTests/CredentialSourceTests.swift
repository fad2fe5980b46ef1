import Foundation
import KubeObjects
import Synchronization
import Testing

@testable import KubeClient

@Suite("Credentials of requests")
struct CredentialSourceTests {
    private let folder: TemporaryFolder
    private let clock = Clock()

    init() throws { folder = try TemporaryFolder() }

    private final class Clock: Sendable {
        private let date = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
        var now: Date { date.withLock { $0 } }
        func advance(_ seconds: Double) { date.withLock { $0 += seconds } }
    }

    private func source(_ credential: ClusterConnection.Credential) -> CredentialSource {
        CredentialSource(credential) { [clock] in clock.now }
    }

    /// A plugin that prints `status`, with N replaced by how often it ran.
    private func plugin(_ status: String, _ more: JSON = [:]) throws -> CredentialSource {
        let script = """
            #!/bin/sh
            echo run >> '\(folder.path)/runs'
            count=$(wc -l < '\(folder.path)/runs' | tr -d ' ')
            printf '%s\\n' "$KUBERNETES_EXEC_INFO" "$1" "$GIVEN" > '\(folder.path)/seen'
            printf '%s' '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":\(status)}' |
                sed "s/N/$count/g"
            """
        var exec: JSON = [
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": .string(try folder.file("plugin", script, executable: true)), "args": ["first argument"],
            "env": [["name": "GIVEN", "value": "value given"]],
        ]
        for (key, value) in more.object ?? [:] { exec[key] = value }
        return source(.exec(try ExecPlugin(exec, cluster: [:])))
    }

    @Test("Tokens and passwords become the header they are sent in")
    func fixed() async throws {
        #expect(try await source(.token("abc")).current().authorization == "Bearer abc")
        #expect(
            try await source(.basic(user: "Aladdin", password: "open sesame")).current().authorization
                == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        #expect(try await source(.none).current().authorization == nil)
    }

    @Test("A token's file is read again after a minute, and at once when its token was refused")
    func tokenFile() async throws {
        let file = try folder.file("token", " one \n")
        let source = source(.tokenFile(file))
        #expect(try await source.current().authorization == "Bearer one")
        try folder.file("token", "two")
        clock.advance(59)
        #expect(try await source.current().authorization == "Bearer one")
        clock.advance(1)
        #expect(try await source.current().authorization == "Bearer two")
        try folder.file("token", "three")
        await source.invalidate()
        #expect(try await source.current().authorization == "Bearer three")
    }

    @Test("A token's file that is empty or gone is an error about credentials, and mended by the next read")
    func brokenTokenFile() async throws {
        let source = source(.tokenFile("\(folder.path)/token"))
        for text in [nil, "\n "] {
            if let text { try folder.file("token", text) }
            let error = await #expect(throws: KubeError.self) { try await source.current() }
            #expect(error?.message.contains("\(folder.path)/token") == true)
        }
        try folder.file("token", "mended")
        #expect(try await source.current().authorization == "Bearer mended")
    }

    @Test("A plugin runs once until what it said expires")
    func expiration() async throws {
        let expires = Timestamp.format(clock.now.addingTimeInterval(100))
        let source = try plugin("{\"token\":\"N\",\"expirationTimestamp\":\"\(expires)\"}")
        #expect(try await source.current().authorization == "Bearer 1")
        clock.advance(99)
        #expect(try await source.current().authorization == "Bearer 1")
        clock.advance(1)
        #expect(try await source.current().authorization == "Bearer 2")
        #expect(try folder.text("runs") == "run\nrun\n")
    }

    @Test("A plugin that names no end is believed until the server refuses")
    func withoutExpiration() async throws {
        let source = try plugin("{\"token\":\"N\"}")
        #expect(try await source.current().authorization == "Bearer 1")
        clock.advance(1e9)
        #expect(try await source.current().authorization == "Bearer 1")
        await source.invalidate()
        #expect(try await source.current().authorization == "Bearer 2")
    }

    @Test("Requests that come at once wait for one run")
    func together() async throws {
        let source = try plugin("{\"token\":\"N\"}")
        try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<20 { group.addTask { try await source.current().authorization } }
            for try await authorization in group { #expect(authorization == "Bearer 1") }
        }
        #expect(try folder.text("runs") == "run\n")
    }

    @Test("A plugin gets its arguments and environment as they stand, and is told what is wanted")
    func given() async throws {
        let credential = try await plugin("{\"clientCertificateData\":\"C\",\"clientKeyData\":\"K\"}").current()
        #expect(credential.authorization == nil)
        #expect(credential.certificate == Array("C".utf8))
        #expect(credential.key == Array("K".utf8))
        let seen = try folder.text("seen").split(separator: "\n").map(String.init)
        #expect(seen.dropFirst() == ["first argument", "value given"])
        let info = try JSON(parsing: seen[0])
        #expect(info["kind"]?.string == "ExecCredential")
        #expect(info["apiVersion"]?.string == "client.authentication.k8s.io/v1")
        #expect(info[path: "spec", "interactive"]?.bool == false)
    }

    @Test("A plugin that asks for it is told of the cluster, and another is not", arguments: [true, false])
    func clusterInfo(asks: Bool) async throws {
        let script = try folder.file(
            "telling",
            """
            #!/bin/sh
            printf '%s' "$KUBERNETES_EXEC_INFO" > '\(folder.path)/info'
            echo '{"kind":"ExecCredential","status":{"token":"t"}}'
            """, executable: true)
        let authority = try folder.file("ca.crt", "authority")
        let kubeconfig: JSON = [
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [["name": "c", "context": ["cluster": "k", "user": "u"]]],
            "clusters": [
                [
                    "name": "k",
                    "cluster": [
                        "server": "https://a.example:6443", "certificate-authority": .string(authority),
                        "tls-server-name": "b.example", "proxy-url": "http://proxy.example:3128",
                        "extensions": [
                            ["name": "other", "extension": ["no": true]],
                            ["name": "client.authentication.k8s.io/exec", "extension": ["audience": "mine"]],
                        ],
                    ],
                ]
            ],
            "users": [
                [
                    "name": "u",
                    "user": [
                        "exec": [
                            "apiVersion": "client.authentication.k8s.io/v1", "command": .string(script),
                            "interactiveMode": "Never", "provideClusterInfo": .bool(asks),
                        ]
                    ],
                ]
            ],
        ]
        let connection = try ClusterConnection(Kubeconfig(yaml: YAML.write(kubeconfig)))
        #expect(try await source(connection.credential).current().authorization == "Bearer t")
        let info = try JSON(parsing: try folder.text("info"))
        let expected: JSON = [
            "server": "https://a.example:6443", "tls-server-name": "b.example",
            "proxy-url": "http://proxy.example:3128",
            "certificate-authority-data": .string(Base64.encode(Array("authority".utf8))),
            "config": ["audience": "mine"],
        ]
        #expect(info[path: "spec", "cluster"] == (asks ? expected : nil))
        #expect(info[path: "spec", "interactive"]?.bool == false)
    }

    @Test(
        "A plugin that fails, or says nothing of use, is an error that names it",
        arguments: ["exit 3", "echo hello", "echo '{}'", "echo '{\"kind\":\"ExecCredential\",\"status\":{}}'"])
    func failing(script: String) async throws {
        let file = try folder.file("bad", "#!/bin/sh\necho complaint >&2\n\(script)\n", executable: true)
        let exec: JSON = ["apiVersion": "client.authentication.k8s.io/v1beta1", "command": .string(file)]
        let source = source(.exec(try ExecPlugin(exec, cluster: [:])))
        let error = await #expect(throws: KubeError.self) { try await source.current() }
        #expect(error?.message.contains(file) == true)
        if script.hasPrefix("exit") { #expect(error?.message.contains("complaint") == true) }
    }

    @Test("A plugin that is not there is an error with its hint")
    func missing() async throws {
        let exec: JSON = [
            "apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-plugin-anywhere",
            "installHint": "install it",
        ]
        let error = await #expect(throws: KubeError.self) {
            try await source(.exec(try ExecPlugin(exec, cluster: [:]))).current()
        }
        #expect(error?.message.contains("no-such-plugin-anywhere") == true)
        #expect(error?.message.hasSuffix("install it") == true)
    }
}
