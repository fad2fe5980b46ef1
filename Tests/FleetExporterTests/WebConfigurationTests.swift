import Foundation
import PKI
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

    @Test("What follows its file only with a restart is told, and the rest follows all the same")
    func restart() throws {
        var template = Array("\(NSTemporaryDirectory())/web-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func write(_ name: String, _ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"), options: .atomic)
        }
        func configure(_ more: String, user: String = "prometheus") throws {
            let tls = "tls_server_config: {cert_file: crt, key_file: key\(more)}\n"
            try write("web.yml", Array((tls + "basic_auth_users: {\(user): \"\(BcryptExample.hash)\"}\n").utf8))
        }
        let authority = try ExporterFixture.makeAuthority()
        let serving = try ExporterFixture.issue(authority, "exporter", isServer: true)
        try write("crt", serving.certificate.pem)
        try write("key", serving.key.pem)
        try write("ca", authority.certificate.pem)
        let asking = ", client_ca_file: ca, client_auth_type: RequireAndVerifyClientCert"
        try configure(asking)
        let web = try WatchedFile { try WebMaterial.read("\(folder)/web.yml") }
        func isServed() -> Bool { web.reload().isServed(since: web.first) && web.complaint == nil }
        #expect(isServed())
        let next = try ExporterFixture.issue(authority, "exporter", isServer: true)
        try write("crt", next.certificate.pem)
        try write("key", next.key.pem)
        try configure(asking, user: "another")
        #expect(isServed() && web.value.configuration.users.keys.sorted() == ["another"])
        for more in [
            "", ", client_ca_file: ca, client_auth_type: VerifyClientCertIfGiven", asking + ", min_version: TLS13",
        ] {
            try configure(more, user: "third")
            #expect(!isServed() && web.value.configuration.users.keys.sorted() == ["third"], "\(more)")
        }
        try configure(asking)
        #expect(isServed())
        try write("ca", try ExporterFixture.makeAuthority().certificate.pem)
        #expect(!isServed(), "clients of the new authority are turned away still")
        try write("web.yml", [])
        #expect(!isServed() && web.complaint == nil)
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
