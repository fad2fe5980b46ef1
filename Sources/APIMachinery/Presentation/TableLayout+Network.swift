import KubeObjects

extension TableLayout {
    static let network: [String: TableLayout] = [
        "services": TableLayout("Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector*") { row in
            let address = row.items("spec", "clusterIPs").first?.string ?? "<none>"
            return [
                .string(row.name), row.cell("spec", "type"), .string(address), .string(row.externalAddress),
                .string(row.servicePorts), row.age,
                .string(TableRow.labels(row.fields("spec", "selector"))),
            ]
        },
        "ingresses": TableLayout("Name|Class|Hosts|Address|Ports|Age") { row in
            [
                .string(row.name), row.cell("spec", "ingressClassName", absent: "<none>"),
                .string(row.ingressHosts),
                .string(row.loadBalancers.joined(separator: ",")),
                row.items("spec", "tls").isEmpty ? "80" : "80, 443", row.age,
            ]
        },
        "ingressclasses": TableLayout("Name|Controller|Parameters|Age") { row in
            var parameters = "<none>"
            if let given = row.object[path: "spec", "parameters"], given.object != nil {
                let group = given["apiGroup"]?.string.map { ".\($0)" } ?? ""
                parameters = "\(given["kind"]?.string ?? "")\(group)/\(given["name"]?.string ?? "")"
            }
            return [
                .string(row.name(markedBy: "ingressclass.kubernetes.io/is-default-class")),
                row.cell("spec", "controller"), .string(parameters), row.age,
            ]
        },
        "networkpolicies": TableLayout("Name|Pod-Selector|Age") { row in
            let selector = TableRow.selector(row.object[path: "spec", "podSelector"])
            return [.string(row.name), .string(selector), row.age]
        },
        "endpoints": TableLayout("Name|Endpoints|Age") { row in
            [.string(row.name), .string(row.endpoints), row.age]
        },
        "endpointslices": TableLayout("Name|AddressType|Ports|Endpoints|Age") { row in
            let ports = row.items("ports").map { port in
                port["port"]?.integer.map(String.init) ?? port["name"]?.string ?? "*"
            }
            let addresses = row.items("endpoints").flatMap { $0["addresses"]?.strings ?? [] }
            return [
                .string(row.name), row.cell("addressType"), .string(TableRow.firstThree(ports)),
                .string(TableRow.firstThree(addresses)), row.age,
            ]
        },
    ]
}

extension TableRow {
    /// The name, marked when an annotation says that this is the default of its kind.
    func name(markedBy annotation: String) -> String {
        fields("metadata", "annotations")[annotation]?.string == "true" ? "\(name) (default)" : name
    }

    fileprivate var loadBalancers: [String] {
        let addresses = items("status", "loadBalancer", "ingress").compactMap { ingress -> String? in
            let found = [ingress["ip"]?.string ?? "", ingress["hostname"]?.string ?? ""].first {
                !$0.isEmpty
            }
            return found
        }
        return Set(addresses).sorted()
    }

    fileprivate var externalAddress: String {
        let external = object[path: "spec", "externalIPs"]?.strings ?? []
        switch text("spec", "type") ?? "" {
        case "ClusterIP", "NodePort":
            return external.isEmpty ? "<none>" : external.joined(separator: ",")
        case "LoadBalancer":
            let all = loadBalancers + external
            return all.isEmpty ? "<pending>" : all.joined(separator: ",")
        case "ExternalName": return text("spec", "externalName") ?? ""
        default: return "<unknown>"
        }
    }

    fileprivate var servicePorts: String {
        let ports = items("spec", "ports").map { port in
            let node = port["nodePort"]?.integer ?? 0
            let number = "\(port["port"]?.integer ?? 0)\(node > 0 ? ":\(node)" : "")"
            return "\(number)/\(port["protocol"]?.string ?? "")"
        }
        return ports.isEmpty ? "<none>" : ports.joined(separator: ",")
    }

    fileprivate var ingressHosts: String {
        let rules = items("spec", "rules")
        let hosts = rules.compactMap { $0["host"]?.string }.filter { !$0.isEmpty }
        if hosts.isEmpty { return "*" }
        let shown = hosts.prefix(3).joined(separator: ",")
        return hosts.count >= 3 && rules.count > 3 ? "\(shown) + \(rules.count - 3) more..." : shown
    }

    fileprivate static func firstThree(_ texts: [String]) -> String {
        if texts.isEmpty { return "<unset>" }
        let shown = texts.prefix(3).joined(separator: ",")
        return texts.count > 3 ? "\(shown) + \(texts.count - 3) more..." : shown
    }

    fileprivate var endpoints: String {
        let subsets = items("subsets")
        if subsets.isEmpty { return "<none>" }
        let all = subsets.flatMap { subset -> [String] in
            let addresses = (subset["addresses"]?.array ?? []).compactMap { $0["ip"]?.string }
            let ports = subset["ports"]?.array ?? []
            if ports.isEmpty { return addresses }
            return ports.flatMap { port in
                addresses.map { address in
                    let host = address.contains(":") ? "[\(address)]" : address
                    return "\(host):\(port["port"]?.integer ?? 0)"
                }
            }
        }
        let shown = all.prefix(3).joined(separator: ",")
        return all.count > 3 ? "\(shown) + \(all.count - 3) more..." : shown
    }
}
