import Hummingbird
import Listening
import Logging
import Prometheus
import ServiceLifecycle
import Synchronization

/// Whether this process can do its work, as its probes ask.
final class Readiness: Sendable {
    private let state = Mutex<String?>("starting")

    /// Nil when ready; otherwise why not.
    var obstacle: String? { state.withLock { $0 } }

    func set(ready: Bool, otherwise reason: String = "") { state.withLock { $0 = ready ? nil : reason } }
}

/// `/metrics` on one address, `/healthz` and `/readyz` on another, over plain HTTP as upstream's manager has them.
struct ManagerEndpoints: Sendable {
    let metrics: @Sendable () -> [MetricFamily]
    let readiness: Readiness
    let log: Logger

    func metricsServer(_ address: ListenAddress) -> some Service {
        let router = Router()
        let metrics = metrics
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: MetricText.contentType],
                body: .init(byteBuffer: ByteBuffer(string: MetricText.render(metrics()))))
        }
        return server(router, address, "metrics", flag: "--metrics-bind-address")
    }

    func healthServer(_ address: ListenAddress) -> some Service {
        let router = Router()
        let readiness = readiness
        router.get("/healthz") { _, _ in "ok" }
        router.get("/readyz") { _, _ -> Response in
            guard let obstacle = readiness.obstacle else {
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "ok")))
            }
            return Response(
                status: .serviceUnavailable, body: .init(byteBuffer: ByteBuffer(string: "not ready: \(obstacle)\n")))
        }
        return server(router, address, "health", flag: "--health-probe-bind-address")
    }

    private func server(
        _ router: Router<BasicRequestContext>, _ address: ListenAddress, _ what: String, flag: String
    ) -> some Service {
        let log = log
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(address.host, port: address.port), serverName: nil),
            onServerRunning: { channel in
                log.info("listening", metadata: ["for": "\(what)", "port": "\(channel.localAddress?.port ?? 0)"])
            },
            logger: Logger(label: what) { _ in SwiftLogNoOpLogHandler() })
        return ListeningService(inner: application, address: address, flag: flag)
    }
}

/// A server that says which flag chose an address that it cannot have.
private struct ListeningService<Inner: Service>: Service {
    let inner: Inner
    let address: ListenAddress
    let flag: String

    func run() async throws {
        do {
            try await inner.run()
        } catch {
            throw ListenFailure(error, host: address.host, port: address.port, flag: flag) ?? error
        }
    }
}
