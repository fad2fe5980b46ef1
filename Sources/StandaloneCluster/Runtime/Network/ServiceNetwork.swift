import Logging

/// What makes Services reachable: their endpoints, their load balancer addresses and the ports that lead to them.
package struct ServiceNetwork: Sendable {
    private let endpoints: EndpointsController
    private let loadBalancers: LoadBalancerController
    private let proxy: ServiceProxy

    /// - Parameter loadBalancers: the block that Services of type LoadBalancer get their addresses from.
    package init(api: ClusterAPI, loadBalancers: String = LoadBalancerAddresses.block, log: Logger) {
        endpoints = EndpointsController(api: api, log: log)
        self.loadBalancers = LoadBalancerController(api: api, block: loadBalancers, log: log)
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
