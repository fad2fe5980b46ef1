import FoundationEssentials
import KubeObjects
import TenantAPI

/// What a pass found and did, from which the status is written.
package struct TenantProgress: Sendable {
    package var exposure: Exposure?
    /// Why there is no exposure yet.
    package var waiting: (reason: String, message: String)?
    /// How many control planes start before this one may; nil when it need not wait.
    package var queued: Int?
    /// Set while the version that the spec asks for is not taken.
    package var refusal: UpgradeRefusal?
    /// What keeps new pods from becoming ready.
    package var obstacle: String?
    package var facts: DatastoreFacts?
    /// Whether user, role and grants are in place.
    package var isProvisioned = false
    package var credentials: Credentials = [:]
    /// How the roots' rotations stand.
    package var rotations: [RootRotation] = []
    /// The password's Secret among them once it is applied.
    package var service: KubeObject?
    package var deployment: KubeObject?
    package var ingress: KubeObject?
    package var routes: [Component: KubeObject] = [:]
    /// The Gateways that the routes name; nil while they were not listed.
    package var gateways: [ObjectKey: GatewayFacts]?
    /// Names and content checksums of ConfigMaps that were applied.
    package var checksums: [Component: String] = [:]
    /// What lives inside the tenant.
    package var interior = InteriorState.unseen
    /// Nil while nobody has looked.
    package var tunnel: TunnelState?
    /// What went wrong, if anything: condition type, reason and message.
    package var failure: (condition: TenantCondition, reason: String, message: String)?

    package init() {}
}

package enum TenantCondition: String, Sendable, CaseIterable {
    case datastoreReady = "DatastoreReady"
    case certificatesValid = "CertificatesValid"
    case controlPlaneAvailable = "ControlPlaneAvailable"
    case tenantBootstrapped = "TenantBootstrapped"
    case addonsApplied = "AddonsApplied"
    case tunnelReady = "TunnelReady"
    case ready = "Ready"
}

extension TenantControlPlane {
    /// The whole status after a pass. Parts that this pass did not get to keep what they said; times move only where
    /// what they date did.
    package func status(after progress: TenantProgress, now: Date) -> JSON {
        if let kept = progress.refusal?.keptVersion, kept != spec.kubernetes.version,
            let held = try? keeping(version: kept)
        {
            // Or the version that nobody serves would be recorded.
            return held.status(after: progress, now: now)
        }
        var status = StatusWriter(previous: object["status"] ?? [:], now: now)
        if let exposure = progress.exposure {
            status.json["controlPlaneEndpoint"] = .string(exposure.assigned.description)
        }
        writeStorage(progress, into: &status)
        writeCredentials(progress, into: &status)
        writeResources(progress, into: &status)
        writeKonnectivity(progress, into: &status)
        writeInterior(progress, into: &status)
        writeConditions(progress, into: &status)
        if progress.failure == nil, progress.waiting == nil {
            status.json["observedGeneration"] = JSON(object.generation)
        }
        return status.json
    }

    private func writeStorage(_ progress: TenantProgress, into status: inout StatusWriter) {
        guard let facts = progress.facts else { return }
        status.json[path: "storage", "driver"] = .string(facts.driver.rawValue)
        status.json[path: "storage", "dataStoreName"] = .string(facts.name)
        if let checksum = progress.credentials[.datastoreConfiguration].map(Checksum.md5(of:)) {
            let name = Component.datastoreConfiguration.objectName(of: name)
            status.json[path: "storage", "config"] = ["secretName": .string(name), "checksum": .string(checksum)]
            if progress.isProvisioned {
                let identity = storageIdentity
                status.write(
                    ["storage", "setup"],
                    [
                        "schema": .string(identity.schema), "user": .string(facts.sharedUser ?? identity.user),
                        "checksum": .string(checksum),
                    ])
            }
        }
        writeSecret(.datastoreCertificate, at: ["storage", "certificate"], progress, into: &status)
    }

    private func writeCredentials(_ progress: TenantProgress, into status: inout StatusWriter) {
        for (component, path) in [
            (Component.certificateAuthority, ["certificates", "ca"]),
            (.apiServerCertificate, ["certificates", "apiServer"]),
            (.kubeletClientCertificate, ["certificates", "apiServerKubeletClient"]),
            (.frontProxyAuthority, ["certificates", "frontProxyCA"]),
            (.frontProxyClientCertificate, ["certificates", "frontProxyClient"]),
            (.serviceAccountKey, ["certificates", "sa"]),
            (.adminKubeconfig, ["kubeconfig", "admin"]),
            (.controllerManagerKubeconfig, ["kubeconfig", "controllerManager"]),
            (.schedulerKubeconfig, ["kubeconfig", "scheduler"]),
        ] {
            writeSecret(component, at: path, progress, into: &status)
        }
        if let checksum = progress.checksums[.kubeadmConfiguration] {
            status.write(
                ["kubeadmconfig"],
                [
                    "configmapName": .string(Component.kubeadmConfiguration.objectName(of: name)),
                    "checksum": .string(checksum),
                ])
        }
    }

