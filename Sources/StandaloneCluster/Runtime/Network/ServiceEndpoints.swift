import KubeObjects

/// What a pod means to the Services that select it.
struct ServingPod: Hashable {
    let key: ObjectKey
    let uid: String
    let labels: [String: String]
    let address: String
    let node: String?
    let hostname: String?
    let subdomain: String?
    let isReady: Bool
    let isTerminating: Bool
    /// Container port numbers by protocol and name.
    let namedPorts: [String: Int64]

    /// Nil for a pod that cannot serve: without an address, or ended.
    init?(_ pod: KubeObject) {
        guard let address = pod[path: "status", "podIP"]?.string, !address.isEmpty, !pod.isFinishedPod else {
            return nil
        }
        key = pod.key
        uid = pod.uid
        labels = pod.labels
        self.address = address
        node = pod[path: "spec", "nodeName"]?.string
        hostname = pod[path: "spec", "hostname"]?.string
        subdomain = pod[path: "spec", "subdomain"]?.string
        isReady = pod.isReadyPod
        isTerminating = pod.isBeingDeleted
        var ports: [String: Int64] = [:]
        for container in pod[path: "spec", "containers"]?.array ?? [] {
            for port in container["ports"]?.array ?? [] {
                guard let name = port["name"]?.string, let number = port["containerPort"]?.integer else { continue }
                let key = Self.portKey(port["protocol"]?.string ?? "TCP", name)
                if ports[key] == nil { ports[key] = number }
            }
        }
        namedPorts = ports
    }

    static func portKey(_ transport: String, _ name: String) -> String { "\(transport)/\(name)" }
}

