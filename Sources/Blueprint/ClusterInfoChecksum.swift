import KubeObjects

extension TenantObject {
    /// The checksum of what joining nodes read first, `cluster-info`, among these objects; empty where it is missing.
    package static func clusterInfoChecksum(_ objects: [TenantObject]) -> String {
        let info = objects.first {
            $0.type == .configMaps && $0.object.key == ObjectKey(namespace: "kube-public", name: "cluster-info")
        }
        return info.map {
            Checksum.md5(of: ($0.object["data"]?.object ?? [:]).compactMapValues { $0.string.map { Array($0.utf8) } })
        } ?? ""
    }
}
