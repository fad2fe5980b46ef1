import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct KineTests {
    private static func facts(_ driver: DatastoreDriver, tls: Bool = true) -> DatastoreFacts {
        var facts = Sample.postgreSQL
        facts.driver = driver
        if !tls { (facts.authorityCertificate, facts.clientCertificate, facts.clientKey) = (nil, nil, nil) }
        return facts
    }

    @Test(arguments: [
        (DatastoreDriver.mySQL, "mysql://$(DB_USER):$(DB_PASSWORD)@tcp($(DB_CONNECTION_STRING))/$(DB_SCHEMA)"),
        (.postgreSQL, "postgres://$(DB_USER):$(DB_PASSWORD)@$(DB_CONNECTION_STRING)/$(DB_SCHEMA)"),
        (.nats, "nats://$(DB_USER):$(DB_PASSWORD)@$(DB_CONNECTION_STRING)?bucket=$(DB_SCHEMA)&noEmbed"),
    ])
    func `its endpoint is made of the tenant's credentials`(driver: DatastoreDriver, endpoint: String) throws {
        let deployment = try Sample.tenant().deployed(Self.facts(driver))
        #expect(
            try deployment.arguments("kine") == [
                "--ca-file=/certs/ca.crt", "--cert-file=/certs/server.crt", "--endpoint=\(endpoint)",
                "--key-file=/certs/server.key", "--listen-address=unix:///uds/kine",
            ])
        let kine = try deployment.container("kine")
        #expect(kine["image"] == "kine:1")
        #expect(kine["imagePullPolicy"] == "Always")
        #expect(kine["command"] == ["/bin/kine"])
        #expect(kine["envFrom"] == [["secretRef": ["name": "green-datastore-config"]]])
        #expect(kine["env"] == [["name": "GODEBUG", "value": "x509ignoreCN=0"]])
        #expect(kine["ports"] == [["name": "server", "containerPort": 2379, "protocol": "TCP"]])
    }

    @Test func `it stands behind the controllers, and shares its socket with the API server`() throws {
        let deployment = try Sample.tenant().deployed(Sample.postgreSQL)
        #expect(
            deployment.names("containers") == ["kube-apiserver", "kube-scheduler", "kube-controller-manager", "kine"])
        #expect(try deployment.mounts("kine") == ["kine-certs /certs (rw)", "kine-uds /uds (rw)"])
        #expect(try deployment.mounts("kube-apiserver").contains("kine-uds /uds (rw)"))
        #expect(try deployment.volume("kine-uds") == ["name": "kine-uds", "emptyDir": ["medium": "Memory"]])
        #expect(try deployment.volume("kine-certs") == ["name": "kine-certs", "emptyDir": [:]])
        #expect(
            try deployment.volume("kine-config")["secret"] == [
                "secretName": "green-datastore-certificate", "defaultMode": 420,
            ])
    }

    @Test func `its files are copied before it starts, for nobody else may read the key`() throws {
        let chmod = try Sample.tenant().deployed(Sample.postgreSQL).entry("chmod", of: "initContainers")
        #expect(chmod["image"] == "kine:1")
        #expect(chmod["command"] == ["sh"])
        #expect(chmod["args"] == ["-c", "cp /kine/*.* /certs && chmod -R 600 /certs/*.*"])
        #expect(
            chmod["volumeMounts"] == [
                ["name": "kine-config", "mountPath": "/kine", "readOnly": true],
                ["name": "kine-certs", "mountPath": "/certs"],
            ])
    }

    @Test func `without TLS there is nothing to copy and nothing to name`() throws {
        let deployment = try Sample.tenant().deployed(Self.facts(.nats, tls: false))
        #expect(deployment.names("initContainers") == [])
        #expect(try deployment.arguments("kine").count == 2)
    }

    @Test(arguments: [DatastoreDriver.etcd, .sqlite])
    func `etcd and SQLite need none of it`(driver: DatastoreDriver) throws {
        var facts = driver == .etcd ? Sample.etcd : Sample.sqlite
        facts.driver = driver
        let deployment = try Sample.tenant().deployed(facts)
        #expect(!deployment.names("containers").contains("kine"))
        #expect(!deployment.names("volumes").contains { $0.hasPrefix("kine") })
        #expect(deployment.pod["initContainers"] == nil)
    }

    @Test func `the user's flags stand above its own, but for the endpoint`() throws {
        let tenant = try Sample.tenant(
            """
            spec:
              controlPlane:
                deployment:
                  extraArgs: {kine: [--endpoint=mine, --ca-file=/mine, --datastore-max-open-connections=2]}
                  resources: {kine: {limits: {memory: 128Mi}}}
            """)
        let deployment = tenant.deployed(Sample.postgreSQL)
        let arguments = try deployment.arguments("kine")
        #expect(arguments.contains("--ca-file=/mine"))
        #expect(arguments.contains("--datastore-max-open-connections=2"))
        #expect(!arguments.contains("--endpoint=mine"))
        #expect(try deployment.container("kine")["resources"] == ["limits": ["memory": "128Mi"]])
    }

    @Test func `an additional container of its name brings another image and what else it says`() throws {
        let tenant = try Sample.tenant(
            """
            spec:
              controlPlane:
                deployment:
                  additionalContainers: [{name: kine, image: mine:2, workingDir: /tmp, args: [--mine]}]
            """)
        let deployment = tenant.deployed(Sample.postgreSQL)
        #expect(deployment.names("containers").filter { $0 == "kine" }.count == 1)
        let kine = try deployment.container("kine")
        #expect(kine["image"] == "mine:2")
        #expect(kine["workingDir"] == "/tmp")
        #expect(try !deployment.arguments("kine").contains("--mine"))
        #expect(try deployment.entry("chmod", of: "initContainers")["image"] == "mine:2")
    }
}
