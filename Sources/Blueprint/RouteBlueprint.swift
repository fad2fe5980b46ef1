import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// The Ingress (parity sheet, 5.3): one host, everything to the API server. TLS passes through by annotations.
    func ingress() -> ManagedObject? {
        guard let asked = spec.controlPlane.ingress, let hostname = asked.hostname,
            let host = Endpoint(hostname, defaultPort: spec.networkProfile.port)?.host
        else { return nil }
        var object = managed(
            .ingress, labels: asked.additionalMetadata.labels, annotations: asked.additionalMetadata.annotations)
        object["spec"] = [
            "rules": [
                [
                    "host": .string(host),
                    "http": [
                        "paths": [
                            [
                                "path": "/", "pathType": "Prefix",
                                "backend": [
                                    "service": [
                                        "name": .string(name), "port": ["number": JSON(spec.networkProfile.port)],
                                    ]
                                ],
                            ]
                        ]
                    ],
                ]
            ]
        ]
        if let name = asked.ingressClassName, !name.isEmpty {
            object[path: "spec", "ingressClassName"] = .string(name)
        }
        return ManagedObject(component: .ingress, object: object)
    }

    /// The TLS routes (parity sheet, 5.4): the API server's, and the tunnel's through the listener that upstream's
    /// users name `konnectivity-server`.
    func routes() -> [ManagedObject] {
        guard let asked = spec.controlPlane.gateway, let hostname = asked.hostname,
            let host = Endpoint(hostname, defaultPort: spec.networkProfile.port)?.host
        else { return [] }
        func route(_ component: Component, port: Int, parents: [JSON]) -> ManagedObject {
            var object = managed(
                component, labels: asked.additionalMetadata.labels,
                annotations: asked.additionalMetadata.annotations)
            var route: JSON = [
                "hostnames": [.string(host)],
                "rules": [["backendRefs": [["name": .string(name), "port": JSON(port)]]]],
            ]
            if !parents.isEmpty { route["parentRefs"] = .array(parents) }
            object["spec"] = route
            return ManagedObject(component: component, object: object)
        }
        var routes = [route(.route, port: spec.networkProfile.port, parents: asked.parentRefs)]
        if let konnectivity = spec.addons.konnectivity {
            let port = konnectivity.server.port
            let parents = asked.parentRefs.map { parent in
                var parent = parent
                parent["port"] = JSON(port)
                parent["sectionName"] = "konnectivity-server"
                return parent
            }
            routes.append(route(.konnectivityRoute, port: port, parents: parents))
        }
        return routes
    }
}
