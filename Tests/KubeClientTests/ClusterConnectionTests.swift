import Foundation
import HTTPTransport
import KubeObjects
import Testing

@testable import KubeClient

@Suite("Connections from kubeconfigs")
struct ClusterConnectionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func kubeconfig(cluster: String = "server: https://api:6443", user: String = "{}") -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: one
        clusters: [{name: c, cluster: {\(cluster)}}]
        users: [{name: u, user: \(user)}]
        contexts:
        - {name: one, context: {cluster: c, user: u}}
        - {name: two, context: {cluster: c, user: "", namespace: team}}
        - {name: lost, context: {cluster: nowhere, user: u}}
        - {name: nobody, context: {cluster: c, user: missing}}
        """
    }

    private func load(
        _ text: String, context: String? = nil, environment: [String: String] = [:]
    ) throws -> ClusterConnection {
        try .load(path: folder.file("conf/config", text), context: context, environment: environment)
    }

    @Test("Embedded certificates and keys are decoded, and stand above files")
    func embedded() throws {
        let connection = try load(
            Self.kubeconfig(
                cluster: "server: https://api:6443/, certificate-authority-data: Y2E=, certificate-authority: /nowhere",
                user: "{client-certificate-data: Y2VydA==, client-key-data: a2V5, client-key: /nowhere}"))
        #expect(connection.server == "https://api:6443")
        #expect(connection.tls.certificateAuthorities == Array("ca".utf8))
        #expect(connection.tls.clientCertificate == Array("cert".utf8))
        #expect(connection.tls.clientKey == Array("key".utf8))
        #expect(connection.namespace == "default")
        #expect("\(connection) \(String(reflecting: connection))".contains("api:6443"))
        var dumped = ""
        dump(connection, to: &dumped)
        #expect(!dumped.contains("tls"))
    }

    @Test("Files are found relative to the kubeconfig's folder, not to ours")
    func relativeFiles() async throws {
        try folder.file("conf/pki/ca.crt", "ca")
        try folder.file("conf/user.crt", "cert")
        try folder.file("user.key", "key")
        try folder.file("conf/token", "secret\n")
        let connection = try load(
            Self.kubeconfig(
                cluster: "server: https://api:6443, certificate-authority: pki/ca.crt",
                user: "{client-certificate: user.crt, client-key: ../user.key, tokenFile: token}"))
        #expect(connection.tls.certificateAuthorities == Array("ca".utf8))
        #expect(connection.tls.clientCertificate == Array("cert".utf8))
        #expect(connection.tls.clientKey == Array("key".utf8))
        let source = CredentialSource(connection.credential) { Date() }
        #expect(try await source.current().authorization == "Bearer secret")
    }

    @Test("A plugin named by a relative path lies beside the kubeconfig")
    func relativePlugin() async throws {
        try folder.file(
            "conf/bin/plugin",
            "#!/bin/sh\necho '{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"from-plugin\"}}'\n", executable: true
        )
        let connection = try load(
            Self.kubeconfig(user: "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/plugin}}"))
        let source = CredentialSource(connection.credential) { Date() }
        #expect(try await source.current().authorization == "Bearer from-plugin")
    }

    @Test(
        "What does not fit together is refused, and the error names it",
        arguments: [
            ("lost", Self.kubeconfig(), "nowhere"), ("nobody", Self.kubeconfig(), "missing"),
            ("absent", Self.kubeconfig(), "absent"),
            (nil, Self.kubeconfig(cluster: "server: api"), "URL"),
            (nil, "apiVersion: v1\nkind: Config", "current-context"), (nil, "", "current-context"),
            (nil, "kind: Secret", "Secret"), (nil, "[", "conf/config"), (nil, "x", "mapping"),
            (
                nil, Self.kubeconfig(cluster: "server: https://api, certificate-authority: gone.crt"),
                "conf/gone.crt"
            ),
            (
                nil, Self.kubeconfig(cluster: "server: https://api, certificate-authority-data: '!'"),
                "certificate-authority-data"
            ),
            (nil, Self.kubeconfig(user: "{client-key-data: '%%'}"), "client-key-data"),
            (nil, Self.kubeconfig(user: "{exec: {command: x, apiVersion: v0}}"), "v0"),
            (nil, Self.kubeconfig(user: "{exec: {apiVersion: client.authentication.k8s.io/v1}}"), "command"),
        ] as [(String?, String, String)])
    func refused(context: String?, text: String, hint: String) {
        let error = #expect(throws: KubeconfigError.self) { try load(text, context: context) }
        #expect(error?.description.contains(hint) == true, "\(error?.description ?? "")")
    }

    @Test("Another context, its namespace, server name and proxy are taken up")
    func details() throws {
        let text = Self.kubeconfig(
            cluster: "server: https://10.0.0.1, tls-server-name: kubernetes, insecure-skip-tls-verify: true")
        let environment = ["HTTPS_PROXY": "http://env:1"]
        let connection = try load(text, context: "two", environment: environment)
        #expect(connection.namespace == "team")
        #expect(connection.tls.serverName == "kubernetes")
        #expect(connection.tls.acceptsAnyCertificate)
        #expect(connection.proxy == "http://env:1")
        let own = Self.kubeconfig(cluster: "server: https://10.0.0.1, proxy-url: 'http://own:2'")
        #expect(try load(own, environment: environment).proxy == "http://own:2")
    }

    @Test("Files of KUBECONFIG are merged, the first one's entries standing; missing ones are skipped")
    func merged() throws {
        let first = try folder.file("first", "kind: Config\ncurrent-context: two\n")
        let second = try folder.file("second/config", Self.kubeconfig())
        let list = "\(folder.path)/missing:\(first)::\(second)"
        #expect(try ClusterConnection.load(environment: ["KUBECONFIG": list]).namespace == "team")
        #expect(throws: KubeconfigError.self) {
            try ClusterConnection.load(environment: ["KUBECONFIG": "\(folder.path)/missing"])
        }
        try folder.file(".kube/config", Self.kubeconfig())
        let home = try ClusterConnection.load(environment: ["HOME": folder.path])
        #expect(home.server == "https://api:6443")
        let error = #expect(throws: KubeconfigError.self) {
            try ClusterConnection.load(environment: ["HOME": "\(folder.path)/nowhere"])
        }
        #expect(error?.description.contains("none found") == true)
    }
}
