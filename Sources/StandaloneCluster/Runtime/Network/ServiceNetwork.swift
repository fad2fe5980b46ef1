import Logging

/// What makes Services reachable: their endpoints, their load balancer addresses and the ports that lead to them.
package struct ServiceNetwork: Sendable {
    private let endpoints: EndpointsController
    private let loadBalancers: LoadBalancerController
    private let proxy: ServiceProxy

    package init(api: ClusterAPI, log: Logger) {
        endpoints = EndpointsController(api: api, log: log)
        loadBalancers = LoadBalancerController(api: api, log: log)
        proxy = ServiceProxy(api: api, log: log)
    }

    /// Runs until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await endpoints.run() }
            group.addTask { await loadBalancers.run() }
            group.addTask { await proxy.run() }
        }
    }
}
