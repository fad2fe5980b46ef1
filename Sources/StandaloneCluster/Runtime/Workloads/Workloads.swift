import Logging

/// The controllers that turn Deployments into pods.
package struct Workloads: Sendable {
    private let deployments: DeploymentController
    private let replicaSets: ReplicaSetController

    package init(api: ClusterAPI, log: Logger) {
        deployments = DeploymentController(api: api, log: log)
        replicaSets = ReplicaSetController(api: api, log: log)
    }

    /// Runs until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await deployments.run() }
            group.addTask { await replicaSets.run() }
        }
    }
}
