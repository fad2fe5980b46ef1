import KubeObjects

package enum ServiceType: String, Sendable, Hashable, CaseIterable {
    case clusterIP = "ClusterIP"
    case nodePort = "NodePort"
    case loadBalancer = "LoadBalancer"
}

extension TenantControlPlane {
    /// The objects in the admin cluster that make up a control plane.
    package struct ControlPlane: Sendable, Hashable {
        package let deployment: Deployment
        package let service: Service
        package let ingress: Ingress?
        package let gateway: Gateway?

        init(_ fields: FieldReader) throws(InvalidObject) {
            deployment = try Deployment(fields.object("deployment"))
            service = try Service(fields.object("service"))
            ingress = fields.has("ingress") ? try Ingress(fields.object("ingress")) : nil
            gateway = fields.has("gateway") ? try Gateway(fields.object("gateway")) : nil
        }
    }

    package struct Service: Sendable, Hashable {
        package let serviceType: ServiceType
        package let additionalMetadata: AdditionalMetadata
        package let additionalPorts: [AdditionalPort]
        /// Nil leaves Kubernetes' default, which is true.
        package let allocateLoadBalancerNodePorts: Bool?

        init(_ fields: FieldReader) throws(InvalidObject) {
            serviceType = try fields.requiredChoice("serviceType")
            additionalMetadata = try AdditionalMetadata(fields.object("additionalMetadata"))
            var ports: [AdditionalPort] = []
            for entry in try fields.readers("additionalPorts") { ports.append(try AdditionalPort(entry)) }
            additionalPorts = ports
            allocateLoadBalancerNodePorts = try fields.boolean("allocateLoadBalancerNodePorts")
        }
    }

    /// A port of the Service beside ours.
    package struct AdditionalPort: Sendable, Hashable {
        package let name: String
        /// TCP, UDP or SCTP.
        package let `protocol`: String
        package let appProtocol: String?
        package let port: Int
        /// A number, or the name of a container's port.
        package let targetPort: JSON

        init(_ fields: FieldReader) throws(InvalidObject) {
            name = try fields.requiredString("name")
            `protocol` = try fields.requiredString("protocol")
            appProtocol = try fields.string("appProtocol")
            port = try fields.requiredInteger("port")
            guard let target = fields.json("targetPort"), target.string != nil || target.integer != nil else {
                throw fields.invalid("targetPort", "a number or a name")
            }
            targetPort = target
        }

        /// As a Service has it.
        package var json: JSON {
            var json: JSON = [
                "name": .string(name), "protocol": .string(`protocol`), "port": JSON(port), "targetPort": targetPort,
            ]
            if let appProtocol { json["appProtocol"] = .string(appProtocol) }
            return json
        }
    }

    package struct Ingress: Sendable, Hashable {
        package let additionalMetadata: AdditionalMetadata
        package let ingressClassName: String?
        /// `host`, or `host:port`.
        package let hostname: String?

        init(_ fields: FieldReader) throws(InvalidObject) {
            additionalMetadata = try AdditionalMetadata(fields.object("additionalMetadata"))
            ingressClassName = try fields.string("ingressClassName")
            hostname = try fields.string("hostname")
        }
    }

    package struct Gateway: Sendable, Hashable {
        package let additionalMetadata: AdditionalMetadata
        /// gateway.networking.k8s.io/v1 ParentReference.
        package let parentRefs: [JSON]
        package let hostname: String?

        init(_ fields: FieldReader) throws(InvalidObject) {
            additionalMetadata = try AdditionalMetadata(fields.object("additionalMetadata"))
            parentRefs = try fields.list("parentRefs")
            hostname = try fields.string("hostname")
        }
    }
}
