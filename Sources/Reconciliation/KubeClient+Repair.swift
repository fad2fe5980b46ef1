import KubeClient
import KubeObjects

extension KubeClient {
    /// Applies, and overrules what would make the result invalid. A list whose items somebody re-keyed keeps the stranger
    /// beside ours under server-side apply: a Service's port that was renumbered stays, under a name that ours has too.
    func applyOverruling(_ object: KubeObject, _ type: ResourceType, live: KubeObject?) async throws -> KubeObject {
        do {
            return try await apply(object, type)
        } catch let error as KubeError where error.isInvalid {
            guard let live, let spec = object["spec"] else { throw error }
            // A merge patch replaces lists as a whole.
            _ = try await patch(
                type, live.key, .merge(["metadata": ["uid": .string(live.uid)], "spec": spec]))
        }
        return try await disownUpdates(of: try await apply(object, type), type)
    }

    /// Leaves our fields to apply alone: what we own through the patch as well, no later apply could remove.
    private func disownUpdates(of object: KubeObject, _ type: ResourceType) async throws -> KubeObject {
        let entries = object[path: "metadata", "managedFields"]?.array ?? []
        let kept = entries.filter {
            $0["manager"]?.string != fieldManager || $0["operation"]?.string != "Update" || $0["subresource"] != nil
        }
        guard kept.count < entries.count else { return object }
        return try await patch(
            type, object.key,
            .merge([
                "metadata": [
                    "resourceVersion": .string(object.resourceVersion), "managedFields": .array(kept),
                ]
            ]))
    }
}
