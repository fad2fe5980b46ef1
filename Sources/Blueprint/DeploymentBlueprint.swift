import KubeObjects
import TenantAPI

/// What the manager's flags say about every tenant's Deployment.
package struct BlueprintSettings: Sendable, Hashable {
    /// `--kine-image`.
    package var kineImage: String

    package init(kineImage: String = "rancher/kine:v0.11.10-amd64") { self.kineImage = kineImage }
}

/// Content of the tenant's Secrets by component, as they will be in the cluster.
package typealias Credentials = [Component: SecretData]

extension TenantControlPlane {
    /// The Deployment of the control plane, whole: written once, so that a new tenant never rolls
    /// (parity sheet, section 3).
    ///
    /// `replicasAreForeign` leaves the number of replicas to whoever owns it, a HorizontalPodAutoscaler.
    package func deployment(
        _ exposure: Exposure, _ facts: DatastoreFacts, credentials: Credentials, settings: BlueprintSettings,
        replicasAreForeign: Bool = false
    ) -> ManagedObject {
        let asked = spec.controlPlane.deployment
        var annotations = asked.additionalMetadata.annotations
        if let arguments = asked.extraArgs.apiServer {
            annotations[Keys.apiServerArguments] = Checksum.md5(ofList: arguments)
        }
        annotations[Keys.replicas] = "\(asked.replicas)"
        var object = managed(.deployment, labels: asked.additionalMetadata.labels, annotations: annotations)
        let selector: JSON = ["matchLabels": [Keys.name: .string(name)]]
        var deployment: JSON = [
            "selector": selector,
            "strategy": strategy,
            "template": [
                "metadata": templateMetadata(facts, credentials),
                "spec": podSpec(exposure, facts, credentials, settings, selector: selector),
            ],
        ]
        if !replicasAreForeign { deployment["replicas"] = JSON(asked.replicas) }
        object["spec"] = deployment
        return ManagedObject(component: .deployment, object: object)
    }

    /// Blue/green unless the user says otherwise: the new pods are there before the old ones go.
    private var strategy: JSON {
        let asked = spec.controlPlane.deployment.strategy
        if asked["type"]?.string == "Recreate" { return ["type": "Recreate"] }
        return [
            "type": "RollingUpdate",
            "rollingUpdate": asked["rollingUpdate"] ?? ["maxSurge": "100%", "maxUnavailable": 0],
        ]
    }

    private func templateMetadata(_ facts: DatastoreFacts, _ credentials: Credentials) -> JSON {
        let asked = spec.controlPlane.deployment.podAdditionalMetadata
        var labels = [
            Keys.name: name,
            Keys.component: Component.deployment.rawValue,
            "component.kamaji.clastix.io/datastore": facts.name,
        ]
        let marks = rolloutMarks(credentials)
        labels.merge(marks.labels) { _, ours in ours }
        labels.merge(asked.labels) { _, users in users }
        // The Deployment selects its pods by this one; a template without it is refused.
        labels[Keys.name] = name
        var annotations = asked.annotations
        annotations.merge(marks.annotations) { _, ours in ours }
        annotations[Keys.storageConfiguration] = credentials[.datastoreConfiguration].map(Checksum.md5(of:))
        annotations[Keys.storageCertificate] = credentials[.datastoreCertificate].map(Checksum.md5(of:))
        return ["labels": JSON(labels), "annotations": JSON(annotations)]
    }

    /// What on the pods says with which Secrets they started, so that others make others of them.
    func rolloutMarks(_ secrets: [Component: SecretData]) -> (labels: [String: String], annotations: [String: String]) {
        var labels: [String: String] = [:]
        for component in Component.allCases {
            guard let label = component.rolloutLabel else { continue }
            labels[label] = secrets[component].map(Checksum.md5(of:)) ?? ""
        }
        var annotations: [String: String] = [:]
        // Mounted as a single file, which never follows its Secret; the certificate is in it.
        if spec.addons.konnectivity != nil, let kubeconfig = secrets[.konnectivityKubeconfig] {
            annotations[Keys.konnectivityKubeconfig] = Checksum.md5(of: kubeconfig)
        }
        return (labels, annotations)
    }

