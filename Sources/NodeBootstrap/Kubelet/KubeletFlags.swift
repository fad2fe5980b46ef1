/// Which flags a kubelet gets beside its configuration file, as kubeadm decides it.
package enum KubeletFlags {
    /// The computed ones by name, then `extra` in its order; of an extra name every computed one is dropped.
    ///
    /// - Parameter criSocket: nil when it stands in the configuration file (kubeadm's gate NodeLocalCRISocket, which is
    ///   always on from 1.36 and may have been turned off in an older cluster).
    package static func arguments(
        nodeName: String, hostName: String, taints: [NodeTaint], criSocket: String?, extra: [KubeletArgument]
    ) -> [KubeletArgument] {
        var computed: [KubeletArgument] = []
        if let criSocket { computed.append(KubeletArgument("container-runtime-endpoint", criSocket)) }
        if nodeName != hostName { computed.append(KubeletArgument("hostname-override", nodeName)) }
        if !taints.isEmpty {
            computed.append(KubeletArgument("register-with-taints", taints.map(\.text).joined(separator: ",")))
        }
        let replaced = Set(extra.map(\.name))
        return computed.filter { !replaced.contains($0.name) } + extra
    }
}
