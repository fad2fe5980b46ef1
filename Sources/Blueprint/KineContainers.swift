import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// The image of kine: a user's `additionalContainers` entry named `kine` may bring its own.
    private func kineImage(default image: String) -> String {
        let entry = spec.controlPlane.deployment.additionalContainers.first { $0["name"]?.string == "kine" }
        return entry?["image"]?.string ?? image
    }

    /// kine speaks etcd's protocol on a socket in the pod and SQL (or NATS) behind it (parity sheet, 3.3).
    func kineContainer(_ facts: DatastoreFacts, image: String) -> JSON {
        let deployment = spec.controlPlane.deployment
        let credentials = "$(DB_USER):$(DB_PASSWORD)@"
        var arguments = Arguments(["--listen-address": "unix:///uds/kine"])
        if facts.authorityCertificate != nil { arguments["--ca-file"] = "/certs/ca.crt" }
        if facts.clientCertificate != nil {
            arguments["--cert-file"] = "/certs/server.crt"
            arguments["--key-file"] = "/certs/server.key"
        }
        arguments = arguments.overlaid(by: Arguments(parsing: deployment.extraArgs.kine ?? []))
        switch facts.driver {
        case .mySQL:
            arguments["--endpoint"] = "mysql://\(credentials)tcp($(DB_CONNECTION_STRING))/$(DB_SCHEMA)"
        case .postgreSQL:
            arguments["--endpoint"] = "postgres://\(credentials)$(DB_CONNECTION_STRING)/$(DB_SCHEMA)"
        case .nats:
            arguments["--endpoint"] = "nats://\(credentials)$(DB_CONNECTION_STRING)?bucket=$(DB_SCHEMA)&noEmbed"
        case .etcd, .sqlite: break
        }
        // What the user set in an entry of that name stays, and ours is laid over it.
        var container = deployment.additionalContainers.first { $0["name"]?.string == "kine" } ?? ["name": "kine"]
        container["image"] = .string(kineImage(default: image))
        container["imagePullPolicy"] = "Always"
        container["command"] = ["/bin/kine"]
        container["args"] = JSON(arguments.sorted)
        container["env"] = [["name": "GODEBUG", "value": "x509ignoreCN=0"]]
        container["envFrom"] = [
            ["secretRef": ["name": .string(Component.datastoreConfiguration.objectName(of: name))]]
        ]
        container["ports"] = [["name": "server", "containerPort": 2379, "protocol": "TCP"]]
        container["volumeMounts"] = [
            Volume.mount(Volume.kineCertificates, at: "/certs", readOnly: false),
            Volume.mount(Volume.kineSocket, at: "/uds", readOnly: false),
        ]
        Departure.foundation.write(into: &container, deployment.strategy)
        if let resources = deployment.resources.kine { container["resources"] = resources }
        return container
    }

    /// PostgreSQL's client refuses a key that others may read, and a Secret's files are: they are copied first.
    func kineMaterialContainer(image: String) -> JSON {
        [
            "name": "chmod",
            "image": .string(kineImage(default: image)),
            "imagePullPolicy": "IfNotPresent",
            "command": ["sh"],
            "args": ["-c", "cp /kine/*.* /certs && chmod -R 600 /certs/*.*"],
            "volumeMounts": [
                Volume.mount(Volume.kineMaterial, at: "/kine"),
                Volume.mount(Volume.kineCertificates, at: "/certs", readOnly: false),
            ],
        ]
    }

    func kineVolumes(_ facts: DatastoreFacts) -> [JSON] {
        [
            Volume.emptyDirectory(Volume.kineSocket, inMemory: true),
            Volume.secret(Volume.kineMaterial, Component.datastoreCertificate.objectName(of: name)),
            Volume.emptyDirectory(Volume.kineCertificates, inMemory: false),
        ]
    }
}
