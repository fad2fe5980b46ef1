import KubeClient
import KubeObjects
import NodeIdentity

/// Taking the pods off the node and letting them come again. The API server lets a kubelet do both to its own node: the
/// role system:node has pods/eviction, and the admission plugin NodeRestriction looks that they are its own.
extension UpgradeRun {
    /// Between two looks at the pods; an eviction that a budget forbids is asked for as often.
    private static let interval = Duration.seconds(5)

    private func drainer(
        _ survey: Survey, _ patience: KubeClient.Patience = KubeClient.Patience()
    ) async throws -> KubeClient {
        let connection: ClusterConnection
        if let drainer = options.drainer {
            connection = drainer
        } else {
            connection = try await kubeletConnection(survey.tenant, survey.node)
        }
        return environment.client(connection, patience: patience)
    }

    private static func key(_ survey: Survey) -> ObjectKey { ObjectKey(namespace: nil, name: survey.node.text) }

    private func pods(_ survey: Survey, _ client: KubeClient) async throws -> [KubeObject] {
        try await client.list(
            .pods, namespace: nil, fieldSelector: FieldSelector(equals: ["spec.nodeName": survey.node.text])
        ).items
    }

    func drainPlan(_ survey: Survey) async throws -> DrainPlan {
        let client = try await drainer(survey)
        if options.drainer != nil { try await refuseOtherCluster(survey, client) }
        return DrainPlan(try await pods(survey, client), options.permission)
    }

    /// Somebody's kubeconfig may well lead elsewhere, where there is a node of this name too.
    private func refuseOtherCluster(_ survey: Survey, _ client: KubeClient) async throws {
        let theirs = try await client.find(.nodes, Self.key(survey))
        guard let theirs, theirs.uid == survey.object?.uid else {
            throw UpgradeFailure(
                .look,
                "the kubeconfig leads to \(client.connection.server), which \(theirs == nil ? "has no" : "has another") "
                    + "Node \(survey.node): give one of \(survey.tenant.server)")
        }
    }

    /// - Returns: one line about it.
    func drain(_ survey: inout Survey) async throws -> String {
        let client = try await drainer(survey)
        // A refused eviction is for us to repeat: this one does not sit on it.
        let evicter = try await drainer(survey, KubeClient.Patience(attempts: 1))
        if survey.plan.steps.contains(.cordon) {
            // Before it: whoever runs this next has to know whose it is.
            survey.record.hasCordoned = true
            try await note(survey.record)
            try writer.mark("cordon")
            try await allowed { try await client.patch(.nodes, Self.key(survey), .merge(Self.unschedulable(true))) }
        }
        let start = environment.pacing.elapsed()
        var evicted: Set<String> = []
        while true {
            // Anew each time: a pod may have been bound the moment before the node was cordoned.
            let plan = DrainPlan(try await pods(survey, client), options.permission)
            guard plan.refusals.isEmpty else {
                throw UpgradeFailure(.drain, plan.refusals.joined(separator: "; "))
            }
            if plan.evictions.isEmpty, plan.ending.isEmpty { break }
            var obstacle = plan.ending.first.map { "pod \($0.text) has not ended yet" }
            for pod in plan.evictions {
                try writer.mark("evict \(pod.text)")
                if let why = try await evict(pod, evicter) { obstacle = why } else { evicted.insert(pod.uid) }
            }
            let left = options.drainPatience - (environment.pacing.elapsed() - start)
            guard left > .zero else {
                throw UpgradeFailure(
                    .drain,
                    "the node was not drained within \(DurationText.text(options.drainPatience)): "
                        + (obstacle ?? "pods have not ended yet"))
            }
            if let obstacle { report(.waiting(.drain, obstacle)) }
            try await environment.pacing.sleep(min(Self.interval, left))
        }
        return evicted.isEmpty ? "no pod had to go" : "\(evicted.count) pod(s) evicted"
    }

    /// - Returns: why it cannot be evicted now; nil when it is, or is gone.
    private func evict(_ pod: DrainPlan.Pod, _ client: KubeClient) async throws -> String? {
        let eviction: JSON = [
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": ["name": .string(pod.key.name), "namespace": .string(pod.key.namespace ?? "")],
            "deleteOptions": ["preconditions": ["uid": .string(pod.uid)]],
        ]
        do {
            try await allowed {
                try await client.create(KubeObject(eviction), subresource: "eviction", of: .pods, pod.key)
            }
            return nil
        } catch let error as KubeError where error.isNotFound || error.isConflict {
            // Gone, or another pod of the same name by now: the next look tells.
            return nil
        } catch let error as KubeError where error.isRetryable {
            // 429 is a PodDisruptionBudget's.
            return "pod \(pod.text) may not be evicted: \(error.message)\(Self.budgets(error))"
        }
    }

    /// The budgets that an API server names, which its message leaves out.
    private static func budgets(_ error: KubeError) -> String {
        let causes = (error.details?["causes"]?.array ?? []).compactMap { $0["message"]?.string }
        return causes.isEmpty ? "" : " (\(causes.joined(separator: "; ")))"
    }

    @discardableResult
    private func allowed<Value>(_ ask: () async throws -> Value) async throws -> Value {
        do {
            return try await ask()
        } catch let error as KubeError where error.isForbidden {
            throw UpgradeFailure(
                .drain,
                "\(options.drainer == nil ? "the kubelet" : "the kubeconfig's user") may not do that here: give --kubeconfig "
                    + "of somebody who may patch nodes, list pods and create pods/eviction (\(error.message))")
        }
    }

    /// Null takes the field away, as it was before.
    private static func unschedulable(_ isCordoned: Bool) -> JSON {
        ["spec": ["unschedulable": isCordoned ? .bool(true) : .null]]
    }

    /// Only if we have cordoned it.
    func uncordon(_ survey: inout Survey) async throws {
        guard survey.record.hasCordoned else { return }
        try writer.mark("uncordon")
        let client = try await drainer(survey)
        try await allowed { try await client.patch(.nodes, Self.key(survey), .merge(Self.unschedulable(false))) }
        survey.record.hasCordoned = false
        try await note(survey.record)
    }
}
