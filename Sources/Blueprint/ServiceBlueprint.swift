import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// The Service in front of the control plane's pods (parity sheet, 5.1): API server first, the tunnel's port
    /// second, the user's after them. `address` is the declared one, for `allowAddressAsExternalIP`.
    package func service() -> ManagedObject {
        let asked = spec.controlPlane.service
        let type = asked.serviceType
        var object = managed(
            .service, labels: asked.additionalMetadata.labels, annotations: asked.additionalMetadata.annotations)
        var service: JSON = [
            "type": .string(type.rawValue),
            "selector": [Keys.name: .string(name)],
            "ports": .array(servicePorts(type: type)),
        ]
        if type == .loadBalancer {
            service["allocateLoadBalancerNodePorts"] = .bool(asked.allocateLoadBalancerNodePorts ?? true)
            if let given = spec.networkProfile.loadBalancerClass { service["loadBalancerClass"] = .string(given) }
            let ranges = spec.networkProfile.loadBalancerSourceRanges
            if !ranges.isEmpty { service["loadBalancerSourceRanges"] = JSON(ranges) }
        } else if spec.networkProfile.allowAddressAsExternalIP, let address = spec.networkProfile.address,
            !address.isEmpty
        {
            service["externalIPs"] = [.string(address)]
        }
        object["spec"] = service
        return ManagedObject(component: .service, object: object)
    }

    private func servicePorts(type: ServiceType) -> [JSON] {
        func port(_ name: String, _ number: Int) -> JSON {
            var port: JSON = [
                "name": .string(name), "protocol": "TCP", "port": JSON(number), "targetPort": JSON(number),
            ]
            if type == .nodePort { port["nodePort"] = JSON(number) }
            return port
        }
        var ports = [port("kube-apiserver", spec.networkProfile.port)]
        if let konnectivity = spec.addons.konnectivity {
            ports.append(port("konnectivity-server", konnectivity.server.port))
        }
        return ports + spec.controlPlane.service.additionalPorts.map(\.json)
    }
}