    private func podSpec(
        _ exposure: Exposure, _ facts: DatastoreFacts, _ credentials: Credentials, _ settings: BlueprintSettings,
        selector: JSON
    ) -> JSON {
        let rotates = credentials[.certificateAuthority]?[AuthorityFiles.cluster.bundle] != nil
        let asked = spec.controlPlane.deployment
        let takenOver = facts.driver.usesKine ? ["kine"] : []
        var containers = asked.additionalContainers.filter { !takenOver.contains($0["name"]?.string ?? "") }
        containers.append(apiServerContainer(exposure, facts, rotatesAuthority: rotates))
        containers.append(schedulerContainer())
        containers.append(controllerManagerContainer(rotatesAuthority: rotates))
        var initial = asked.additionalInitContainers
        if facts.driver.usesKine {
            containers.append(kineContainer(facts, image: settings.kineImage))
            if facts.authorityCertificate != nil, !initial.contains(where: { $0["name"]?.string == "chmod" }) {
                initial.append(kineMaterialContainer(image: settings.kineImage))
            }
        }
        if let konnectivity = spec.addons.konnectivity { containers.append(konnectivityServerContainer(konnectivity)) }

        var pod: JSON = [
            "containers": .array(containers),
            "volumes": .array(asked.additionalVolumes + volumes(facts, credentials)),
            "serviceAccountName": .string(asked.serviceAccountName),
        ]
        if !initial.isEmpty { pod["initContainers"] = .array(initial) }
        if !asked.tolerations.isEmpty { pod["tolerations"] = .array(asked.tolerations) }
        if !asked.nodeSelector.isEmpty { pod["nodeSelector"] = JSON(asked.nodeSelector) }
        if let affinity = asked.affinity { pod["affinity"] = affinity }
        if let name = asked.runtimeClassName, !name.isEmpty { pod["runtimeClassName"] = .string(name) }
        if let context = asked.podSecurityContext { pod["securityContext"] = context }
        if let mount = asked.automountServiceAccountToken { pod["automountServiceAccountToken"] = .bool(mount) }
        let spread = spreadConstraints(selector: selector)
        if !spread.isEmpty { pod["topologySpreadConstraints"] = .array(spread) }
        return pod
    }

    /// Over the admin cluster's nodes as far as there are any, unless the user says how.
    private func spreadConstraints(selector: JSON) -> [JSON] {
        let asked = spec.controlPlane.deployment
        if asked.topologySpreadConstraints.isEmpty, asked.affinity?["podAntiAffinity"] == nil {
            return [
                [
                    "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": selector,
                ]
            ]
        }
        return asked.topologySpreadConstraints.map { constraint in
            var constraint = constraint
            if constraint["labelSelector"] == nil { constraint["labelSelector"] = selector }
            return constraint
        }
    }

    private func volumes(_ facts: DatastoreFacts, _ credentials: Credentials) -> [JSON] {
        func secret(_ component: Component) -> String { component.objectName(of: name) }
        func pair(_ component: Component, _ keys: [String]) -> JSON {
            Volume.projection(secret(component), keys.map { ($0, $0) })
        }
        func trust(_ component: Component, _ files: AuthorityFiles) -> (key: String, path: String) {
            let isRotating = credentials[component]?[files.bundle] != nil
            return (isRotating ? files.bundle : files.certificate, files.certificate)
        }
        /// Under the usual name is what is trusted; while that is more than what signs, the signer has its own.
        func authority(_ component: Component, _ files: AuthorityFiles, signsHere: Bool) -> JSON {
            let trusted = trust(component, files)
            var items = [trusted]
            if signsHere, trusted.key != trusted.path { items.append((files.certificate, Volume.signer(files))) }
            if signsHere { items.append((files.key, files.key)) }
            return Volume.projection(secret(component), items)
        }
        var sources = [
            pair(.apiServerCertificate, ["apiserver.crt", "apiserver.key"]),
            authority(.certificateAuthority, .cluster, signsHere: true),
            pair(.kubeletClientCertificate, ["apiserver-kubelet-client.crt", "apiserver-kubelet-client.key"]),
            // Nobody but the manager signs with this one.
            authority(.frontProxyAuthority, .frontProxy, signsHere: false),
            pair(.frontProxyClientCertificate, ["front-proxy-client.crt", "front-proxy-client.key"]),
            pair(.serviceAccountKey, ["sa.pub", "sa.key"]),
        ]
        if facts.driver == .etcd {
            let files = ["ca.crt", "server.crt", "server.key"]
            sources.append(Volume.projection(secret(.datastoreCertificate), files.map { ($0, "etcd/\($0)") }))
        }
        var volumes: [JSON] = [
            ["name": .string(Volume.pki), "projected": ["defaultMode": 420, "sources": .array(sources)]]
        ]
        // Trust needs the certificate alone; upstream lays the authority's key beside it, three times.
        volumes += Volume.certificateBundles.map {
            Volume.secret(
                $0.0, secret(.certificateAuthority), items: [trust(.certificateAuthority, .cluster)])
        }
        volumes.append(Volume.secret(Volume.schedulerKubeconfig, secret(.schedulerKubeconfig)))
        volumes.append(Volume.secret(Volume.controllerManagerKubeconfig, secret(.controllerManagerKubeconfig)))
        if facts.driver.usesKine { volumes += kineVolumes(facts) }
        if spec.addons.konnectivity != nil { volumes += konnectivityVolumes() }
        return volumes
    }
}
