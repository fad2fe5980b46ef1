import KubeClient
import KubeObjects
import Logging
import Reconciliation
import ServiceLifecycle
import TenantAPI

/// Reconciles until graceful shutdown: while it leads, where there is an election, or always.
struct ManagerService: Service {
    let api: KubeClient
    let manager: TenantManager
    let readiness: Readiness
    let election: LeaderElection?
    let log: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                try await lead()
            } catch  where Task.isCancelled {
                // However the interrupted step put it.
                return
            }
        }
    }

    private func lead() async throws {
        guard try await api.serves(.tenantControlPlanes) else {
            throw ManagerServiceError.definitionsMissing(api.connection.server)
        }
        guard let election else { return try await reconcile() }
        // A replica that stands by does all that it is there for.
        try await election.run(standingBy: { readiness.set(ready: true) }) { try await reconcile() }
        // Another replica leads from here on. What this one remembers is stale: a fresh process is the clean way back.
        guard Task.isCancelled else { throw ManagerServiceError.leadershipLost }
    }

    private func reconcile() async throws {
        readiness.set(ready: false, otherwise: "reading what is in the cluster")
        try await manager.run { readiness.set(ready: true) }
    }
}

enum ManagerServiceError: Error, CustomStringConvertible {
    case definitionsMissing(String)
    case leadershipLost

    var description: String {
        switch self {
        case .definitionsMissing(let server):
            "\(server) does not serve kamaji.clastix.io/v1alpha1: run \"kamaji-manager crds | kubectl apply "
                + "--server-side -f -\" first"
        case .leadershipLost: "another replica leads now; this one ends and is to be started again"
        }
    }
}
