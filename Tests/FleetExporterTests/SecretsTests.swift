import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import PKI
import Synchronization
import Testing

@testable import FleetExporter

@Suite("Nothing secret is said", .timeLimit(.minutes(20)))
struct SecretsTests {
    @Test(
        "No answer and no line of the log holds a key, a token or a password, whatever is asked and whatever goes wrong"
    )
    func secrets() async throws {
        let lines = LineCollector()
        let log = Logger(label: "test") { _ in lines }
        let planted = Planted()
        let said = Mutex("")
        try await ExporterFixture.run(log: log) { settings, folder in
            let users = "basic_auth_users: {prometheus: \"\(BcryptExample.hash)\"}"
            try Data(users.utf8).write(to: URL(filePath: "\(folder)/web.yml"))
            settings.webConfigurationFile = "\(folder)/web.yml"
            settings.historyFile = "\(folder)/history.sqlite"
            settings.acceptsReload = true
        } _: { fixture in
            planted.add(text: ExporterFixture.token)
            planted.add(text: BcryptExample.hash)
            try await plant(planted, fixture)
            // The web configuration speaks plain HTTP: the fixture takes the file for TLS.
            let url = fixture.url.replacing("https://", with: "http://")
            let right = "Basic \(Base64.encode(Array("prometheus:test".utf8)))"
            planted.add(text: String(right.dropFirst(6)))
            let wrong = Base64.encode(Array("prometheus:planted-password".utf8))
            planted.add(text: "planted-password")
            func ask(_ path: String, _ authorization: String, method: String = "GET") async throws -> String {
                let answer = try await fixture.transport.send(
                    HTTPRequest(
                        method, url + path, headers: ["Authorization": authorization], timeout: .seconds(120)))
                let text = answer.headers.fields.map { "\($0.name): \($0.value)\n" }.joined()
                said.withLock { $0 += text + String(decoding: answer.body, as: UTF8.self) }
                return String(decoding: answer.body, as: UTF8.self)
            }
            let end = ContinuousClock.now + .seconds(240)
            while ContinuousClock.now < end {
                let page = try await ask("/metrics", right)
                if page.contains("reason=\"refused\"} 1"), page.contains("kamaji_ds_up{datastore_name=\"gone\"} 0"),
                    page.contains("kamaji_ds_up{datastore_name=\"sql-too\"} 0"),
                    page.contains("kind=\"tenant\"} 1")
                {
                    break
                }
                try await Task.sleep(for: .milliseconds(200))
            }
            let paths = [
                "/", "/metrics", "/metrics?name[]=kamaji_cert_info", "/probe?target=default/alive",
                "/probe?target=default/dead&module=full", "/probe?target=ds/gone", "/probe?target=ds/sql",
                "/probe?target=ds/sql-too", "/probe?target=planted-password",
                "/probe?target=default/alive&debug=true", "/probe?target=default/dead&module=apiserver_tls&debug=true",
                "/probe?target=default/alive&module=konnectivity&debug=true", "/probe?target=ds/gone&debug=true",
                "/probe?target=ds/sql-too&debug=true", "/probe?target=planted-password&debug=true",
                "/sd", "/sd/apiservers", "/sd/konnectivity", "/sd/datastores", "/sd/nothing", "/-/healthy", "/-/ready",
                "/nothing",
            ]
            for path in paths {
                for credential in [right, "Basic \(wrong)", "Bearer \(ExporterFixture.token)", "nonsense"] {
                    _ = try await ask(path, credential)
                }
            }
            // Files that are broken, with a secret in them.
            for file in ["web.yml", "exporter.yml"] {
                try Data("basic_auth_users: {prometheus: planted-password".utf8).write(
                    to: URL(filePath: "\(fixture.folder)/\(file)"))
            }
            _ = try await ask("/-/reload", right, method: "POST")
            _ = try await ask("/metrics", right)
        }
        let text = said.withLock { $0 }
        #expect(text.contains("kamaji_cert_not_after_timestamp_seconds") && text.contains("probe_success"))
        #expect(text.contains("msg=\"Saw a certificate\"") && text.contains("msg=\"The endpoint is down\""))
        #expect(!lines.text.isEmpty)
        for secret in planted.all {
            #expect(!text.contains(secret), "an answer holds \(secret)")
            #expect(!lines.text.contains(secret), "the log holds \(secret)")
        }
        #expect(!text.contains("PRIVATE") && !lines.text.contains("PRIVATE"))
    }

