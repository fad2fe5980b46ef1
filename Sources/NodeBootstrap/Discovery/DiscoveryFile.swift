import KubeObjects

/// Whom a discovery file has this machine trust. kubeadm takes files that do not say, and so does this.
package enum DiscoveryFileAuthorities: Sendable, Hashable {
    /// They stand in it.
    case told
    /// It names a file of this machine that they are in.
    case inFile(String)
    /// It says nothing: the server has to prove itself by what this machine trusts anyhow, and then tells.
    case asked(server: String)

    /// - Parameter folder: that relative paths are of.
    package init(_ text: String, in folder: String, place: String) throws(DiscoveryError) {
        let kubeconfig: Kubeconfig
        do {
            kubeconfig = try Kubeconfig(yaml: text).resolvingFiles(against: folder)
        } catch {
            throw DiscoveryError(.malformed, "the discovery file \(place): \(error)")
        }
        let entries = kubeconfig.json["clusters"]?.array ?? []
        guard entries.count == 1, let cluster = kubeconfig.cluster(entries.first?["name"]?.string ?? "") else {
            throw DiscoveryError(
                .malformed, "the discovery file \(place) has \(entries.count) clusters; it has to have one")
        }
        if cluster.certificateAuthorityData?.isEmpty == false {
            self = .told
        } else if let path = cluster.certificateAuthority, !path.isEmpty {
            self = .inFile(path)
        } else if cluster.server.hasPrefix("https://") {
            self = .asked(server: cluster.server)
        } else {
            throw DiscoveryError(
                .malformed, "the discovery file \(place) names server \"\(cluster.server)\": no https://HOST:PORT")
        }
    }
}
