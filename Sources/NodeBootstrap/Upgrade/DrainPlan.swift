import KubeObjects

/// Which pods of a node are evicted before its kubelet is changed, by the rules of `kubectl drain`. Decides, and does
/// nothing.
package struct DrainPlan: Sendable, Hashable {
    package struct Pod: Sendable, Hashable {
        package var key: ObjectKey
        package var uid: String

        package var text: String { "\(key.namespace ?? "")/\(key.name)" }
    }

    /// What may be lost, with kubectl's names for it.
    package struct Permission: Sendable, Hashable {
        /// `--force`: pods that no controller makes anew.
        package var losesPods = false
        /// `--delete-emptydir-data`: what pods keep in emptyDir volumes.
        package var losesEmptyDirs = false

        package init(losesPods: Bool = false, losesEmptyDirs: Bool = false) {
            self.losesPods = losesPods
            self.losesEmptyDirs = losesEmptyDirs
        }
    }

    package private(set) var evictions: [Pod] = []
    /// Those that are ending already: they are waited for.
    package private(set) var ending: [Pod] = []
    /// Why the node cannot be drained, a pod each.
    package private(set) var refusals: [String] = []

    /// - Parameter pods: those of the node.
    package init(_ pods: [KubeObject], _ permission: Permission) {
        for object in pods.sorted(by: { ($0.namespace ?? "", $0.name) < ($1.namespace ?? "", $1.name) }) {
            let pod = Pod(key: object.key, uid: object.uid)
            guard !Self.stays(object) else { continue }
            if object.deletionTimestamp != nil {
                ending.append(pod)
            } else if !permission.losesPods, Self.controller(of: object) == nil {
                refusals.append("\(pod.text) is of no controller and would be lost (--force evicts it)")
            } else if !permission.losesEmptyDirs, Self.hasEmptyDir(object) {
                refusals.append(
                    "\(pod.text) has data in an emptyDir that would be lost (--delete-emptydir-data evicts it)")
            } else {
                evictions.append(pod)
            }
        }
    }

    /// Static pods, which the kubelet runs whatever the tenant says; a DaemonSet's, which would come again at once; and
    /// those that have run to their end.
    private static func stays(_ pod: KubeObject) -> Bool {
        pod.annotations["kubernetes.io/config.mirror"] != nil
            || controller(of: pod)?["kind"]?.string == "DaemonSet"
            || ["Succeeded", "Failed"].contains(pod[path: "status", "phase"]?.string ?? "")
    }

    private static func controller(of pod: KubeObject) -> JSON? {
        (pod[path: "metadata", "ownerReferences"]?.array ?? []).first { $0["controller"]?.bool == true }
    }

    private static func hasEmptyDir(_ pod: KubeObject) -> Bool {
        (pod[path: "spec", "volumes"]?.array ?? []).contains { $0["emptyDir"] != nil }
    }
}
