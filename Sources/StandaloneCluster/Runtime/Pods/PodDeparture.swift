import APIMachinery
import KubeObjects

/// The time between a pod's mark for deletion and the end of its processes: a process that ends while Services still
/// lead to it refuses their clients.
///
/// In a real cluster that race is open, and a pod's preStop hook or its program's shutdown delay has to cover it, which
/// comes on top here. The endpoints are at hand.
struct PodDeparture: Sendable {
    let api: ClusterAPI
    let pod: KubeObject

    private static let period = Duration.milliseconds(20)
    /// A Service that still leads to the pod after this long keeps it no longer.
    private static let patience = 100
    /// What the proxy needs to hear of the endpoints, and connections that are on their way to arrive.
    private static let parting = Duration.milliseconds(150)

    /// Returns at once for a pod that no Service selects.
    func wait() async {
        for _ in 0..<Self.patience {
            guard let readiness = await readiness(), !readiness.isEmpty else { return }
            if !readiness.contains(true) { break }
            guard (try? await Task.sleep(for: Self.period)) != nil else { return }
        }
        try? await Task.sleep(for: Self.parting)
    }

    /// Whether each of the endpoints that lead to the pod takes new connections; nil when they cannot be read.
    private func readiness() async -> [Bool]? {
        guard let slices = try? await api.list(ServiceEndpoints.slices, Selection(namespace: pod.namespace)) else {
            return nil
        }
        return slices.items.flatMap { $0["endpoints"]?.array ?? [] }
            .filter { $0[path: "targetRef", "uid"]?.string == pod.uid }
            .map { $0[path: "conditions", "ready"]?.bool != false }
    }
}
