import FoundationEssentials
import KubeObjects
import TenantAPI

/// What of a TenantControlPlane becomes metrics. Read field by field: an object that breaks the schema is still measured
/// by what can be read of it.
package struct TenantFacts: Sendable, Hashable {
    package let key: ObjectKey
    package let uid: String
    package let created: Double?
    package let deletion: Double?
    package let generation: Int64
    package let observedGeneration: Int64
    package let labels: [String: String]
    package let isPaused: Bool

    /// In upstream's words; `Unknown` before the first pass.
    package let phase: String
    package let desiredReplicas: Int64
    package let statusReadyReplicas: Int64
    package let specVersion: String
    package let statusVersion: String
    /// `host:port`; nil until it is assigned.
    package let endpoint: String?
    package let advertiseAddress: String
    package let port: Int64
    package let exposure: String
    package let serviceType: String
    package let blockedOperations: [String]
    package let addons: [String]
    /// Where the konnectivity server takes agents.
    package let tunnelPort: Int64
    package let conditions: [Condition]

    package let driver: String
    package let schema: String
    package let datastore: String
    /// Resources that other DataStores keep.
    package let overrides: [String: String]
    /// Names of Secrets that the status names, and what they hold.
    package let namedSecrets: [String: String]

    /// Those that there are (parity sheet, 5.6).
    static let phases = [
        "CertificateAuthorityRotating", "Migrating", "NotReady", "Provisioning", "Ready", "Sleeping", "Unknown",
        "Upgrading", "WriteLimited",
    ]

    package struct Condition: Sendable, Hashable {
        package let type: String
        package let status: String
        package let reason: String
        package let since: Double?

        init(_ json: JSON) {
            type = json["type"]?.string ?? ""
            status = json["status"]?.string ?? "Unknown"
            reason = json["reason"]?.string ?? ""
            since = json["lastTransitionTime"]?.string.flatMap(Timestamp.parse)?.timeIntervalSince1970
        }
    }

    package init(_ object: KubeObject) {
        let (spec, status) = (object["spec"], object["status"])
        key = object.key
        uid = object.uid
        created = Self.seconds(object.creationTimestamp)
        deletion = Self.seconds(object.deletionTimestamp)
        generation = object.generation
        observedGeneration = status?["observedGeneration"]?.integer ?? 0
        labels = object.labels
        isPaused = object.annotations[Keys.paused] != nil

        let resources = status?["kubernetesResources"]
        let named = resources?[path: "version", "status"]?.string ?? ""
        phase = named.isEmpty ? "Unknown" : named
        desiredReplicas = spec?[path: "controlPlane", "deployment", "replicas"]?.integer ?? 2
        statusReadyReplicas = resources?[path: "deployment", "readyReplicas"]?.integer ?? 0
        specVersion = spec?[path: "kubernetes", "version"]?.string ?? ""
        statusVersion = resources?[path: "version", "version"]?.string ?? ""
        let assigned = status?["controlPlaneEndpoint"]?.string ?? ""
        endpoint = assigned.isEmpty ? nil : assigned
        advertiseAddress = spec?[path: "networkProfile", "advertiseAddress"]?.string ?? ""
        port = spec?[path: "networkProfile", "port"]?.integer ?? 6443
        exposure =
            spec?[path: "controlPlane", "gateway"]?.object != nil
            ? "gateway" : spec?[path: "controlPlane", "service"]?.object != nil ? "service" : "unknown"
        serviceType = spec?[path: "controlPlane", "service", "serviceType"]?.string ?? ""
        blockedOperations = [("blockCreation", "create"), ("blockUpdate", "update"), ("blockDeletion", "delete")]
            .filter { spec?[path: "writePermissions", $0.0]?.bool == true }.map(\.1)
        addons = [("coreDNS", "coredns"), ("kubeProxy", "kube_proxy"), ("konnectivity", "konnectivity")]
            .filter { spec?[path: "addons", $0.0]?.object != nil }.map(\.1)
        tunnelPort = spec?[path: "addons", "konnectivity", "server", "port"]?.integer ?? 8132
        conditions = (status?["conditions"]?.array ?? []).map(Condition.init).filter { !$0.type.isEmpty }

        let storage = status?["storage"]
        driver = storage?["driver"]?.string ?? "unknown"
        schema = storage?[path: "setup", "schema"]?.string ?? ""
        datastore = storage?["dataStoreName"]?.string ?? spec?["dataStore"]?.string ?? ""
        overrides = (spec?["dataStoreOverrides"]?.array ?? []).reduce(into: [:]) { found, entry in
            if let resource = entry["resource"]?.string { found[resource] = entry["dataStore"]?.string }
        }
        namedSecrets = Self.namedSecrets(status)
    }

    private static func namedSecrets(_ status: JSON?) -> [String: String] {
        let places = [
            ("ca", ["certificates", "ca"]), ("apiserver", ["certificates", "apiServer"]),
            ("apiserver-kubelet-client", ["certificates", "apiServerKubeletClient"]),
            ("front-proxy-ca", ["certificates", "frontProxyCA"]),
            ("front-proxy-client", ["certificates", "frontProxyClient"]), ("sa", ["certificates", "sa"]),
            ("admin.conf", ["kubeconfig", "admin"]),
            ("controller-manager.conf", ["kubeconfig", "controllerManager"]),
            ("scheduler.conf", ["kubeconfig", "scheduler"]),
        ]
        return places.reduce(into: [:]) { found, place in
            if let name = status?[path: place.1 + ["secretName"]]?.string, !name.isEmpty { found[place.0] = name }
        }
    }

    private static func seconds(_ text: String?) -> Double? {
        text.flatMap(Timestamp.parse)?.timeIntervalSince1970
    }

    /// Without the port and, for IPv6, without the brackets.
    package var endpointHost: String? { endpoint.flatMap(HostPort.init)?.host }

    package var usesKonnectivity: Bool { addons.contains("konnectivity") }
    /// Whether there should be servers of a tunnel now.
    package var hasTunnel: Bool { usesKonnectivity && !isAsleep }
    /// Where its agents reach the servers, as `host:port`. Nil behind a Gateway, which leads them by a name of their own.
    package var tunnelEndpoint: String? {
        guard hasTunnel, exposure != "gateway", let host = endpointHost, (1...65535).contains(tunnelPort) else {
            return nil
        }
        return host.contains(":") ? "[\(host)]:\(tunnelPort)" : "\(host):\(tunnelPort)"
    }
    /// Whether the manager dials a node through it in vain.
    package var isTunnelBroken: Bool { conditions.contains { $0.type == "TunnelReady" && $0.status == "False" } }
    package var isAsleep: Bool { desiredReplicas == 0 || phase == "Sleeping" }
    package var isServing: Bool { ["Ready", "WriteLimited", "CertificateAuthorityRotating"].contains(phase) }
}

/// `host:port`, with an IPv6 address in brackets.
package struct HostPort: Sendable, Hashable {
    package let host: String
    package let port: UInt16

    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }
}

/// What of a tenant's Deployment becomes metrics.
package struct DeploymentFacts: Sendable, Hashable {
    package let readyReplicas: Int64
    package let availableReplicas: Int64
    package let updatedReplicas: Int64
    package let conditions: [TenantFacts.Condition]

    package init(_ object: KubeObject) {
        let status = object["status"]
        readyReplicas = status?["readyReplicas"]?.integer ?? 0
        availableReplicas = status?["availableReplicas"]?.integer ?? 0
        updatedReplicas = status?["updatedReplicas"]?.integer ?? 0
        conditions = (status?["conditions"]?.array ?? []).map(TenantFacts.Condition.init).filter { !$0.type.isEmpty }
    }

    /// Since when enough replicas were there, if they are.
    package var availableSince: Double? {
        conditions.first { $0.type == "Available" && $0.status == "True" }?.since
    }
}
