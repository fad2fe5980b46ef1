import FoundationEssentials
import Glibc
import Logging
import PKI
import ServiceLifecycle
import StandaloneCluster

/// The parts of a standalone cluster below the manager: its API, its datastore, and what runs its pods.
struct StandaloneServices: Sendable {
    let material: ClusterMaterial
    let server: EmbeddedAPIServer
    /// Where upstream's programs run the tenants.
    let etcd: LocalEtcd?
    private let runtime: ClusterRuntime

    init(
        state: StateDirectory, settings: ClusterSettings, network: LoopbackNetwork, programs: UpstreamPrograms,
        log: Logger
    ) throws {
        material = try ClusterMaterial(in: state)
        let serving = try material.issue(
            "kube-apiserver",
            dnsNames: ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"],
            addresses: ["127.0.0.1"], usages: [.serverAuth])
        var configuration = EmbeddedAPIServer.Configuration(
            servingCertificate: serving.certificate, servingKey: serving.key, sqlitePath: state.file("cluster.sqlite"))
        configuration.port = settings.port
        configuration.clientAuthorities = material.authority.certificate.pem
        configuration.rootCertificateAuthority = material.authority.certificate.pem
        configuration.serviceAccountSigningKey = material.serviceAccountKey.pem
        configuration.serviceCIDR = network.services
        configuration.portFlag = "--port"
        let pods = RuntimeSettings(
            directory: try state.directory("pods"), programDirectories: programs.directories,
            embeddedEngine: OwnProgram.path, podRange: network.pods)
        configuration.runtime = .local(pods.logs)
        server = try EmbeddedAPIServer(configuration, log: log)
        runtime = ClusterRuntime(
            server: server, network: network, pods: pods, log: log)
        etcd =
            switch settings.engine {
            case .embedded: nil
            case .upstream:
                LocalEtcd(
                    program: programs.found["etcd"] ?? "etcd", address: network.datastore, state: state,
                    material: material, log: log)
            }
    }

    /// In the order of their start.
    var services: [any Service] {
        var services: [any Service] = [server]
        if let etcd { services.append(etcd) }
        services.append(runtime)
        return services
    }
}
