import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import PKI
import Testing

@testable import FleetExporter

@Suite("The exporter's pages", .timeLimit(.minutes(20)))
struct PagesTests {
    @Test("A fleet is measured, a tenant that leaves takes its series along, and nothing secret is said")
    func fleet() async throws {
        try await ExporterFixture.run { fixture in
            try await fixture.eventually("an empty fleet") { $0.contains("kamaji_exporter_watch_synced") }
            try await fixture.addTenant("alive")
            try await fixture.addTenant("dead", endpoint: "127.0.0.1:1")
            let expired = try ExporterFixture.issue(
                fixture.tenantAuthority, "front-proxy-client", isServer: false, validity: .seconds(1))
            try await fixture.addSecret(
                "alive", "api-server-kubelet-client-certificate",
                [
                    "apiserver-kubelet-client.crt": expired.certificate.pem,
                    "apiserver-kubelet-client.key": expired.key.pem,
                ])
            let identity = "tcp_namespace=\"default\",tcp_name="
            let text = try await fixture.eventually("both tenants") {
                $0.contains("kamaji_probe_success{\(identity)\"alive\",check=\"readyz\"} 1")
                    && $0.contains(
                        "kamaji_probe_last_failure_info{\(identity)\"dead\",check=\"livez\",reason=\"refused\"} 1")
                    && $0.contains("cert=\"apiserver-kubelet-client\",origin=\"secret\",problem=\"expired\"} 1")
            }
            #expect(text.contains("kamaji_tcp_phase{\(identity)\"alive\",phase=\"Ready\"} 1"))
            #expect(text.contains("kamaji_tenant_control_planes_current{ready=\"true\"} 2"))
            #expect(text.contains(/kamaji_exporter_build_info\{[^}]*revision="unknown"[^}]*\} 1\n/))
            #expect(text.contains(/kamaji_exporter_series\{group="probe"\} [1-9]/))
            #expect(text.contains("cert=\"apiserver\",origin=\"served\"}"))
            #expect(text.contains("kamaji_probe_success{\(identity)\"dead\",check=\"livez\"} 0"))

            let landing = String(decoding: try await fixture.get("/").body, as: UTF8.self)
            #expect(landing.contains("default/alive") && landing.contains("down (refused)"))
            #expect(!landing.contains("<script"))
            let discovery = try JSON(parsing: try await fixture.get("/sd").body)
            #expect(
                discovery.array?.compactMap { $0["labels"]?["__param_target"]?.string } == [
                    "default/alive", "default/dead",
                ])
            #expect(discovery[0]?["targets"]?[0]?.string == String(fixture.url.dropFirst("http://".count)))
            var said = text + landing
            for path in [
                "/probe?target=default/alive", "/probe?target=default/dead", "/sd/apiservers", "/sd/datastores",
                "/sd/konnectivity", "/-/ready", "/-/healthy", "/nothing",
            ] {
                said += String(decoding: try await fixture.get(path).body, as: UTF8.self)
            }
            #expect(said.contains("probe_success 1") && said.contains("probe_success 0"))
            #expect(said.contains("probe_ip_protocol 4\n") && said.contains(/probe_http_version (1\.1|2)\n/))
            #expect(!said.contains("PRIVATE") && !said.contains(ExporterFixture.token))
            let key = String(decoding: expired.key.pem, as: UTF8.self).split(separator: "\n")[1]
            #expect(!said.contains(key))

            try await fixture.api.delete(.tenantControlPlanes, ObjectKey(namespace: "default", name: "dead"))
            let after = try await fixture.eventually("the end of a tenant") { !$0.contains("\"dead\"") }
            #expect(after.contains("\"alive\""))
        }
    }

    @Test("Without a host it is reached at every address, of IPv4 and of IPv6")
    func everyAddress() async throws {
        try await ExporterFixture.run { settings, _ in
            settings.host = ""
        } _: { fixture in
            let healthy = try await fixture.get("/-/healthy")
            #expect(healthy.status == 200)
            guard EveryAddress.host == "::" else { return }
            let other = fixture.url.replacing("127.0.0.1", with: "[::1]")
            // A machine may know IPv6 and have no address of it.
            let setting = try? String(contentsOfFile: "/proc/sys/net/ipv6/conf/lo/disable_ipv6", encoding: .utf8)
            guard setting?.hasPrefix("0") == true else { return }
            #expect(try await fixture.transport.send(HTTPRequest("GET", "\(other)/-/healthy")).status == 200)
        }
    }

    @Test("A node that names an address of whoever dials it is not dialled, and told")
    func undialable() async throws {
        try await ExporterFixture.run { fixture in
            var node = ResourceType.nodes.object(ObjectKey(namespace: nil, name: "worker"))
            node["status"] = [
                "addresses": [
                    ["type": "InternalIP", "address": "127.0.0.1"], ["type": "Hostname", "address": "worker"],
                ],
                "conditions": [["type": "Ready", "status": "True"]],
            ]
            _ = try await fixture.tenantAPI.create(node, .nodes)
            _ = try await fixture.tenantAPI.updateStatus(node, .nodes)
            try await fixture.addTenant("prod", inside: try fixture.administratorConfiguration())
            let identity = "{tcp_namespace=\"default\",tcp_name=\"prod\"}"
            let page = try await fixture.eventually("a look into the tenant") {
                $0.contains("kamaji_konnectivity_undialable_nodes\(identity) 1")
            }
            #expect(page.contains("kamaji_tcp_nodes\(identity) 1"))
            let revision = try #require(
                page.firstMatch(
                    of: /kamaji_tcp_storage_revision\{[^}]*tcp_name="prod",datastore_name="default"\} ([0-9]+)/))
            #expect(Int(revision.1).map { $0 > 0 } == true)
            #expect(!page.contains("kamaji_konnectivity_dial_success{"))
        }
    }

    @Test("A scrape is answered in the form that is asked for, and a broken timeout is refused")
    func forms() async throws {
        try await ExporterFixture.run { fixture in
            try await fixture.eventually("a page") { $0.contains("kamaji_exporter_build_info") }
            let modern = try await fixture.get("/metrics", ["Accept": "application/openmetrics-text;version=1.0.0"])
            #expect(modern.headers["content-type"]?.hasPrefix("application/openmetrics-text; version=1.0.0") == true)
            #expect(String(decoding: modern.body, as: UTF8.self).hasSuffix("# EOF\n"))
            let packed = try await fixture.get("/metrics", ["Accept-Encoding": "gzip"])
            #expect(packed.headers["content-encoding"] == "gzip" && packed.body.starts(with: [0x1F, 0x8B]))
            #expect(packed.headers["vary"] == "Accept, Accept-Encoding")
            let some = try await fixture.get("/metrics?name%5B%5D=process_threads")
            #expect(String(decoding: some.body, as: UTF8.self).split(separator: "\n").count == 3)
            for value in ["x", "-1", "0", "nan", "inf"] {
                let refused = try await fixture.get("/metrics", ["X-Prometheus-Scrape-Timeout-Seconds": value])
                #expect(refused.status == 400, "\(value)")
            }
            let patient = try await fixture.get("/metrics", ["X-Prometheus-Scrape-Timeout-Seconds": "0.3"])
            #expect(patient.status == 200)
            for (path, status) in [
                ("/probe", 400), ("/probe?target=default/nobody", 404), ("/probe?target=http://127.0.0.1:1/", 404),
                ("/probe?target=ds/nobody", 404), ("/probe?target=default/nobody&module=x", 400), ("/sd/x", 404),
                ("/-/healthy", 200),
            ] {
                #expect(try await fixture.get(path).status == status, "\(path)")
            }
        }
    }

    @Test("Over TLS only who knows a password passes, and users and certificates follow their files")
    func protected() async throws {
        let authority = try ExporterFixture.makeAuthority()
        @Sendable func write(_ folder: String, user: String, hash: String) throws -> Certificate {
            let serving = try ExporterFixture.issue(authority, "exporter", isServer: true)
            try Data(serving.certificate.pem).write(to: URL(filePath: "\(folder)/tls.crt"))
            try Data(serving.key.pem).write(to: URL(filePath: "\(folder)/tls.key"))
            let text = """
                tls_server_config: {cert_file: tls.crt, key_file: tls.key}
                http_server_config: {headers: {X-Frame-Options: deny}}
                basic_auth_users: {\(user): "\(hash)"}
                """
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/web.yml"), options: .atomic)
            return serving.certificate
        }
        try await ExporterFixture.run { settings, folder in
            _ = try write(folder, user: "prometheus", hash: Self.hashOfTest)
            settings.webConfigurationFile = "\(folder)/web.yml"
        } _: { fixture in
            let tls = TLSSettings(certificateAuthorities: authority.certificate.pem)
            func status(_ user: String, _ password: String) async throws -> Int {
                let secret = Base64.encode(Array("\(user):\(password)".utf8))
                return try await fixture.get("/-/healthy", ["Authorization": "Basic \(secret)"], tls: tls).status
            }
            let bare = try await fixture.get("/metrics", tls: tls)
            #expect(bare.status == 401 && bare.headers["www-authenticate"]?.hasPrefix("Basic") == true)
            #expect(try await status("prometheus", "test") == 200)
            #expect(try await status("prometheus", "wrong") == 401)
            #expect(try await status("nobody", "test") == 401)
            let secret = Base64.encode(Array("prometheus:test".utf8))
            let page = try await fixture.get("/-/healthy", ["Authorization": "Basic \(secret)"], tls: tls)
            #expect(page.headers["x-frame-options"] == "deny")

            let next = try write(fixture.folder, user: "another", hash: Self.hashOfTest)
            let end = ContinuousClock.now + .seconds(120)
            while try await status("another", "test") != 200, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try await status("another", "test") == 200)
            #expect(try await status("prometheus", "test") == 401)
            let seen = try await fixture.transport.send(
                HTTPRequest("GET", "\(fixture.url)/", tls: TLSSettings(acceptsAnyCertificate: true), isMeasured: true))
            #expect(try Certificate(pem: seen.measurement?.certificatesPEM ?? []) == next)

            try Data("basic_auth_users: [".utf8).write(to: URL(filePath: "\(fixture.folder)/web.yml"))
            try await Task.sleep(for: .seconds(2))
            #expect(try await status("another", "test") == 200, "a broken file leaves the last good one")
        }
    }

    static let hashOfTest = BcryptExample.hash
}
