import KubeObjects
import PKI
import TenantAPI

/// The server's half of the tunnel, as it stands in the tenant's Deployment.
enum TunnelServer {
    static let serverUser = "system:konnectivity-server"
    static let socket = "/run/konnectivity/konnectivity-server.socket"
    static let egressFile = "egress-selector-configuration.yaml"
    static let egressPath = "/etc/kubernetes/konnectivity/configurations"
    static let kubeconfigFile = "konnectivity-server.conf"
    static let kubeconfigPath = "/etc/kubernetes/konnectivity-server.conf"
    static let adminPort = 8133
    static let healthPort = 8134
}

extension TenantControlPlane {
    /// Sends what the API server says to nodes, pods and webhooks through the tunnel server's socket.
    func egressSelector() -> ManagedObject {
        let configuration: JSON = [
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [
                [
                    "name": "cluster",
                    "connection": [
                        "proxyProtocol": "GRPC",
                        "transport": ["uds": ["udsName": .string(TunnelServer.socket)]],
                    ],
                ]
            ],
        ]
        return configMap(.egressSelector, [TunnelServer.egressFile: YAML.write([configuration])])
    }

    /// The tunnel server's container.
    func konnectivityServerContainer(_ konnectivity: TenantControlPlane.Konnectivity) -> JSON {
        let server = konnectivity.server
        // A destination is dialled through the agent that runs on it; only what no agent owns may go through any.
        // The keepalive outlives no NAT's idle timeout. Users may set both otherwise.
        let defaults = Arguments(["--proxy-strategies": "destHost,default", "--keepalive-time": "30s"])
        let managed = Arguments([
            "--uds-name": TunnelServer.socket,
            "--cluster-cert": "\(Volume.pkiPath)/apiserver.crt",
            "--cluster-key": "\(Volume.pkiPath)/apiserver.key",
            "--mode": "grpc",
            "--server-port": "0",
            "--agent-port": "\(server.port)",
            "--admin-port": "\(TunnelServer.adminPort)",
            "--health-port": "\(TunnelServer.healthPort)",
            "--agent-namespace": "kube-system",
            "--agent-service-account": "konnectivity-agent",
            "--kubeconfig": TunnelServer.kubeconfigPath,
            "--authentication-audience": TunnelServer.serverUser,
            "--server-count": "\(spec.controlPlane.deployment.replicas)",
        ])
        func port(_ name: String, _ number: Int) -> JSON {
            ["name": .string(name), "containerPort": JSON(number), "protocol": "TCP"]
        }
        let version = server.version ?? AddonVersions.konnectivityTag(for: kubernetesVersion)
        var container: JSON = [
            "name": "konnectivity-server",
            "image": .string("\(server.image):\(version)"),
            "imagePullPolicy": "Always",
            "command": ["/proxy-server"],
            "args": JSON(
                defaults.overlaid(by: Arguments(parsing: server.extraArgs ?? [])).overlaid(by: managed).sorted),
            "ports": [
                port("agentport", server.port), port("adminport", TunnelServer.adminPort),
                port("healthport", TunnelServer.healthPort),
            ],
            "livenessProbe": [
                "httpGet": ["path": "/healthz", "port": JSON(TunnelServer.healthPort), "scheme": "HTTP"],
                "initialDelaySeconds": 30, "timeoutSeconds": 60, "periodSeconds": 10, "successThreshold": 1,
                "failureThreshold": 3,
            ],
            "volumeMounts": [
                Volume.mount(Volume.konnectivityCertificate, at: Volume.pkiPath),
                Volume.mount(
                    Volume.konnectivityKubeconfig, at: TunnelServer.kubeconfigPath,
                    subPath: TunnelServer.kubeconfigFile),
                Volume.mount(Volume.konnectivitySocket, at: "/run/konnectivity", readOnly: false),
            ],
        ]
        Departure.foundation.write(into: &container, spec.controlPlane.deployment.strategy)
        // Claims are the pod's to make, not a container's: only limits and requests are taken.
        if let asked = server.resources {
            var resources: JSON = [:]
            for field in ["limits", "requests"] { resources[field] = asked[field] }
            container["resources"] = resources
        }
        if let context = server.securityContext { container["securityContext"] = context }
        return container
    }

    func konnectivityVolumes() -> [JSON] {
        [
            Volume.emptyDirectory(Volume.konnectivitySocket, inMemory: true),
            [
                "name": .string(Volume.egressSelector),
                "configMap": [
                    "name": .string(Component.egressSelector.objectName(of: name)), "defaultMode": 420,
                ],
            ],
            Volume.secret(
                Volume.konnectivityKubeconfig, Component.konnectivityKubeconfig.objectName(of: name)),
            // What it serves agents with, and no other key: they come to it from nodes, over the internet.
            Volume.secret(
                Volume.konnectivityCertificate, Component.apiServerCertificate.objectName(of: name),
                items: ["apiserver.crt", "apiserver.key"].map { ($0, $0) }),
        ]
    }
}
