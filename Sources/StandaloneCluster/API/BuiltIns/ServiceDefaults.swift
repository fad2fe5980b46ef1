import KubeObjects

/// v1.Service, as far as it can be defaulted without giving out addresses.
enum ServiceDefaults {
    static func apply(to object: inout JSON) {
        object.setDefault("spec", "type", to: "ClusterIP")
        object.setDefault("spec", "sessionAffinity", to: "None")
        let type = object[path: "spec", "type"]?.string ?? ""
        if object[path: "spec", "sessionAffinity"] == "ClientIP" {
            object.setDefault("spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds", to: 10800)
        }
        object.changeEach("spec", "ports") { port in
            port.setDefault("protocol", to: "TCP")
            if let number = port["port"] { port.setDefault("targetPort", to: number) }
        }
        guard type != "ExternalName" else { return }
        object.setDefault("spec", "internalTrafficPolicy", to: "Cluster")
        if type == "NodePort" || type == "LoadBalancer" {
            object.setDefault("spec", "externalTrafficPolicy", to: "Cluster")
        }
        if type == "LoadBalancer" { object.setDefault("spec", "allocateLoadBalancerNodePorts", to: true) }
        object.setDefault("status", "loadBalancer", to: [:])
    }
}
