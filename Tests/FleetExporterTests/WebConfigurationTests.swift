import Foundation
import Testing

@testable import FleetExporter

/// Of "test", by crypt(3) with cost 4.
enum BcryptExample {
    static let hash = "$2b$04$abcdefghijklmnopqrstuuoD8yw7MmybLKVooaTGGZAt3HXugv2.a"
}

@Suite("The web configuration")
struct WebConfigurationTests {
    @Test("What the exporter-toolkit's users write is understood")
    func whole() throws {
        let text = """
            tls_server_config:
              cert_file: server.crt
              key_file: /etc/keys/server.key
              client_ca_file: ca.crt
              client_auth_type: RequireAndVerifyClientCert
              min_version: TLS13
            http_server_config:
              http2: true
              headers: {Strict-Transport-Security: max-age=1}
            basic_auth_users:
              prometheus: \(BcryptExample.hash)
            """
        let web = try WebConfiguration(yaml: text, folder: "/etc/exporter")
        let tls = try #require(web.tls)
        #expect(tls.certificateFile == "/etc/exporter/server.crt" && tls.keyFile == "/etc/keys/server.key")
        #expect(tls.clientAuthentication == .require && tls.minimumVersion == "TLS13")
        #expect(web.users == ["prometheus": BcryptExample.hash])
        #expect(web.headers == ["Strict-Transport-Security": "max-age=1"])
        #expect(try WebConfiguration(yaml: "", folder: "/") == WebConfiguration())
    }

    @Test(
        "What would have no effect, or not the one that is meant, is refused and named",
        arguments: [
            ("a: 1", "a is not known"), ("[]", "mapping"), ("basic_auth_users: {x: plain}", "basic_auth_users.x"),
            ("basic_auth_users: [x]", "no mapping"), ("basic_auth_users: x", "no mapping"),
            ("tls_server_config: {cert_file: a, key_file: b, client_auth_type: 1}", "client_auth_type"),
            ("tls_server_config: {cert_file: a}", "key_file"),
            ("tls_server_config: {cert_file: a, key_file: b, ciphers: x}", "tls_server_config.ciphers"),
            ("tls_server_config: {cert_file: a, key_file: b, min_version: SSL3}", "min_version"),
            ("tls_server_config: {cert_file: a, key_file: b, client_auth_type: X}", "client_auth_type"),
            (
                "tls_server_config: {cert_file: a, key_file: b, client_auth_type: VerifyClientCertIfGiven}",
                "client_ca_file"
            ),
            ("http_server_config: {headers: {Server: x}}", "headers.Server"), ("a: [", "YAML"),
        ])
    func refused(text: String, mention: String) {
        let error = #expect(throws: WebConfigurationError.self) { try WebConfiguration(yaml: text, folder: "/") }
        #expect(error?.description.contains(mention) == true, "\(error?.description ?? "")")
    }

    @Test(
        "Settings are times and numbers, and others are refused",
        arguments: [
            ("probe_interval: 30s\nprobe_timeout: 500ms\nprobe_concurrency: 8", nil),
            ("certificate_rotation_deadline: 48h", nil), ("", nil), ("probe_interval: 30", "probe_interval"),
            ("probe_interval: 5s\nprobe_timeout: 1m", "probe_timeout"), ("x: 1", "x is not known"),
            ("probe_concurrency: 0", "probe_concurrency"), ("availability_objective: 1.5", "availability_objective"),
            ("probe_interval: -1s", "probe_interval"), ("probe_interval: 99999999h", "probe_interval"),
        ] as [(String, String?)])
    func settings(text: String, mention: String?) {
        do {
            _ = try ExporterConfiguration(yaml: text)
            #expect(mention == nil)
        } catch {
            #expect(mention.map { error.description.contains($0) } == true, "\(error)")
        }
    }

    @Test("The file that the package brings says every default, and is read without its comments")
    func shipped() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../deploy/packages/kamaji-exporter/config.yaml")
        let text = try String(contentsOf: path, encoding: .utf8)
        #expect(try ExporterConfiguration(yaml: text) == ExporterConfiguration())
        let settings = text.split(separator: "\n").filter { $0.hasPrefix("#") && !$0.hasPrefix("# ") }
            .map { String($0.dropFirst()) }
        #expect(settings.count == 10)
        for setting in settings {
            #expect(try ExporterConfiguration(yaml: setting) == ExporterConfiguration(), "\(setting) is the default")
        }
    }

    @Test("A password is right or wrong, whatever surrounds it")
    func passwords() async {
        let authentication = BasicAuthentication()
        let users = ["prometheus": BcryptExample.hash]
        for (header, permitted) in [
            ("Basic cHJvbWV0aGV1czp0ZXN0", true), ("basic cHJvbWV0aGV1czp0ZXN0", true),
            ("Basic cHJvbWV0aGV1czp0ZXN1", false), ("Basic bm9ib2R5OnRlc3Q=", false), ("Basic !", false),
            ("Bearer x", false), (nil, false), ("Basic ", false),
        ] as [(String?, Bool)] {
            #expect(await authentication.permits(header, users: users) == permitted, "\(header ?? "none")")
            #expect(await authentication.permits(header, users: [:]))
        }
    }
}
