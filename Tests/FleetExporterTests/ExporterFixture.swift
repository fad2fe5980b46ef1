import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import PKI
import ServiceLifecycle
import StandaloneCluster
import TenantAPI
import Testing

@testable import FleetExporter

/// A fleet on loopback: an admin API, a tenant's API that answers, one that nobody answers for, and the exporter over
/// them, for as long as `body` runs.
struct ExporterFixture: Sendable {
    let api: KubeClient
    let transport: CurlTransport
    let tenantAuthority: CertificateAuthority
    /// `host:port` of the API server that answers.
    let endpoint: String
    /// Of the exporter.
    let url: String
    let folder: String
    let log: Logger

    static let token = "planted-admin-token"

    /// Everybody is asked often.
    static let hurry = "{probe_interval: 2s, probe_timeout: 2s, datastore_interval: 2s, tenant_interval: 2s}"

    static let quiet = {
        var log = Logger(label: "test")
        log.logLevel = .error
        return log
    }()

    /// - Parameter log: of the exporter and of the clients.
    static func run(
        log: Logger = quiet, configure: (inout FleetExporter.Settings, _ folder: String) throws -> Void = { _, _ in },
        _ body: @escaping @Sendable (ExporterFixture) async throws -> Void
    ) async throws {
        var template = Array("\(NSTemporaryDirectory())/exporter-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let authority = try makeAuthority()
        let tenantAuthority = try makeAuthority()
        let admin = try server(authority, "\(folder)/admin.db", log)
        let tenant = try server(tenantAuthority, "\(folder)/tenant.db", log, takesClients: true)
        let group = ServiceGroup(configuration: .init(services: [admin, tenant], logger: log))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let (adminPort, tenantPort) = (try await admin.ready(), try await tenant.ready())
            let transport = CurlTransport()
            let api = KubeClient(
                connection: ClusterConnection(
                    server: "https://127.0.0.1:\(adminPort)",
                    tls: TLSSettings(certificateAuthorities: authority.certificate.pem),
                    credential: .token(token)), transport: transport, fieldManager: "test", log: log)
            for definition in CustomResources.all { _ = try await api.create(definition, .customResourceDefinitions) }
            while try await !api.serves(.tenantControlPlanes) { try await Task.sleep(for: .milliseconds(20)) }
            var settings = FleetExporter.Settings()
            settings.host = "127.0.0.1"
            settings.port = 0
            settings.configurationFile = "\(folder)/exporter.yml"
            try Data(Self.hurry.utf8).write(to: URL(filePath: "\(folder)/exporter.yml"))
            try configure(&settings, folder)
            var failure: (any Error)?
            let fixture = ExporterFixture(
                api: api, transport: transport, tenantAuthority: tenantAuthority,
                endpoint: "127.0.0.1:\(tenantPort)", url: "", folder: folder, log: log)
            do { try await fixture.serving(settings, body) } catch { failure = error }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            if let failure { throw failure }
        }
    }

