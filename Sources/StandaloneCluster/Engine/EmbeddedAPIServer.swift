import APIMachinery
import FoundationEssentials
import HummingbirdCore
import KubeObjects
import Listening
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import PKI
import ServiceLifecycle
import Synchronization

/// A Kubernetes API server on one SQLite file: the admin cluster of `standalone`, and a tenant's API where upstream's
/// binaries are not at hand.
package final class EmbeddedAPIServer: Service {
    package let configuration: Configuration
    /// The API without HTTP, for controllers of this process. Usable from the start, also before `run()`.
    package let api: ClusterAPI
    /// Requests without HTTP: the way in for a client that lives in this process.
    package let handler: RequestHandler
    private let tls: TLSConfiguration
    private let log: Logger
    private let port = FirstValue<Int>()
    /// Why it ended before it listened.
    private let obstacle = Mutex<(any Error)?>(nil)

    /// Opens the store and checks all key material. Blocks for as long as SQLite needs to open the file.
    package init(_ configuration: Configuration, log: Logger) throws {
        self.configuration = configuration
        self.log = log
        guard let services = ServiceAddresses(cidr: configuration.serviceCIDR, nodePorts: configuration.nodePorts)
        else {
            throw EmbeddedAPIServerError(
                "the service CIDR \"\(configuration.serviceCIDR)\" is no IPv4 block between /8 and /30: "
                    + "give one such as 127.96.0.0/16")
        }
        tls = try Self.tlsConfiguration(configuration)
        let store = try ObjectStore(
            path: configuration.sqlitePath, settings: .init(historyLimit: configuration.historyLimit))
        api = ClusterAPI(
            store: store, services: services,
            rootCertificateAuthority: configuration.rootCertificateAuthority.map {
                String(decoding: $0, as: UTF8.self)
            },
            now: { Date() }, log: log)
        handler = try Self.handler(configuration, api, log)
    }

    private static func handler(_ configuration: Configuration, _ api: ClusterAPI, _ log: Logger) throws
        -> RequestHandler
    {
        let signer = try configuration.serviceAccountSigningKey.map { try PrivateKey(pem: $0) }
        let keys = try configuration.serviceAccountKeys.flatMap { try PublicKey.all(pem: $0) }
        let tokens =
            signer == nil && keys.isEmpty
            ? nil
            : try ServiceAccountTokens(
                issuer: configuration.serviceAccountIssuer, audiences: configuration.apiAudiences, signer: signer,
                keys: keys)
        let authenticator = Authenticator(
            api: api, staticTokens: configuration.tokens, serviceAccounts: tokens,
            acceptsBootstrapTokens: configuration.acceptsBootstrapTokens)
        let authorizer = Authorizer(rules: FixedRules(exposesClusterInfo: configuration.exposesClusterInfo), api: api)
        let address =
            configuration.advertiseAddress.isEmpty ? configuration.bindAddress : configuration.advertiseAddress
        let documents = ServerDocuments(
            version: configuration.version, kept: KeptDocuments(), address: "\(address):\(configuration.port)",
            issuer: tokens?.issuer)
        return RequestHandler(
            api: api, authenticator: authenticator, authorizer: authorizer, documents: documents, tokens: tokens,
            runtime: configuration.runtime, log: log)
    }

    private static func tlsConfiguration(_ configuration: Configuration) throws -> TLSConfiguration {
        let chain = try NIOSSLCertificate.fromPEMBytes(configuration.servingCertificate)
        let key = try NIOSSLPrivateKey(bytes: configuration.servingKey, format: .pem)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        tls.minimumTLSVersion = .tlsv12
        // Clients that idle answer no goodbye; NIOSSL would wait five seconds for each.
        tls.shutdownTimeout = .milliseconds(100)
        if let authorities = configuration.clientAuthorities {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authorities))
            // A client may come without a certificate; one that it shows must be good.
            tls.certificateVerification = .optionalVerification
            tls.sendCANameList = true
        }
        return tls
    }

    /// The port that is listened on, as soon as it is.
    package func ready() async throws -> Int {
        if let port = await port.value() { return port }
        throw obstacle.withLock { $0 } ?? EmbeddedAPIServerError("the server ended before it listened")
    }

    /// Serves until graceful shutdown: watches end, requests finish, the store is closed.
    package func run() async throws {
        defer { port.end() }
        do {
            try await api.loadDefinitions()
            await furnishCluster()
            if case .local = configuration.runtime { await FormerRun(api: api, log: log).settle() }
            try await serve()
        } catch {
            let error: any Error =
                ListenFailure(
                    error, host: configuration.bindAddress, port: configuration.port, flag: configuration.portFlag)
                ?? error
            obstacle.withLock { $0 = error }
            await close()
            throw error
        }
        await close()
    }

    private func serve() async throws {
        let connection = ServerConnection(handler: handler, log: log)
        let http = HTTP1Channel.Configuration(
            idleTimeout: .seconds(180),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 64 * 1024, maxHeaderListSize: 128 * 1024, maxHeaderFieldCount: 200))
        let channel = try SecureChannel(
            HTTP1Channel(responder: connection.respond, configuration: http), tls: tls,
            streams: configuration.http2Streams,
            idleTimeout: .seconds(180))
        let (port, log, bindAddress, leave) = (port, log, configuration.bindAddress, configuration.leave)
        let loops = MultiThreadedEventLoopGroup.singleton
        let door = ServerDoor(loops)
        let server = Server(
            childChannelSetup: channel,
            configuration: ServerConfiguration(
                address: .hostname(bindAddress, port: configuration.innerPort ?? configuration.port), backlog: 1024),
            onServerRunning: { channel in
                await door.open(channel)
                let bound = channel.localAddress?.port ?? 0
                log.info("serving the Kubernetes API", metadata: ["address": "\(bindAddress)", "port": "\(bound)"])
                port.set(bound)
            },
            eventLoopGroup: loops,
            logger: Logger(label: "http", factory: { _ in SwiftLogNoOpLogHandler() }))
        let (api, runtime) = (api, configuration.runtime)
        let nodes = try configuration.nodeControllers.map { try NodeControlPlane($0, api: api, log: log) }
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await LifecycleController(api: api, log: log).run() }
            if let nodes { group.addTask { await nodes.run() } }
            // Apart from this task's shutdown, which it would answer before the door is closed.
            let serving = Task.detached { try await server.run() }
            let end = { @Sendable in
                _ = Task.detached {
                    await leave()
                    await door.close()
                    // Watches end now, so that their connections can.
                    api.store.endWatches()
                    if case .local(let logs) = runtime { logs.endFollowing() }
                    try await server.shutdownGracefully()
                }
            }
            try await withTaskCancellationHandler {
                try await withGracefulShutdownHandler(operation: { try await serving.value }, onGracefulShutdown: end)
            } onCancel: {
                end()
            }
            group.cancelAll()
        }
    }

    /// Waits for SQLite on a thread that may wait.
    private func close() async {
        let store = api.store
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            NIOThreadPool.singleton.submit { _ in
                store.close()
                done.resume()
            }
        }
    }

    /// The namespaces every cluster has, and the Service that names the API itself.
    private func furnishCluster() async {
        let options = WriteOptions(fieldManager: "kube-apiserver")
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            await api.ensure(
                ResourceType.namespaces.object(ObjectKey(namespace: nil, name: name)), .namespaces, options)
            await api.furnish(namespace: name)
        }
        var service = ResourceType.services.object(ObjectKey(namespace: "default", name: "kubernetes"))
        service.labels = ["component": "apiserver", "provider": "kubernetes"]
        service["spec"] = [
            "clusterIP": .string(api.services.range.first),
            "ports": [
                [
                    "name": "https", "port": 443, "protocol": "TCP",
                    "targetPort": JSON(configuration.port == 0 ? 6443 : configuration.port),
                ]
            ],
        ]
        await api.ensure(service, .services, options)
        await api.publishRootCertificates()
    }
}

/// Why an embedded API server cannot start or go on.
package struct EmbeddedAPIServerError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
