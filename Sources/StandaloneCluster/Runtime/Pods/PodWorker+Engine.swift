import KubeObjects

/// What users are told where the embedded engine stands in for containers that say they run.
enum EngineNotice {
    /// Of a pod's condition.
    static let condition = "kamaji.clastix.io/EmbeddedEngine"
    static let reason = "EmbeddedEngine"

    /// For containers of these names, in a pod that the engine serves.
    static func message(_ containers: [String]) -> String {
        let names = containers.joined(separator: " and ")
        return "\(names) \(containers.count == 1 ? "is" : "are") not run: the embedded engine is this control plane, "
            + "whatever Kubernetes version it is asked for. It has no scheduler and no workload controllers, so "
            + "Deployments in this tenant get no pods"
    }

    /// The names of a pod's containers that the engine stands in for.
    static func containers(of pod: KubeObject) -> [String] {
        (pod[path: "spec", "containers"]?.array ?? []).filter { ProcessPlanner.isServedByEngine($0, of: pod) }
            .compactMap { $0["name"]?.string }
    }
}

extension PodWorker {
    /// Leaves word in the pod's events, once for each pod.
    func tellOfEngine() async {
        let key = ObjectKey(namespace: pod.namespace, name: "\(pod.name).embedded-engine")
        var event = ResourceType.events.object(key)
        event["eventTime"] = .string(Timestamp.formatMicroseconds(machinery.api.now()))
        event["reportingController"] = "kamaji.clastix.io/standalone"
        event["reportingInstance"] = .string(machinery.settings.nodeName)
        event["action"] = "Run"
        event["reason"] = .string(EngineNotice.reason)
        event["type"] = "Normal"
        event["note"] = .string(EngineNotice.message(EngineNotice.containers(of: pod)))
        event["regarding"] = [
            "apiVersion": .string(pod.apiVersion), "kind": .string(pod.kind), "name": .string(pod.name),
            "namespace": .string(pod.namespace ?? ""), "uid": .string(pod.uid),
        ]
        await machinery.api.ensure(event, .events, PodMachinery.options)
    }
}