    private func writeSecret(
        _ component: Component, at path: [String], _ progress: TenantProgress, into status: inout StatusWriter
    ) {
        guard let data = progress.credentials[component] else { return }
        status.write(
            path,
            [
                "secretName": .string(component.objectName(of: name)),
                "checksum": .string(Checksum.md5(of: data)),
            ])
    }

    private func writeResources(_ progress: TenantProgress, into status: inout StatusWriter) {
        let root = "kubernetesResources"
        if let service = progress.service {
            status.json[path: root, "service"] = serviceStatus(service, port: spec.networkProfile.port)
        }
        if let deployment = progress.deployment {
            var entry = deployment["status"] ?? [:]
            entry["name"] = .string(deployment.name)
            entry["namespace"] = .string(namespace)
            entry["selector"] = .string("\(Keys.name)=\(name)")
            status.write([root, "deployment"], entry)
        }
        if let ingress = progress.ingress {
            var entry = ingress["status"] ?? [:]
            entry["name"] = .string(ingress.name)
            entry["namespace"] = .string(namespace)
            status.json[path: root, "ingress"] = entry
        } else if spec.controlPlane.ingress == nil {
            status.json[path: root, "ingress"] = nil
        }
        if let route = progress.routes[.route] {
            status.json[path: root, "gateway"] = routeStatus(
                route, progress.gateways, before: status.json[path: root, "gateway"])
        } else if spec.controlPlane.gateway == nil {
            status.json[path: root, "gateway"] = nil
        }
        let before = previousPhase
        let phase =
            progress.deployment == nil && progress.exposure == nil
            // This pass did not get to see how the tenant is; what the last one saw stands.
            ? (progress.failure != nil ? before : nil) ?? .provisioning
            : phase(
                deployment: progress.deployment, interior: progress.interior, tunnel: progress.tunnel,
                rotations: progress.rotations)
        status.json[path: root, "version", "status"] = .string(phase.rawValue)
        if progress.failure == nil, [.ready, .sleeping, .writeLimited, .certificateAuthorityRotating].contains(phase) {
            status.json[path: root, "version", "version"] = .string(spec.kubernetes.version)
        }
    }

    /// What the last pass called it.
    var previousPhase: TenantPhase? {
        object[path: "status", "kubernetesResources", "version", "status"]?.string.flatMap(TenantPhase.init(rawValue:))
    }

    private func serviceStatus(_ service: KubeObject, port: Int) -> JSON {
        var entry = service["status"] ?? [:]
        if entry["loadBalancer"] == nil { entry["loadBalancer"] = [:] }
        if let ingress = entry[path: "loadBalancer", "ingress"]?.array {
            entry[path: "loadBalancer", "ingress"] = .array(
                ingress.map { address in
                    var address = address
                    address["ports"] = nil
                    return address
                })
        }
        entry["name"] = .string(service.name)
        entry["namespace"] = .string(namespace)
        entry["port"] = JSON(port)
        return entry
    }

    /// Upstream's fields of a TLSRoute: what its parents say, and where it is reached. While the Gateways were not listed
    /// what was known of them stands.
    private func routeStatus(
        _ route: KubeObject, _ gateways: [ObjectKey: GatewayFacts]?, before: JSON?
    ) -> JSON {
        var entry: JSON = [
            "parents": route[path: "status", "parents"] ?? [], "routeRef": ["name": .string(route.name)],
        ]
        let points = gateways.map { AccessPoints.points(of: route, $0) } ?? before?["accessPoints"]?.array ?? []
        if !points.isEmpty { entry["accessPoints"] = .array(points) }
        return entry
    }

    private func writeKonnectivity(_ progress: TenantProgress, into status: inout StatusWriter) {
        let path = ["addons", "konnectivity"]
        guard let konnectivity = spec.addons.konnectivity else {
            if status.json[path: path] != nil { status.json[path: path] = ["enabled": false] }
            return
        }
        guard progress.deployment != nil else { return }
        status.json[path: path + ["enabled"]] = true
        writeSecret(.konnectivityCertificate, at: path + ["certificate"], progress, into: &status)
        writeSecret(.konnectivityKubeconfig, at: path + ["kubeconfig"], progress, into: &status)
        if let checksum = progress.checksums[.egressSelector] {
            status.json[path: path + ["configMap"]] = [
                "name": .string(Component.egressSelector.objectName(of: name)), "checksum": .string(checksum),
            ]
        }
        if let service = progress.service {
            status.json[path: path + ["service"]] = serviceStatus(service, port: konnectivity.server.port)
        }
        if let route = progress.routes[.konnectivityRoute] {
            status.json[path: path + ["gateway"]] = routeStatus(
                route, progress.gateways, before: status.json[path: path + ["gateway"]])
        } else if spec.controlPlane.gateway == nil {
            status.json[path: path + ["gateway"]] = nil
        }
    }
}
