/// Where a Node says that it is.
package enum NodeReach {
    /// The first of its addresses under which whoever dials meets itself, or nobody: loopback, unspecified or link-local.
    /// An answer from there is not the node's. Of each type only the first address counts, for API servers take no other.
    package static func undialable(of node: KubeObject) -> String? {
        var seen: Set<String> = []
        for entry in node[path: "status", "addresses"]?.array ?? [] {
            guard let type = entry["type"]?.string, let address = entry["address"]?.string,
                seen.insert(type).inserted, isUndialable(address)
            else { continue }
            return address
        }
        return nil
    }

    static func isUndialable(_ text: String) -> Bool {
        // A link-local address may name its interface.
        guard let address = IPAddress(String(text.prefix { $0 != "%" }))?.unmapped else {
            let name = text.lowercased()
            return name == "localhost" || name.hasSuffix(".localhost")
        }
        return address.isLoopback || address.isUnspecified || address.isLinkLocal
    }
}
