import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// The tenant's half of the tunnel: agents that call the server, and what the server needs to know their tokens.
    func konnectivityAgents(_ konnectivity: Konnectivity, _ exposure: Exposure) -> [TenantObject] {
        let make = TenantObjectMaker(addon: .konnectivity, labels: [Keys.name: name])
        let type: ResourceType =
            switch konnectivity.agent.mode {
            case .daemonSet: .daemonSets
            case .deployment: .deployments
            }
        return [
            make.serviceAccount(Self.agentName, labels: [Keys.component: "konnectivity-sa"]),
            // The server asks the tenant's API whether an agent's token is good.
            make.clusterRoleBinding(
                TunnelServer.serverUser, to: "system:auth-delegator",
                labels: [
                    Keys.component: "konnectivity-clusterrolebinding", "kubernetes.io/cluster-service": "true",
                    "addonmanager.kubernetes.io/mode": "Reconcile",
                ], .user(TunnelServer.serverUser)),
            make.object(
                type, Self.agentName, in: TenantObjectMaker.namespace, labels: [Keys.component: Self.agentName],
                ["spec": agentWorkload(konnectivity, exposure)]),
        ]
    }

    private static let agentName = "konnectivity-agent"
    private static let agentToken = "konnectivity-agent-token"
    private static let agentTokenFolder = "/var/run/secrets/tokens"

    private func agentWorkload(_ konnectivity: Konnectivity, _ exposure: Exposure) -> JSON {
        let agent = konnectivity.agent
        let labels: JSON = ["k8s-app": .string(Self.agentName)]
        var pod: JSON = [
            "priorityClassName": "system-cluster-critical",
            "serviceAccountName": .string(Self.agentName),
            "nodeSelector": ["kubernetes.io/os": "linux"],
            "tolerations": .array(agent.tolerations),
            "containers": [agentContainer(konnectivity, exposure)],
            "volumes": [
                [
                    "name": .string(Self.agentToken),
                    "projected": [
                        "defaultMode": 420,
                        "sources": [
                            [
                                "serviceAccountToken": [
                                    "path": .string(Self.agentToken),
                                    "audience": .string(TunnelServer.serverUser),
                                    "expirationSeconds": 3600,
                                ]
                            ]
                        ],
                    ],
                ]
            ],
        ]
        if agent.hostNetwork { pod["hostNetwork"] = true }
        var workload: JSON = [
            "selector": ["matchLabels": labels], "template": ["metadata": ["labels": labels], "spec": pod],
        ]
        if agent.mode == .deployment, let replicas = agent.replicas { workload["replicas"] = JSON(replicas) }
        return workload
    }

    private func agentContainer(_ konnectivity: Konnectivity, _ exposure: Exposure) -> JSON {
        [
            "name": .string(Self.agentName),
            "image": .string(konnectivityAgentImage(konnectivity.agent)),
            "imagePullPolicy": "IfNotPresent",
            "command": ["/proxy-agent"],
            "args": JSON(agentArguments(konnectivity, exposure)),
            "env": [
                TenantObjectMaker.variable("NODE_NAME", "spec.nodeName"),
                TenantObjectMaker.variable("HOST_IP", "status.hostIP"),
            ],
            "livenessProbe": [
                "httpGet": ["path": "/healthz", "port": JSON(TunnelServer.healthPort), "scheme": "HTTP"],
                "initialDelaySeconds": 15, "timeoutSeconds": 15, "periodSeconds": 10, "successThreshold": 1,
                "failureThreshold": 3,
            ],
            "volumeMounts": [["name": .string(Self.agentToken), "mountPath": .string(Self.agentTokenFolder)]],
        ]
    }

    private func agentArguments(_ konnectivity: Konnectivity, _ exposure: Exposure) -> [String] {
        let user = Arguments(parsing: konnectivity.agent.extraArgs ?? [])
        var managed = Arguments([
            "--logtostderr": "true",
            "--ca-cert": "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
            "--proxy-server-host": tunnelHost(exposure),
            "--proxy-server-port": "\(konnectivity.server.port)",
            "--admin-server-port": "\(TunnelServer.adminPort)",
            "--health-server-port": "\(TunnelServer.healthPort)",
            "--service-account-token-path": "\(Self.agentTokenFolder)/\(Self.agentToken)",
            // By these names the server's strategy destHost sends what is meant for a node through that node's agent.
            "--agent-identifiers": "host=$(NODE_NAME)&\(isPrimarilyIPv6 ? "ipv6" : "ipv4")=$(HOST_IP)",
            // Servers that are added later are found.
            "--sync-forever": "true",
        ])
        // Two names of one flag: ours would be read last, and win.
        if user["--v"] == nil { managed["-v"] = "8" }
        return managed.overlaid(by: user).sorted
    }

    /// The TLSRoute of the tunnel serves the Gateway's host; an Ingress does not carry the tunnel at all.
    private func tunnelHost(_ exposure: Exposure) -> String {
        guard let hostname = spec.controlPlane.gateway?.hostname, !hostname.isEmpty,
            let gateway = Endpoint(hostname, defaultPort: spec.networkProfile.port)
        else { return exposure.advertised.host }
        return gateway.host
    }
}

extension TenantControlPlane {
    /// Whether nodes speak IPv6 first, as the order of the Service networks says.
    var isPrimarilyIPv6: Bool { effectiveServiceCIDRs.first.flatMap(CIDR.init).map { !$0.isIPv4 } ?? false }
}
