import KubeObjects
import TenantAPI

/// What access points need to know of a Gateway.
package struct GatewayFacts: Sendable, Hashable {
    package struct Listener: Sendable, Hashable {
        let name: String
        let `protocol`: String
        let port: Int64
    }

    /// Whether its data plane does what its spec says.
    let isProgrammed: Bool
    let listeners: [Listener]

    package init(_ gateway: KubeObject) {
        isProgrammed = Self.isTrue("Programmed", in: gateway[path: "status", "conditions"])
        listeners = (gateway[path: "spec", "listeners"]?.array ?? []).map {
            Listener(
                name: $0["name"]?.string ?? "", protocol: $0["protocol"]?.string ?? "",
                port: $0["port"]?.integer ?? 0)
        }
    }

    static func isTrue(_ condition: String, in conditions: JSON?) -> Bool {
        (conditions?.array ?? []).contains { $0["type"]?.string == condition && $0["status"]?.string == "True" }
    }
}

/// Where a TLSRoute is reached (parity sheet, 5.4): at each of its hosts on each TLS listener of a Gateway that is
/// programmed and took the route. A parent that cannot be resolved contributes nothing and disturbs no other.
package enum AccessPoints {
    /// Every Gateway that a route names or that says something about it.
    package static func gateways(of route: KubeObject) -> Set<ObjectKey> {
        let named = route[path: "spec", "parentRefs"]?.array ?? []
        let answering = (route[path: "status", "parents"]?.array ?? []).compactMap { $0["parentRef"] }
        return Set((named + answering).compactMap { gateway(in: $0, of: route) })
    }

    private static func gateway(in reference: JSON, of route: KubeObject) -> ObjectKey? {
        guard (reference["kind"]?.string ?? ResourceType.gateways.kind) == ResourceType.gateways.kind,
            (reference["group"]?.string ?? ResourceType.gateways.group) == ResourceType.gateways.group,
            let name = reference["name"]?.string
        else { return nil }
        return ObjectKey(namespace: reference["namespace"]?.string ?? route.namespace, name: name)
    }

    /// In the order of the route's parents, the Gateway's listeners and the route's hosts, each once.
    package static func points(of route: KubeObject, _ gateways: [ObjectKey: GatewayFacts]) -> [JSON] {
        var points: [JSON] = []
        for parent in route[path: "status", "parents"]?.array ?? [] {
            guard let reference = parent["parentRef"], GatewayFacts.isTrue("Accepted", in: parent["conditions"]),
                let key = gateway(in: reference, of: route), let gateway = gateways[key], gateway.isProgrammed
            else { continue }
            for listener in gateway.listeners where listener.serves(reference) {
                for host in route[path: "spec", "hostnames"]?.strings ?? [] {
                    let point: JSON = [
                        "type": "Hostname", "value": .string("https://\(host):\(listener.port)"),
                        "port": JSON(listener.port),
                    ]
                    // Two parents may be one Gateway, as a whole and by its listener.
                    if !points.contains(point) { points.append(point) }
                }
            }
        }
        return points
    }
}

extension GatewayFacts.Listener {
    fileprivate func serves(_ reference: JSON) -> Bool {
        let section = reference["sectionName"]?.string ?? ""
        return `protocol` == "TLS" && (section.isEmpty || section == name)
            && (reference["port"]?.integer.map { $0 == port } ?? true)
    }
}
