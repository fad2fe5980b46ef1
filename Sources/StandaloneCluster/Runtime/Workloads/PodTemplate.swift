import KubeObjects

/// The names under which a Deployment and its ReplicaSets know each other; kubectl reads the same ones.
enum RolloutKeys {
    static let hash = "pod-template-hash"
    static let revision = "deployment.kubernetes.io/revision"
    static let revisionHistory = "deployment.kubernetes.io/revision-history"
    static let desiredReplicas = "deployment.kubernetes.io/desired-replicas"
    static let maxReplicas = "deployment.kubernetes.io/max-replicas"

    /// Annotations of a Deployment that say nothing about its revisions, or are kept on each ReplicaSet by itself.
    static let notCopied: Set<String> = [
        "kubectl.kubernetes.io/last-applied-configuration", revision, revisionHistory, desiredReplicas, maxReplicas,
        "deprecated.deployment.rollback.to",
    ]
}

/// A pod template, compared by what it means and not by how it was written.
struct PodTemplate: Hashable {
    /// Without its hash label, and without fields that are empty.
    let json: JSON

    init(of workload: KubeObject) {
        var template = workload[path: "spec", "template"] ?? [:]
        template[path: "metadata", "labels", RolloutKeys.hash] = nil
        json = Self.withoutEmptyFields(template)
    }

    /// Nulls and empty lists go, and empty maps of the template's own metadata; an empty map elsewhere means something,
    /// as `emptyDir: {}` does.
    private static func withoutEmptyFields(_ template: JSON) -> JSON {
        var template = pruned(template)
        for field in ["labels", "annotations"] where template[path: "metadata", field] == [:] {
            template[path: "metadata", field] = nil
        }
        if template["metadata"] == [:] { template["metadata"] = nil }
        return template
    }

    private static func pruned(_ json: JSON) -> JSON {
        switch json {
        case .object(let fields):
            .object(fields.filter { !$0.value.isNull && $0.value != [] }.mapValues(pruned))
        case .array(let items): .array(items.map(pruned))
        default: json
        }
    }

    /// What `pod-template-hash` holds and a ReplicaSet's name ends in. Another `collisionCount` gives another one.
    func hash(collisionCount: Int64) -> String {
        var bytes = json.encoded()
        if collisionCount > 0 { bytes += Array("\(collisionCount)".utf8) }
        return ShortHash.text(of: bytes)
    }
}

/// Short texts for names, made of letters and digits that spell no words.
enum ShortHash {
    private static let letters = Array("bcdfghjklmnpqrstvwxz2456789")

    /// FNV-1a, 32 bits: at most ten letters.
    static func text(of bytes: some Sequence<UInt8>) -> String {
        let digits = String(bytes.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 })
        return String(digits.utf8.map { letters[Int($0) % letters.count] })
    }

    static func text(of text: String) -> String { Self.text(of: Array(text.utf8)) }
}
