import Foundation
import KubeObjects
import PKI
import TenantAPI
import Testing

@testable import Blueprint
@testable import Reconciliation

/// One tenant's Secrets as passes follow each other: what one issues the next one finds.
struct IssuingSample {
    var tenant: TenantControlPlane
    var exposure: Exposure
    var now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))
    var secrets: [Component: KubeObject] = [:]
    var reach = RotationReach()

    init(_ further: String = "addons: {konnectivity: {}}") throws {
        tenant = try TenantControlPlane(
            KubeObject(
                #require(
                    try YAML.parse(
                        """
                        apiVersion: kamaji.clastix.io/v1alpha1
                        kind: TenantControlPlane
                        metadata: {name: green, namespace: tenants, uid: "1"}
                        spec:
                          dataStore: default
                          controlPlane: {deployment: {replicas: 1}, service: {serviceType: ClusterIP}}
                          kubernetes: {version: v1.36.0}
                          \(further)
                        """
                    ).first)))
        exposure = Self.exposure("10.96.7.7")
    }

    static func exposure(_ host: String) -> Exposure {
        let endpoint = Endpoint(host: host, port: 6443)
        return Exposure(assigned: endpoint, advertised: endpoint, published: endpoint, clusterIP: "10.96.7.7")
    }

    /// One pass, its Secrets stored as the reconciler stores them.
    @discardableResult
    mutating func pass() throws -> CredentialIssuer.Result {
        let facts = DatastoreFacts(name: "default", driver: .sqlite, endpoints: ["/var/lib/tenants"])
        let result = try CredentialIssuer(
            tenant: tenant, exposure: exposure, facts: facts, datastoreAuthority: nil, existing: secrets,
            judge: CredentialJudge(now: now, renewBefore: .seconds(24 * 3600), overlap: .seconds(720 * 3600)),
            reach: reach
        ).issue()
        for (component, data) in result.credentials {
            let asked = secrets[component]?.annotations ?? [:]
            var secret = KubeObject(
                apiVersion: "v1", kind: "Secret", name: component.objectName(of: tenant.name))
            secret["data"] = .object(data.mapValues { .string(Base64.encode($0)) })
            secret.annotations = result.marks[component]?.annotations ?? [:]
            // A user's wish stays until it is answered.
            for key in [Keys.rotate, Keys.finishRotation]
            where asked[key] == "" && secret.annotations[key] == nil && component.isRoot {
                secret.annotations[key] = ""
            }
            secrets[component] = secret
        }
        return result
    }

    mutating func ask(_ component: Component, _ annotation: String = Keys.rotate) {
        secrets[component]?.annotations[annotation] = ""
    }

    /// A pass after everybody was reached by the one before.
    @discardableResult
    mutating func passWhenReached() throws -> CredentialIssuer.Result {
        reach.isRolledOut = true
        reach.isKnownInside = true
        defer { reach = RotationReach() }
        return try pass()
    }

    func data(_ component: Component) -> [String: [UInt8]] { secrets[component]?.secretData ?? [:] }

    func pem(_ component: Component, _ key: String) throws -> [UInt8] { try #require(data(component)[key], "\(key)") }

    func kubeconfig(_ component: Component, _ key: String) throws -> Kubeconfig {
        try Kubeconfig(yaml: String(decoding: try pem(component, key), as: UTF8.self))
    }
}

/// `openssl verify`, which judges as strictly as the tenants' clients do.
enum Verification {
    /// Whether a peer that trusts just `trust` takes a leaf that comes with the rest of `chain`.
    static func accepts(_ chain: [UInt8], trusting trust: [UInt8], purpose: String) throws -> Bool {
        var template = Array("\(NSTemporaryDirectory())/rotation-tests-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, bytes) in [("chain", chain), ("trust", trust)] {
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", "\(folder)/trust", "-purpose", purpose,
            "-untrusted", "\(folder)/chain", "\(folder)/chain",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

extension Kubeconfig {
    var currentCluster: Cluster? { currentContext.flatMap { context($0) }.flatMap { cluster($0.cluster) } }
}