    private func plant(_ planted: Planted, _ fixture: ExporterFixture) async throws {
        planted.add(fixture.tenantAuthority.key)
        let client = try ExporterFixture.issue(fixture.tenantAuthority, "kubernetes-admin", isServer: false)
        planted.add(client.key)
        planted.add(text: "planted-user-token")
        let config = Kubeconfig(
            clusterName: "tenant", server: "https://\(fixture.endpoint)",
            certificateAuthorityPEM: fixture.tenantAuthority.certificate.pem, userName: "admin",
            clientCertificatePEM: client.certificate.pem, clientKeyPEM: client.key.pem
        ).yaml.replacing("client-key-data:", with: "token: planted-user-token\n    client-key-data:")
        try await fixture.addTenant("alive", inside: config)
        try await fixture.addTenant("dead", endpoint: "127.0.0.1:1", inside: "planted-user-token: [")
        let leaf = try ExporterFixture.issue(fixture.tenantAuthority, "kube-apiserver", isServer: true)
        planted.add(leaf.key)
        try await fixture.addSecret(
            "alive", "api-server-certificate", ["apiserver.crt": leaf.certificate.pem, "apiserver.key": leaf.key.pem])
        // A key where a certificate belongs, and words that are neither.
        let stray = try PrivateKey.generate(.ecdsaP256)
        planted.add(stray)
        try await fixture.addSecret(
            "alive", "front-proxy-client-certificate",
            ["front-proxy-client.crt": stray.pem, "front-proxy-client.key": Array("planted-password".utf8)])
        planted.add(try await fixture.addDeadDatastore("gone"))
        // With a user and a password, given outright and in a Secret.
        planted.add(text: "planted-store-password")
        planted.add(text: "planted-store-word-in-a-secret")
        try await fixture.addSecret("sql", "user", ["word": Array("planted-store-word-in-a-secret".utf8)])
        for (name, password) in [
            ("sql", ["content": .string(Base64.encode(Array("planted-store-password".utf8)))] as JSON),
            ("sql-too", ["secretReference": ["name": "sql-user", "namespace": "default", "keyPath": "word"]]),
        ] {
            var object = ResourceType.dataStores.object(ObjectKey(namespace: nil, name: name))
            object["spec"] = [
                "driver": "MySQL", "endpoints": ["127.0.0.1:1"],
                "basicAuth": [
                    "username": ["content": .string(Base64.encode(Array("root".utf8)))], "password": password,
                ],
            ]
            _ = try await fixture.api.create(object, .dataStores)
        }
    }
}

/// What must not be found anywhere.
private final class Planted: Sendable {
    private let secrets = Mutex<Set<String>>([])

    var all: Set<String> { secrets.withLock { $0 } }

    /// As it is, and as Secrets hold it.
    func add(text: String) {
        secrets.withLock { $0.formUnion([text, Base64.encode(Array(text.utf8))]) }
    }

    /// Each line of its PEM.
    func add(_ key: PrivateKey) {
        let lines = String(decoding: key.pem, as: UTF8.self).split(separator: "\n").map(String.init)
        secrets.withLock { $0.formUnion(lines.filter { !$0.hasPrefix("-----") && $0.count >= 8 }) }
        add(text: String(decoding: key.pem, as: UTF8.self))
    }
}

/// Keeps every line, whatever its level.
private final class LineCollector: LogHandler, Sendable {
    private let kept = Mutex("")

    var text: String { kept.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set { kept.withLock { $0 += "\(newValue)\n" } }
    }
    var logLevel: Logger.Level {
        get { .trace }
        set { kept.withLock { $0 += "level \(newValue)\n" } }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set { kept.withLock { $0 += "\(key) \(newValue.map { "\($0)" } ?? "")\n" } }
    }

    func log(event: LogEvent) {
        kept.withLock {
            $0 += "\(event.level) \(event.message) \(event.metadata ?? [:]) \(event.error.map { "\($0)" } ?? "")\n"
        }
    }
}
