import KubeObjects

/// What is changed in files that pods are given, because a pod here has no network and no root directory of its own.
enum ContentRewriting {
    /// - A kubeconfig that goes to the pod's own loopback goes to the pod's address instead, and checks the certificate
    ///   for `localhost`, which it was made for.
    /// - An egress selector configuration names its socket where the volume is.
    /// - Everything else, and what cannot be read, stays as it is, byte for byte.
    static func rewrite(_ content: [UInt8], podIP: String, mapping: PathMapping?) -> [UInt8] {
        guard content.count < sizeLimit, let text = String(validating: content, as: UTF8.self),
            text.contains("clusters") || text.contains("EgressSelectorConfiguration"),
            let documents = try? YAML.parse(text), documents.count == 1, let document = documents.first
        else { return content }
        let changed: JSON
        if document["kind"]?.string == "EgressSelectorConfiguration" {
            changed = egressSelector(document, mapping)
        } else {
            changed = kubeconfig(document, podIP)
        }
        return changed == document ? content : Array(YAML.write(changed).utf8)
    }

    /// Larger files are no configuration of these kinds.
    private static let sizeLimit = 1 << 20

    private static func kubeconfig(_ document: JSON, _ podIP: String) -> JSON {
        guard let clusters = document["clusters"]?.array else { return document }
        var changed = document
        changed["clusters"] = .array(
            clusters.map { entry in
                guard let server = entry[path: "cluster", "server"]?.string,
                    let port = ["https://127.0.0.1:", "https://localhost:"].first(where: server.hasPrefix)
                        .map({ server.dropFirst($0.count) })
                else { return entry }
                var entry = entry
                entry[path: "cluster", "server"] = .string("https://\(podIP):\(port)")
                if entry[path: "cluster", "tls-server-name"] == nil {
                    entry[path: "cluster", "tls-server-name"] = "localhost"
                }
                return entry
            })
        return changed
    }

    private static func egressSelector(_ document: JSON, _ mapping: PathMapping?) -> JSON {
        guard let mapping, let selections = document["egressSelections"]?.array else { return document }
        var changed = document
        changed["egressSelections"] = .array(
            selections.map { selection in
                let path = ["connection", "transport", "uds", "udsName"]
                guard let name = selection[path: path]?.string, let place = mapping.place(of: name) else {
                    return selection
                }
                var selection = selection
                selection[path: path] = .string(place)
                return selection
            })
        return changed
    }
}
