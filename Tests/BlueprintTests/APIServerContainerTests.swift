import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct APIServerContainerTests {
    /// What a tenant on etcd without addons runs with.
    private static let plain = [
        "--advertise-address=10.96.7.7",
        "--allow-privileged=true",
        "--authorization-mode=Node,RBAC",
        "--client-ca-file=/etc/kubernetes/pki/ca.crt",
        "--enable-admission-plugins=NodeRestriction",
        "--enable-bootstrap-token-auth=true",
        "--etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt",
        "--etcd-certfile=/etc/kubernetes/pki/etcd/server.crt",
        "--etcd-compaction-interval=0",
        "--etcd-keyfile=/etc/kubernetes/pki/etcd/server.key",
        "--etcd-prefix=/3f0a6a52-8e0b-4d8e-9a52-0a7c5a1f9d11",
        "--etcd-servers=https://etcd-0.etcd:2379,https://etcd-1.etcd:2379",
        "--kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt",
        "--kubelet-client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
        "--proxy-client-cert-file=/etc/kubernetes/pki/front-proxy-client.crt",
        "--proxy-client-key-file=/etc/kubernetes/pki/front-proxy-client.key",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        "--secure-port=6443",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "--service-account-key-file=/etc/kubernetes/pki/sa.pub",
        "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--tls-cert-file=/etc/kubernetes/pki/apiserver.crt",
        "--tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
    ]

    private static func arguments(
        _ change: String = "{}", _ facts: DatastoreFacts = Sample.etcd, at exposure: Exposure = Sample.exposure
    ) throws -> [String] {
        try Sample.tenant(change).deployed(facts, at: exposure).arguments("kube-apiserver")
    }

    private static let oneController = "kubernetes: {admissionControllers: [NodeRestriction]}"

    @Test func `on etcd it has exactly these flags, in alphabetical order`() throws {
        #expect(try Self.arguments("spec: {\(Self.oneController)}") == Self.plain)
    }

    @Test func `the user's flags follow verbatim, in their order and as often as they are given`() throws {
        let arguments = try Self.arguments(
            """
            spec:
              \(Self.oneController)
              controlPlane:
                deployment:
                  extraArgs: {apiServer: [--v=2, --audit-log-path=/var/log/a=b, --profiling, --v=3]}
            """)
        #expect(arguments == Self.plain + ["--v=2", "--audit-log-path=/var/log/a=b", "--profiling", "--v=3"])
    }

    @Test(arguments: [
        "--advertise-address=1.2.3.4", "--client-ca-file=/mine", "--secure-port=1", "--etcd-servers=http://mine",
        "--etcd-prefix=/other", "--service-cluster-ip-range=1.0.0.0/8", "--tls-cert-file=/mine", "--etcd-certfile",
    ])
    func `a flag that the rest depends on is not the user's to set`(flag: String) throws {
        let arguments = try Self.arguments(
            "spec: {\(Self.oneController), controlPlane: {deployment: {extraArgs: {apiServer: ['\(flag)']}}}}")
        #expect(arguments == Self.plain)
    }

    @Test(arguments: [
        "--allow-privileged=false", "--enable-bootstrap-token-auth=false", "--authorization-mode=AlwaysAllow",
        "--service-account-issuer=https://issuer.example", "--requestheader-group-headers=X-Group",
    ])
    func `a default gives way to the user's flag`(flag: String) throws {
        let arguments = try Self.arguments(
            "spec: {\(Self.oneController), controlPlane: {deployment: {extraArgs: {apiServer: ['\(flag)']}}}}")
        let name = try #require(flag.split(separator: "=").first)
        #expect(arguments.filter { $0.hasPrefix("\(name)=") } == [flag])
        #expect(arguments.last == flag)
        #expect(arguments.count == Self.plain.count)
    }

    @Test func `no authorization mode stands beside an authorization configuration`() throws {
        let arguments = try Self.arguments(
            "spec: {controlPlane: {deployment: {extraArgs: {apiServer: ['--authorization-config=/etc/authz']}}}}")
        #expect(!arguments.contains { $0.hasPrefix("--authorization-mode") })
    }

    @Test func `both families of a dual stack are served, in the user's order`() throws {
        let arguments = try Self.arguments(
            "spec: {networkProfile: {serviceCidrs: ['fd00:10:96::/112', 10.96.0.0/16]}}")
        #expect(arguments.contains("--service-cluster-ip-range=fd00:10:96::/112,10.96.0.0/16"))
    }

    @Test func `the issuer follows the cluster's domain, and the port the profile's`() throws {
        let arguments = try Self.arguments("spec: {networkProfile: {clusterDomain: green.example, port: 443}}")
        #expect(arguments.contains("--service-account-issuer=https://kubernetes.default.svc.green.example"))
        #expect(arguments.contains("--secure-port=443"))
    }

    @Test func `behind a load balancer that has only a name, the Service's own address is advertised`() throws {
        let arguments = try Self.arguments(at: Sample.exposure("lb.example", clusterIP: "10.96.7.7"))
        #expect(arguments.contains("--advertise-address=10.96.7.7"))
    }

    @Test func `the recorded schema is the prefix, whatever the spec says later`() throws {
        let arguments = try Self.arguments(
            "{spec: {dataStoreSchema: later}, status: {storage: {setup: {schema: first, user: first}}}}")
        #expect(arguments.contains("--etcd-prefix=/first"))
        #expect(try Self.arguments("spec: {dataStoreSchema: asked}").contains("--etcd-prefix=/asked"))
    }

    @Test func `resources that another DataStore keeps are named with its servers`() throws {
        var facts = Sample.etcd
        facts.overrides = ["/events#https://a:2379;https://b:2379", "/leases#https://c:2379"]
        #expect(
            try Self.arguments("{}", facts).contains(
                "--etcd-servers-overrides=/events#https://a:2379;https://b:2379,/leases#https://c:2379"))
    }

    @Test func `on a database it talks to kine's socket, and knows nothing of etcd's files`() throws {
        let arguments = try Self.arguments("{}", Sample.postgreSQL)
        #expect(arguments.filter { $0.hasPrefix("--etcd") } == ["--etcd-servers=unix:///uds/kine"])
    }

    @Test func `on SQLite it is told its file, and signs by itself`() throws {
        let arguments = try Self.arguments("{}", Sample.sqlite)
        #expect(!arguments.contains { $0.hasPrefix("--etcd") })
        #expect(
            arguments.contains("--sqlite-path=/var/lib/tenants/3f0a6a52-8e0b-4d8e-9a52-0a7c5a1f9d11.sqlite"))
        #expect(arguments.contains("--cluster-signing-key-file=/etc/kubernetes/pki/ca.key"))
    }

    @Test func `it mounts its keys and the bundles, after what the user mounts`() throws {
        let deployment = try Sample.tenant(
            """
            spec:
              controlPlane:
                deployment:
                  additionalVolumes: [{name: audit, emptyDir: {}}]
                  additionalVolumeMounts: {apiServer: [{name: audit, mountPath: /var/log/audit}]}
            """
        ).deployed()
        #expect(
            try deployment.mounts("kube-apiserver") == [
                "audit /var/log/audit (rw)", "etc-kubernetes-pki /etc/kubernetes/pki",
                "etc-ca-certificates /etc/ca-certificates", "usr-share-ca-certificates /usr/share/ca-certificates",
                "usr-local-share-ca-certificates /usr/local/share/ca-certificates",
            ])
    }
}
