import KubeObjects

/// Where a port of a Service is listened on, and which addresses stand behind it.
struct ServiceRoute: Hashable {
    let address: String
    let port: Int
    /// In a steady order.
    let targets: [TCPForwarder.Target]
}

/// What an EndpointSlice means to a proxy: the ready addresses, and the port behind each name.
struct SliceTargets: Hashable {
    let ports: [String: Int]
    let addresses: [String]

    /// A port without a name is the empty one. Only TCP counts.
    init(_ slice: KubeObject) {
        var ports: [String: Int] = [:]
        for port in slice["ports"]?.array ?? [] {
            guard port["protocol"]?.string ?? "TCP" == "TCP", let number = port["port"]?.integer else { continue }
            ports[port["name"]?.string ?? ""] = Int(clamping: number)
        }
        self.ports = ports
        guard slice["addressType"] == "IPv4" else {
            addresses = []
            return
        }
        // Not to be told is to be ready.
        addresses = (slice["endpoints"]?.array ?? [])
            .filter { $0[path: "conditions", "ready"]?.bool != false }
            .compactMap { $0["addresses"]?[0]?.string }
    }
}

enum ServiceRoutes {
    /// Node ports are the machine's own; nothing outside of it may come in, but where a Service's `externalIPs` name an
    /// address of the machine that others reach.
    static let nodeAddress = "127.0.0.1"

    /// The routes of `service` that lead somewhere; one that leads nowhere is none, so that its clients are refused.
    static func routes(of service: KubeObject, _ slices: [SliceTargets]) -> [ServiceRoute] {
        let type = service[path: "spec", "type"]?.string ?? "ClusterIP"
        guard type != "ExternalName", slices.contains(where: { !$0.addresses.isEmpty }) else { return [] }
        var addresses: [String] = []
        if let address = service[path: "spec", "clusterIP"]?.string, address != "None", !address.isEmpty {
            addresses.append(address)
        }
        for address in service[path: "spec", "externalIPs"]?.strings ?? [] where !addresses.contains(address) {
            addresses.append(address)
        }
        if type == "LoadBalancer" {
            for ingress in service[path: "status", "loadBalancer", "ingress"]?.array ?? [] {
                if let address = ingress["ip"]?.string { addresses.append(address) }
            }
        }
        var routes: [ServiceRoute] = []
        for port in service[path: "spec", "ports"]?.array ?? [] {
            guard port["protocol"]?.string ?? "TCP" == "TCP", let number = port["port"]?.integer else { continue }
            let name = port["name"]?.string ?? ""
            let targets = Set(
                slices.flatMap { slice in
                    slice.ports[name].map { port in
                        slice.addresses.map { TCPForwarder.Target(host: $0, port: port) }
                    } ?? []
                })
            guard !targets.isEmpty else { continue }
            let ordered = targets.sorted { ($0.host, $0.port) < ($1.host, $1.port) }
            for address in addresses {
                routes.append(ServiceRoute(address: address, port: Int(clamping: number), targets: ordered))
            }
            if let node = port["nodePort"]?.integer, node > 0 {
                routes.append(ServiceRoute(address: nodeAddress, port: Int(clamping: node), targets: ordered))
            }
        }
        return routes
    }
}