    /// An exporter over the fleet, for as long as `body` runs; told where it is.
    func serving(
        _ settings: FleetExporter.Settings, _ body: @escaping @Sendable (ExporterFixture) async throws -> Void
    ) async throws {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let exporter = try FleetExporter(
            settings, api: api, transport: transport, version: "test", log: log, onRunning: { port.yield($0) })
        let exporting = ServiceGroup(configuration: .init(services: [exporter], logger: log))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await exporting.run() }
            let bound = try #require(await ports.first { _ in true })
            let scheme = settings.webConfigurationFile == nil ? "http" : "https"
            let fixture = ExporterFixture(
                api: api, transport: transport, tenantAuthority: tenantAuthority, endpoint: endpoint,
                url: "\(scheme)://127.0.0.1:\(bound)", folder: folder, log: log)
            var failure: (any Error)?
            do { try await body(fixture) } catch { failure = error }
            await exporting.triggerGracefulShutdown()
            try await tasks.waitForAll()
            if let failure { throw failure }
        }
    }

    /// - Parameter takesClients: whether who shows a certificate of the authority is believed.
    private static func server(
        _ authority: CertificateAuthority, _ path: String, _ log: Logger, takesClients: Bool = false
    ) throws -> EmbeddedAPIServer {
        let serving = try issue(authority, "kube-apiserver", isServer: true)
        var configuration = EmbeddedAPIServer.Configuration(
            servingCertificate: serving.certificate.pem, servingKey: serving.key.pem, sqlitePath: path)
        configuration.port = 0
        if takesClients { configuration.clientAuthorities = authority.certificate.pem }
        configuration.tokens = StaticTokens([token: UserInfo(name: "root", groups: ["system:masters"])])
        return try EmbeddedAPIServer(configuration, log: log)
    }

    static func makeAuthority() throws -> CertificateAuthority {
        try .selfSigned(
            CertificateProfile(commonName: "kubernetes", isAuthority: true, validity: .seconds(86_400 * 365)),
            key: .generate(.ecdsaP256), now: Date())
    }

    static func issue(
        _ authority: CertificateAuthority, _ name: String, isServer: Bool, at moment: Date = Date(),
        validity: Duration = .seconds(86_400 * 300)
    ) throws -> (certificate: Certificate, key: PrivateKey) {
        let key = try PrivateKey.generate(.ecdsaP256)
        let profile = CertificateProfile(
            commonName: name, ipAddresses: isServer ? ["127.0.0.1"] : [],
            extendedKeyUsages: [isServer ? .serverAuth : .clientAuth], validity: validity)
        return (try authority.issue(profile, to: key, now: moment), key)
    }

    // MARK: The fleet

    /// A tenant that the manager has made Ready.
    /// - Parameters:
    ///   - inside: the kubeconfig of its administrators; with it comes the tunnel.
    ///   - tunnelPort: where its agents come, where that is not the port that they commonly do.
    func addTenant(
        _ name: String, endpoint: String? = nil, inside: String? = nil, tunnelPort: UInt16? = nil
    ) async throws {
        // First, so that no probe comes before what it trusts.
        let authority = tenantAuthority
        try await addSecret(
            name, "ca", ["ca.crt": authority.certificate.pem, "ca.key": authority.key.pem])
        var object = ResourceType.tenantControlPlanes.object(ObjectKey(namespace: "default", name: name))
        object["spec"] = [
            "controlPlane": ["deployment": ["replicas": 1], "service": ["serviceType": "ClusterIP"]],
            "kubernetes": ["version": "v1.36.0"], "dataStore": "default",
        ]
        if inside != nil { object[path: "spec", "addons", "konnectivity"] = [:] }
        if let tunnelPort {
            object[path: "spec", "addons", "konnectivity", "server"] = ["port": JSON(Int64(tunnelPort))]
        }
        var made = try await api.create(object, .tenantControlPlanes)
        made["status"] = [
            "observedGeneration": JSON(made.generation), "controlPlaneEndpoint": .string(endpoint ?? self.endpoint),
            "kubernetesResources": [
                "version": ["version": "v1.36.0", "status": "Ready"],
                "deployment": [
                    "name": .string(name), "namespace": "default", "selector": "", "readyReplicas": 1, "replicas": 1,
                ],
            ],
            "storage": ["driver": "etcd", "dataStoreName": "default"],
        ]
        if let inside {
            made[path: "status", "kubeconfig", "admin"] = ["secretName": .string("\(name)-admin-kubeconfig")]
            try await addSecret(name, "admin-kubeconfig", ["admin.conf": Array(inside.utf8)])
        }
        _ = try await api.updateStatus(made, .tenantControlPlanes)
    }

    /// A kubeconfig for the tenant that answers, of a member of system:masters.
    func administratorConfiguration() throws -> String {
        let key = try PrivateKey.generate(.ecdsaP256)
        let profile = CertificateProfile(
            commonName: "admin", organizations: ["system:masters"], extendedKeyUsages: [.clientAuth],
            validity: .seconds(86_400))
        let certificate = try tenantAuthority.issue(profile, to: key, now: Date())
        return Kubeconfig(
            clusterName: "tenant", server: "https://\(endpoint)",
            certificateAuthorityPEM: tenantAuthority.certificate.pem, userName: "admin",
            clientCertificatePEM: certificate.pem, clientKeyPEM: key.pem
        ).yaml
    }

    /// A client of the tenant that answers.
    var tenantAPI: KubeClient {
        KubeClient(
            connection: ClusterConnection(
                server: "https://\(endpoint)",
                tls: TLSSettings(certificateAuthorities: tenantAuthority.certificate.pem),
                credential: .token(Self.token)),
            transport: transport, fieldManager: "test", log: log)
    }

    func addSecret(_ tenant: String, _ component: String, _ data: [String: [UInt8]]) async throws {
        var secret = ResourceType.secrets.object(ObjectKey(namespace: "default", name: "\(tenant)-\(component)"))
        secret.labels = [
            "kamaji.clastix.io/project": "kamaji", "kamaji.clastix.io/name": tenant,
            "kamaji.clastix.io/component": component,
        ]
        secret["data"] = .object(data.mapValues { .string(Base64.encode($0)) })
        _ = try await api.create(secret, .secrets)
    }

    // MARK: The exporter

    func get(_ path: String, _ headers: HTTPHeaders = [:], tls: TLSSettings = .system) async throws -> HTTPResponse {
        try await transport.send(HTTPRequest("GET", url + path, headers: headers, tls: tls, timeout: .seconds(120)))
    }

    func page() async throws -> String { String(decoding: try await get("/metrics").body, as: UTF8.self) }

    /// Waits until the page says so, for minutes at most; gives the page.
    @discardableResult
    func eventually(_ what: Comment, _ holds: (String) -> Bool) async throws -> String {
        let end = ContinuousClock.now + .seconds(240)
        var text = ""
        while ContinuousClock.now < end {
            text = try await page()
            if holds(text) { return text }
            try await Task.sleep(for: .milliseconds(200))
        }
        // What says nothing of the fleet is long.
        let said = text.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix("kamaji_exporter_") }
        Issue.record("\(what) did not come about; the page:\n\(said.joined(separator: "\n").prefix(20_000))")
        return text
    }
}
