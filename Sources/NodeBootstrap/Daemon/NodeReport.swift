import FoundationEssentials
import KubeClient
import KubeObjects
import NodeIdentity

/// What the agent writes on its own Node: a condition and an annotation, and nothing else, for the tenant holds it to
/// that.
package struct NodeReport: Sendable, Hashable {
    package var node: NodeName
    package var version: String
    package var isHealthy: Bool
    package var reason: String
    package var message: String

    package init(node: NodeName, version: String, plan: RepairPlan) {
        self.node = node
        self.version = version
        isHealthy = plan.complaints.isEmpty && plan.actions.isEmpty
        reason = isHealthy ? "AllWell" : plan.complaints.isEmpty ? "Repairing" : "NeedsAttention"
        message = isHealthy ? "" : (plan.complaints + plan.actions.map(\.text)).joined(separator: "; ")
    }

    static var versionAnnotation: String { "\(NodeAgentFields.annotationPrefix)agent-version" }

    /// The conditions with ours in its place. The time of the last change stays while the verdict does.
    package func conditions(_ present: [JSON], now: Date) -> [JSON] {
        let status = isHealthy ? "True" : "False"
        let time = JSON.string(Timestamp.format(now))
        let former = present.first { $0["type"]?.string == NodeAgentFields.conditionType }
        let isSame = former?["status"]?.string == status
        let condition: JSON = [
            "type": .string(NodeAgentFields.conditionType), "status": .string(status), "reason": .string(reason),
            "message": .string(message), "lastHeartbeatTime": time,
            "lastTransitionTime": isSame ? former?["lastTransitionTime"] ?? time : time,
        ]
        return present.filter { $0["type"]?.string != NodeAgentFields.conditionType } + [condition]
    }

    /// - Parameter client: as the agent.
    package func write(_ client: KubeClient, now: Date) async throws {
        let key = ObjectKey(namespace: nil, name: node.text)
        let object = try await client.get(.nodes, key)
        if object.annotations[Self.versionAnnotation] != version {
            _ = try await client.patch(
                .nodes, key, .merge(["metadata": ["annotations": [Self.versionAnnotation: .string(version)]]]))
        }
        let present = object[path: "status", "conditions"]?.array ?? []
        // The resourceVersion goes along: between reading and writing the kubelet may have written its own.
        _ = try await client.patch(
            .nodes, key,
            .merge([
                "metadata": ["resourceVersion": .string(object.resourceVersion)],
                "status": ["conditions": .array(conditions(present, now: now))],
            ]), subresource: "status")
    }
}
