import KubeObjects

/// Makes the kubelet's configuration of this node of what the tenant gives every node.
package struct KubeletConfigurationMerge: Sendable {
    package var configuration: JSON
    /// Where the tenant's word differs from what a node needs, and stands.
    package private(set) var warnings: [String] = []

    /// What a node needs, wherever the tenant is silent. `rotateCertificates` is not asked: without it the certificate
    /// would end one day and nothing come after it.
    package init(
        cluster: JSON, authorityPath: String, serviceSubnet: String?, dnsDomain: String?, usesResolved: Bool
    ) throws(KubeletConfigurationError) {
        guard cluster.object != nil else {
            throw KubeletConfigurationError("kube-system/kubelet-config holds \(cluster.kindName), and no mapping")
        }
        let kind = cluster["kind"]?.string ?? "KubeletConfiguration"
        let version = cluster["apiVersion"]?.string ?? "kubelet.config.k8s.io/v1beta1"
        guard kind == "KubeletConfiguration", version == "kubelet.config.k8s.io/v1beta1" else {
            throw KubeletConfigurationError(
                "kube-system/kubelet-config holds \(version) \(kind): kubelet.config.k8s.io/v1beta1 is what is known")
        }
        configuration = cluster
        configuration["kind"] = "KubeletConfiguration"
        configuration["apiVersion"] = "kubelet.config.k8s.io/v1beta1"
        keep(["staticPodPath"], .string(KubeletFiles.manifestsPath))
        let dnsAddress = serviceSubnet.flatMap { CIDR(String($0.split(separator: ",").first ?? "")) }?.address(at: 10)
        keep(["clusterDNS"], [.string(dnsAddress?.description ?? "10.96.0.10")])
        if let dnsDomain { keep(["clusterDomain"], .string(dnsDomain)) }
        keep(["authentication", "x509", "clientCAFile"], .string(authorityPath))
        keep(["authentication", "anonymous", "enabled"], false)
        keep(["authentication", "webhook", "enabled"], true)
        keep(["authorization", "mode"], "Webhook")
        keep(["healthzBindAddress"], "127.0.0.1")
        keep(["healthzPort"], 10248)
        if configuration["cgroupDriver"]?.string ?? "" == "" { configuration["cgroupDriver"] = "systemd" }
        configuration["rotateCertificates"] = true
        if usesResolved, configuration["resolvConf"] == nil {
            // What glibc is pointed at is a stub on loopback, which a pod cannot reach.
            configuration["resolvConf"] = "/run/systemd/resolve/resolv.conf"
        }
    }

    private mutating func keep(_ path: [String], _ value: JSON) {
        guard let found = configuration[path: path], !found.isNull else {
            configuration[path: path] = value
            return
        }
        if found != value {
            warnings.append(
                "the tenant sets \(path.joined(separator: ".")) to \(found), and \(value) is usual: it stands")
        }
    }

    /// User's patches first, then what this instance alone has.
    package mutating func apply(
        _ patches: [KubeletPatch], criSocket: String?
    ) throws(KubeletConfigurationError) {
        for patch in patches { configuration = try patch.apply(to: configuration) }
        if let criSocket { configuration["containerRuntimeEndpoint"] = .string(criSocket) }
    }

    /// Where the kubelet answers whether it is well: `http://host:port/healthz`; nil when it is told not to.
    package static func healthURL(_ configuration: JSON) -> String? {
        let port = configuration["healthzPort"]?.integer ?? 10248
        guard (1...65_535).contains(port) else { return nil }
        let host = configuration["healthzBindAddress"]?.string ?? "127.0.0.1"
        let reached = ["", "0.0.0.0"].contains(host) ? "127.0.0.1" : host == "::" ? "::1" : host
        return "http://\(reached.contains(":") ? "[\(reached)]" : reached):\(port)/healthz"
    }
}

/// Why no configuration for the kubelet could be made.
package struct KubeletConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