/// The objects that say where a Service's traffic may go.
struct ServiceEndpoints {
    static let endpoints = ResourceType(group: "", version: "v1", kind: "Endpoints", plural: "endpoints")
    static let slices = ResourceType(
        group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices")
    static let serviceNameLabel = "kubernetes.io/service-name"
    static let sliceManagerLabel = "endpointslice.kubernetes.io/managed-by"
    static let sliceManager = "endpointslice-controller.k8s.io"
    static let endpointsManagerLabel = "endpoints.kubernetes.io/managed-by"
    static let endpointsManager = "endpoint-controller"
    /// The most that the API takes in one slice.
    private static let sliceLimit = 1000

    /// Of a Service without a selector nobody but its author knows where it leads.
    static func selector(of service: KubeObject) -> [String: String]? {
        guard service[path: "spec", "type"] != "ExternalName",
            let selector = service[path: "spec", "selector"]?.stringMap, !selector.isEmpty
        else { return nil }
        return selector
    }

    /// Both carry no uid, no resourceVersion.
    let endpoints: KubeObject
    let slices: [KubeObject]

    /// - Parameter pods: Those that `service` selects.
    init(service: KubeObject, pods: [ServingPod]) {
        let groups = Self.groups(service, pods)
        var labels = service.labels
        if service[path: "spec", "clusterIP"] == "None" { labels["service.kubernetes.io/headless"] = "" }
        endpoints = Self.endpoints(service, groups, labels)
        let parts = groups.flatMap { group in
            stride(from: 0, to: group.pods.count, by: Self.sliceLimit).map { start in
                Group(ports: group.ports, pods: Array(group.pods[start...].prefix(Self.sliceLimit)))
            }
        }
        // A Service without pods has a slice too, which says so.
        let shown = parts.isEmpty ? [Group(ports: [], pods: [])] : parts
        slices = shown.enumerated().map { Self.slice(service, $0.element, labels, index: $0.offset) }
    }

    /// Pods that serve on the same ports.
    private struct Group {
        let ports: [JSON]
        var pods: [ServingPod]
    }

    private static func groups(_ service: KubeObject, _ pods: [ServingPod]) -> [Group] {
        let all = service[path: "spec", "publishNotReadyAddresses"]?.bool ?? false
        var groups: [[JSON]: Group] = [:]
        for pod in pods.sorted(by: { $0.key < $1.key }) {
            let ports = ports(of: service, on: pod)
            // All ports of the Service are names that the pod does not have.
            if ports.isEmpty, service[path: "spec", "ports"]?.array?.isEmpty == false { continue }
            groups[ports, default: Group(ports: ports, pods: [])].pods.append(all ? pod.published : pod)
        }
        return groups.values.sorted { JSON.array($0.ports).description < JSON.array($1.ports).description }
    }

    private static func ports(of service: KubeObject, on pod: ServingPod) -> [JSON] {
        (service[path: "spec", "ports"]?.array ?? []).compactMap { port in
            let transport = port["protocol"]?.string ?? "TCP"
            let target = port["targetPort"].flatMap(IntOrString.init)
            let number: Int64? =
                switch target {
                case .integer(let number) where number > 0: number
                case .string(let name): pod.namedPorts[ServingPod.portKey(transport, name)]
                default: port["port"]?.integer
                }
            guard let number else { return Optional<JSON>.none }
            var found: JSON = ["port": .integer(number), "protocol": .string(transport)]
            if let name = port["name"]?.string, !name.isEmpty { found["name"] = .string(name) }
            if let application = port["appProtocol"], !application.isNull { found["appProtocol"] = application }
            return found
        }
    }

    private static func endpoints(
        _ service: KubeObject, _ groups: [Group], _ labels: [String: String]
    ) -> KubeObject {
        var object = Self.endpoints.object(service.key)
        object.labels = labels
        object.labels[endpointsManagerLabel] = endpointsManager
        let subsets = groups.compactMap { group -> JSON? in
            var subset: JSON = [:]
            let present = group.pods.filter { !$0.isTerminating }
            let ready = present.filter(\.isReady).map { $0.address(of: service) }
            let unready = present.filter { !$0.isReady }.map { $0.address(of: service) }
            if !ready.isEmpty { subset["addresses"] = .array(ready) }
            if !unready.isEmpty { subset["notReadyAddresses"] = .array(unready) }
            if subset == [:] { return .none }
            if !group.ports.isEmpty { subset["ports"] = .array(group.ports) }
            return .some(subset)
        }
        if !subsets.isEmpty { object["subsets"] = .array(subsets) }
        return object
    }

    private static func slice(
        _ service: KubeObject, _ group: Group, _ labels: [String: String], index: Int
    ) -> KubeObject {
        let suffix = ShortHash.text(of: "\(service.uid)/\(index)")
        var object = Self.slices.object(ObjectKey(namespace: service.namespace, name: "\(service.name)-\(suffix)"))
        object.labels = labels
        object.labels[serviceNameLabel] = service.name
        object.labels[sliceManagerLabel] = sliceManager
        object.ownerReferences = [OwnerReference(controller: service)]
        object["addressType"] = "IPv4"
        object["endpoints"] = .array(group.pods.map { $0.endpoint(of: service) })
        object["ports"] = .array(
            group.ports.map { port in
                var port = port
                port.setDefault("name", to: "")
                return port
            })
        return object
    }
}

extension ServingPod {
    /// For a Service that publishes pods whatever they say of themselves.
    fileprivate var published: ServingPod { ServingPod(self, isReady: true, isTerminating: false) }

    private init(_ pod: ServingPod, isReady: Bool, isTerminating: Bool) {
        (key, uid, labels, address) = (pod.key, pod.uid, pod.labels, pod.address)
        (node, hostname, subdomain, namedPorts) = (pod.node, pod.hostname, pod.subdomain, pod.namedPorts)
        (self.isReady, self.isTerminating) = (isReady, isTerminating)
    }

    private var reference: JSON {
        [
            "kind": "Pod", "namespace": .string(key.namespace ?? ""), "name": .string(key.name), "uid": .string(uid),
        ]
    }

    private func name(within service: KubeObject) -> JSON? {
        guard let hostname, !hostname.isEmpty, subdomain == service.name else { return nil }
        return .string(hostname)
    }

    fileprivate func address(of service: KubeObject) -> JSON {
        var json: JSON = ["ip": .string(address), "targetRef": reference]
        json["nodeName"] = node.map { .string($0) }
        json["hostname"] = name(within: service)
        return json
    }

    fileprivate func endpoint(of service: KubeObject) -> JSON {
        var json: JSON = [
            "addresses": [.string(address)], "targetRef": reference,
            "conditions": [
                "ready": .bool(isReady && !isTerminating), "serving": .bool(isReady),
                "terminating": .bool(isTerminating),
            ],
        ]
        json["nodeName"] = node.map { .string($0) }
        json["hostname"] = name(within: service)
        return json
    }
}
