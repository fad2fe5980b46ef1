import PKI

extension NodeName {
    /// Ids of the bootstrap tokens that may be this node's own, with which it comes back, first choice first. They follow
    /// from its name, so that two requests for one name meet in one object and the node can tell where its own is. There
    /// are several because six letters hold two thousand million ids, and among ten thousand nodes two share one with a
    /// chance of one in forty.
    package var reenrolmentTokenIDs: [String] {
        (0..<4).map { attempt in
            let digest = SHA256.digest(Array("kamaji-reenrol/\(attempt)/\(text)".utf8))
            var number = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            var id = ""
            for _ in 0..<6 {
                id.append(BootstrapToken.alphabet[Int(number % 36)])
                number /= 36
            }
            return id
        }
    }
}

/// What an agent writes on its own Node, and is held to by the tenant.
package enum NodeAgentFields {
    /// Of the condition that tells how the agent fares.
    package static let conditionType = "KamajiAgentHealthy"
    /// Before the name of every annotation of ours.
    package static let annotationPrefix = "kamaji.clastix.io/"
    /// With which a node's kubelet, or at kube-public/cluster-info everybody's, is told to start again, once for each value.
    package static let restartAnnotation = "\(annotationPrefix)restart-kubelet"
    /// In which a tenant keeps its authorities for pods, in each namespace.
    package static let authoritiesConfigMap = "kube-root-ca.crt"
}
