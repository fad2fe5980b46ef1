import Logging
import ServiceLifecycle
import StandaloneCluster

/// What makes Deployments run and Services answer in a standalone cluster, until graceful shutdown.
struct ClusterRuntime: Service {
    let server: EmbeddedAPIServer
    let network: LoopbackNetwork
    let pods: RuntimeSettings
    let log: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            _ = try await server.ready()
            await withDiscardingTaskGroup { group in
                group.addTask { await Workloads(api: server.api, log: log).run() }
                group.addTask {
                    await ServiceNetwork(api: server.api, loadBalancers: network.loadBalancers, log: log).run()
                }
                // Returns once every process it started has ended.
                group.addTask { await PodRunner(api: server.api, settings: pods, log: log).run() }
            }
        }
    }
}
