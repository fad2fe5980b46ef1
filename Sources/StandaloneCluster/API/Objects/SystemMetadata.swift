import APIMachinery
import FoundationEssentials
import KubeObjects

/// The metadata that the server writes itself.
enum SystemMetadata {
    static func newUID() -> String { UUID().uuidString.lowercased() }

    /// Letters and digits that make no words, as Kubernetes draws them for generated names.
    private static let suffixLetters = Array("bcdfghjklmnpqrstvwxz2456789")
    private static let generatedPrefixLimit = 58

    static func generatedName(from prefix: String) -> String {
        let suffix = (0..<5).compactMap { _ in suffixLetters.randomElement() }
        return prefix.prefix(generatedPrefixLimit) + String(suffix)
    }

    static func prepareForCreate(_ object: inout KubeObject, resource: APIResource, timestamp: JSON) {
        object[path: "metadata", "uid"] = .string(newUID())
        object[path: "metadata", "creationTimestamp"] = timestamp
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion", "selfLink"] {
            object[path: "metadata", field] = nil
        }
        let counts = resource.tracksGeneration || resource.isCustom
        object[path: "metadata", "generation"] = counts ? 1 : nil
        dropEmptyMaps(&object)
    }

    static func prepareForUpdate(_ object: inout KubeObject, from old: KubeObject) {
        for field in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "namespace"] {
            if let value = old[path: "metadata", field], (object[path: "metadata", field] ?? .null).isNull {
                object[path: "metadata", field] = value
            }
        }
        object[path: "metadata", "generation"] = old[path: "metadata", "generation"]
        object[path: "metadata", "selfLink"] = nil
        dropEmptyMaps(&object)
    }

    /// What Go leaves out when it writes an object down.
    private static func dropEmptyMaps(_ object: inout KubeObject) {
        for field in ["labels", "annotations"] where isEmpty(object[path: "metadata", field]) {
            object[path: "metadata", field] = nil
        }
        for field in ["finalizers", "ownerReferences"] where isEmpty(object[path: "metadata", field]) {
            object[path: "metadata", field] = nil
        }
        for field in ["creationTimestamp", "deletionTimestamp", "generateName"]
        where object[path: "metadata", field] == .null || object[path: "metadata", field] == "" {
            object[path: "metadata", field] = nil
        }
    }

    private static func isEmpty(_ json: JSON?) -> Bool {
        switch json {
        case .null, .object([:]), .array([]): true
        default: false
        }
    }
}
