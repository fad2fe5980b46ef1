import FoundationEssentials
import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct TenantStatusTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let later = Date(timeIntervalSince1970: 1_800_000_600)

    private static var progress: TenantProgress {
        var progress = TenantProgress()
        progress.exposure = Sample.exposure
        progress.facts = Sample.etcd
        progress.isProvisioned = true
        progress.credentials = Sample.credentials
        progress.checksums = [.kubeadmConfiguration: "k", .egressSelector: "e"]
        progress.service = KubeObject(["metadata": ["name": "green"], "status": ["loadBalancer": [:]]])
        progress.deployment = KubeObject([
            "metadata": ["name": "green", "generation": 1], "spec": ["replicas": 1],
            "status": ["observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1],
        ])
        progress.interior = .applied(clusterInfo: "c")
        return progress
    }

    private static func tenant(_ status: JSON = [:], addons: String = "{}") throws -> TenantControlPlane {
        var object = try Sample.tenant("spec: {addons: \(addons)}").object
        object["status"] = status
        return try TenantControlPlane(object)
    }

    @Test func `it names every Secret, with the checksum of its content`() throws {
        let status = try Self.tenant(addons: "{konnectivity: {}}").status(after: Self.progress, now: Self.now)
        for (path, secret) in [
            (["certificates", "ca"], "ca"), (["certificates", "apiServer"], "api-server-certificate"),
            (["certificates", "apiServerKubeletClient"], "api-server-kubelet-client-certificate"),
            (["certificates", "frontProxyCA"], "front-proxy-ca-certificate"),
            (["certificates", "frontProxyClient"], "front-proxy-client-certificate"),
            (["certificates", "sa"], "sa-certificate"), (["kubeconfig", "admin"], "admin-kubeconfig"),
            (["kubeconfig", "controllerManager"], "controller-manager-kubeconfig"),
            (["kubeconfig", "scheduler"], "scheduler-kubeconfig"),
            (["storage", "certificate"], "datastore-certificate"),
            (["addons", "konnectivity", "certificate"], "konnectivity-certificate"),
            (["addons", "konnectivity", "kubeconfig"], "konnectivity-kubeconfig"),
        ] {
            #expect(
                status[path: path] == [
                    "secretName": .string("green-\(secret)"), "lastUpdate": "2027-01-15T08:00:00Z",
                    "checksum": .string(Checksum.md5(of: ["content": Array("of \(secret)".utf8)])),
                ])
        }
        #expect(status[path: "kubeadmconfig", "configmapName"] == "green-kubeadmconfig")
        #expect(
            status[path: "addons", "konnectivity", "configMap"] == [
                "name": "green-konnectivity-egress-selector-configuration", "checksum": "e",
            ])
    }

    @Test func `it says where the data is, and where the API server`() throws {
        let status = try Self.tenant().status(after: Self.progress, now: Self.now)
        #expect(status["controlPlaneEndpoint"] == "10.96.7.7:6443")
        #expect(status[path: "storage", "driver"] == "etcd")
        #expect(status[path: "storage", "dataStoreName"] == "bronze")
        #expect(status[path: "storage", "setup", "schema"] == "3f0a6a52-8e0b-4d8e-9a52-0a7c5a1f9d11")
        #expect(status[path: "storage", "setup", "user"] == "3f0a6a52-8e0b-4d8e-9a52-0a7c5a1f9d11")
        #expect(status[path: "kubernetesResources", "version"] == ["status": "Ready", "version": "v1.36.0"])
        #expect(
            status[path: "kubernetesResources", "service"] == [
                "name": "green", "namespace": "tenants", "port": 6443, "loadBalancer": [:],
            ])
        #expect(
            status[path: "kubernetesResources", "deployment", "selector"] == "kamaji.clastix.io/name=green")
        #expect(status["observedGeneration"] == 4)
    }

    @Test func `schema and user are not recorded before the store has them`() throws {
        var progress = Self.progress
        progress.isProvisioned = false
        #expect(try Self.tenant().status(after: progress, now: Self.now)[path: "storage", "setup"] == nil)
    }

    @Test func `a pass that finds nothing new writes nothing new`() throws {
        let first = try Self.tenant(addons: "{konnectivity: {}}").status(after: Self.progress, now: Self.now)
        let second = try Self.tenant(first, addons: "{konnectivity: {}}").status(after: Self.progress, now: Self.later)
        #expect(first == second)
    }

    @Test func `a Secret that changed moves its own time only`() throws {
        let first = try Self.tenant().status(after: Self.progress, now: Self.now)
        var progress = Self.progress
        progress.credentials[.certificateAuthority] = ["content": Array("new".utf8)]
        let second = try Self.tenant(first).status(after: progress, now: Self.later)
        #expect(second[path: "certificates", "ca", "lastUpdate"] == "2027-01-15T08:10:00Z")
        #expect(second[path: "certificates", "sa"] == first[path: "certificates", "sa"])
    }

    @Test func `what a pass did not get to keeps what it said`() throws {
        let first = try Self.tenant().status(after: Self.progress, now: Self.now)
        var failed = TenantProgress()
        failed.failure = (.datastoreReady, "DataStoreUnreachable", "no answer")
        failed.deployment = Self.progress.deployment
        let second = try Self.tenant(first).status(after: failed, now: Self.later)
        for section in ["certificates", "kubeconfig", "storage", "controlPlaneEndpoint", "observedGeneration"] {
            #expect(second[section] == first[section])
        }
        #expect(second[path: "kubernetesResources", "version", "status"] == "Ready")
    }

    @Test func `the generation is observed by a pass that came to its end`() throws {
        var waiting = TenantProgress()
        waiting.waiting = ("LoadBalancerPending", "wait")
        var failed = TenantProgress()
        failed.failure = (.datastoreReady, "NoDataStore", "none")
        for progress in [waiting, failed] {
            #expect(try Self.tenant().status(after: progress, now: Self.now)["observedGeneration"] == nil)
        }
    }

    @Test func `a tunnel that was switched off is said to be off, and one that never was is not mentioned`() throws {
        let on = try Self.tenant(addons: "{konnectivity: {}}").status(after: Self.progress, now: Self.now)
        #expect(on[path: "addons", "konnectivity", "enabled"] == true)
        #expect(on[path: "addons", "konnectivity", "service", "port"] == 8132)
        let off = try Self.tenant(on).status(after: Self.progress, now: Self.later)
        #expect(off[path: "addons", "konnectivity"] == ["enabled": false])
        #expect(try Self.tenant().status(after: Self.progress, now: Self.now)["addons"] == nil)
    }
}
