import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// The kube-apiserver container (parity sheet, 3.2 to 3.6).
    func apiServerContainer(
        _ exposure: Exposure, _ facts: DatastoreFacts, rotatesAuthority: Bool = false
    ) -> JSON {
        let deployment = spec.controlPlane.deployment
        let user = deployment.extraArgs.apiServer ?? []
        var container: JSON = [
            "name": "kube-apiserver",
            "image": .string(image(deployment.registrySettings.apiServerImage)),
            "imagePullPolicy": "Always",
            "command": ["kube-apiserver"],
            "args": JSON(
                Arguments.apiServer(
                    managed: managedAPIServerArguments(exposure, facts, rotatesAuthority),
                    defaults: defaultAPIServerArguments(user: user), user: user)),
        ]
        ProbeSet(
            port: spec.networkProfile.port, startupPath: "/livez", livenessPath: "/livez", readinessPath: "/readyz"
        ).write(into: &container, global: deployment.probes.global, component: deployment.probes.apiServer)
        Departure.server.write(into: &container, deployment.strategy)
        container["resources"] = deployment.resources.apiServer
        container["securityContext"] = deployment.containerSecurityContexts.apiServer

        var mounts = deployment.additionalVolumeMounts.apiServer
        mounts.append(Volume.mount(Volume.pki, at: Volume.pkiPath))
        mounts += Volume.certificateBundles.map { Volume.mount($0.0, at: $0.1) }
        if facts.driver.usesKine { mounts.append(Volume.mount(Volume.kineSocket, at: "/uds", readOnly: false)) }
        if spec.addons.konnectivity != nil {
            mounts.append(Volume.mount(Volume.konnectivitySocket, at: "/run/konnectivity", readOnly: false))
            mounts.append(Volume.mount(Volume.egressSelector, at: TunnelServer.egressPath, readOnly: false))
        }
        container["volumeMounts"] = .array(mounts)
        return container
    }

    /// `registry/name:version` and the suffix verbatim.
    func image(_ name: String) -> String {
        let registry = spec.controlPlane.deployment.registrySettings
        return "\(registry.registry)/\(name):\(spec.kubernetes.version)\(registry.tagSuffix ?? "")"
    }

    /// Good for everybody, and the user's to change.
    private func defaultAPIServerArguments(user: [String]) -> Arguments {
        var defaults = Arguments([
            "--allow-privileged": "true",
            "--enable-bootstrap-token-auth": "true",
            "--requestheader-extra-headers-prefix": "X-Remote-Extra-",
            "--requestheader-group-headers": "X-Remote-Group",
            "--requestheader-username-headers": "X-Remote-User",
            "--service-account-issuer": "https://kubernetes.default.svc.\(spec.networkProfile.clusterDomain)",
        ])
        // The API server refuses a mode beside a configuration.
        if !user.contains(where: { Arguments.split($0).flag == "--authorization-config" }) {
            defaults["--authorization-mode"] = "Node,RBAC"
        }
        return defaults
    }

    /// Ours alone: what the rest of the tenant's objects depend on.
    private func managedAPIServerArguments(
        _ exposure: Exposure, _ facts: DatastoreFacts, _ rotatesAuthority: Bool
    ) -> Arguments {
        let pki = Volume.pkiPath
        var managed = Arguments([
            "--client-ca-file": "\(pki)/ca.crt",
            "--kubelet-client-certificate": "\(pki)/apiserver-kubelet-client.crt",
            "--kubelet-client-key": "\(pki)/apiserver-kubelet-client.key",
            "--proxy-client-cert-file": "\(pki)/front-proxy-client.crt",
            "--proxy-client-key-file": "\(pki)/front-proxy-client.key",
            "--requestheader-allowed-names": "front-proxy-client",
            "--requestheader-client-ca-file": "\(pki)/front-proxy-ca.crt",
            "--secure-port": "\(spec.networkProfile.port)",
            "--service-account-key-file": "\(pki)/sa.pub",
            "--service-account-signing-key-file": "\(pki)/sa.key",
            "--tls-cert-file": "\(pki)/apiserver.crt",
            "--tls-private-key-file": "\(pki)/apiserver.key",
        ])
        managed["--advertise-address"] = exposure.advertiseAddress
        // A flag with nothing after it would keep the API server from starting: an empty list is no flag.
        for (flag, values) in [
            ("--enable-admission-plugins", spec.kubernetes.admissionControllers),
            ("--service-cluster-ip-range", effectiveServiceCIDRs),
            ("--kubelet-preferred-address-types", spec.kubernetes.kubelet.preferredAddressTypes),
        ] where !values.isEmpty {
            managed[flag] = values.joined(separator: ",")
        }
        switch facts.driver {
        case .etcd:
            managed["--etcd-servers"] = facts.endpoints.map { "https://\($0)" }.joined(separator: ",")
            managed["--etcd-prefix"] = "/\(storageIdentity.schema)"
            // The store compacts itself; a hundred API servers that do it too are a hundred times the work.
            managed["--etcd-compaction-interval"] = "0"
            managed["--etcd-cafile"] = "\(pki)/etcd/ca.crt"
            managed["--etcd-certfile"] = "\(pki)/etcd/server.crt"
            managed["--etcd-keyfile"] = "\(pki)/etcd/server.key"
            if !facts.overrides.isEmpty {
                managed["--etcd-servers-overrides"] = facts.overrides.joined(separator: ",")
            }
        case .mySQL, .postgreSQL, .nats:
            managed["--etcd-servers"] = "unix:///uds/kine"
        case .sqlite:
            managed["--sqlite-path"] = "\(facts.endpoints.first ?? "")/\(storageIdentity.schema).sqlite"
            // The embedded engine is its own controller-manager: it signs for nodes, and publishes the authority.
            managed["--cluster-signing-cert-file"] = Volume.clusterSigner(isRotating: rotatesAuthority)
            managed["--cluster-signing-key-file"] = "\(pki)/ca.key"
            managed["--root-ca-file"] = "\(pki)/ca.crt"
            managed["--kubernetes-version"] = spec.kubernetes.version
        }
        if spec.addons.konnectivity != nil {
            managed["--egress-selector-config-file"] =
                "\(TunnelServer.egressPath)/\(TunnelServer.egressFile)"
        }
        return managed
    }
}

extension DatastoreDriver {
    /// Whether a kine container stands between the API server and this store.
    package var usesKine: Bool {
        switch self {
        case .etcd, .sqlite: false
        case .mySQL, .postgreSQL, .nats: true
        }
    }
}
