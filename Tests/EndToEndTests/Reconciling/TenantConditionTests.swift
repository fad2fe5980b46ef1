import Blueprint
import HTTPTransport
import KubeClient
import KubeObjects
import Synchronization
import TenantAPI
import Testing

/// What a tenant says when something stands in its way, and what it keeps saying.
@Suite(.serialized, .enabled(if: AdminCluster.etcdProgram != nil, "needs an etcd binary")) struct TenantConditionTests {
    @Test func `what is wrong with a spec, or with its DataStore, is a condition that names the field`() async throws {
        try await AdminCluster.run { cluster in
            try await cluster.managing {
                for (name, change, reason, word) in [
                    (
                        "nameless", "{controlPlane: {ingress: {ingressClassName: nginx}}}", "HostnameMissing",
                        "spec.controlPlane.ingress"
                    ),
                    (
                        "mixed", "{networkProfile: {serviceCidrs: [10.0.0.0/16], advertiseAddress: \"fd00::1\"}}",
                        "AddressFamilyMismatch", "spec.networkProfile.advertiseAddress"
                    ),
                    (
                        "routed", "{controlPlane: {gateway: {hostname: a.example, parentRefs: [{name: gate}]}}}",
                        "GatewayAPIMissing", "spec.controlPlane.gateway"
                    ),
                ] {
                    let tenant = Tenant(cluster: cluster, name: name)
                    try await tenant.apply("{spec: \(change)}")
                    try await tenant.wait(for: "False \(reason)", of: "ControlPlaneAvailable")
                    #expect(try await tenant.condition("Ready") == "False \(reason)")
                    #expect(try await tenant.message("ControlPlaneAvailable").contains(word))
                    #expect(try await cluster.api.find(.services, tenant.key) == nil)
                }
                let store = KubeObject([
                    "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "DataStore", "metadata": ["name": "nowhere"],
                    "spec": ["driver": "SQLite"],
                ])
                _ = try await cluster.api.apply(store, .dataStores)
                try await eventually("the DataStore says what it lacks") {
                    let conditions = try await cluster.api.get(.dataStores, store.key)[path: "status", "conditions"]
                    return (conditions?.array ?? []).contains {
                        $0["reason"]?.string == "EndpointsValidationFailed"
                            && $0["message"]?.string?.contains("spec.endpoints") == true
                    }
                }
            }
        }
    }

    @Test func `a tenant that asks for another DataStore runs on where it is, and says so`() async throws {
        try await AdminCluster.run { cluster in
            let tenant = Tenant(cluster: cluster, name: "settled")
            try await cluster.managing {
                try await tenant.apply()
                try await tenant.waitUntilSleeping()
                let before = try #require(try await tenant.object()?["status"])
                let deployment = try await cluster.api.get(.deployments, tenant.key)
                try await tenant.change("{spec: {dataStore: elsewhere, kubernetes: {version: v1.36.1}}}")
                try await tenant.wait(for: "False MigrationUnavailable", of: "DatastoreReady")
                #expect(try await tenant.message("DatastoreReady").contains("set it back to \"default\""))
                // A pass that failed early saw nothing that would take this back.
                #expect(try await tenant.phase() == "Sleeping")
                #expect(try await tenant.condition("CertificatesValid") == "True Issued")
                #expect(try await tenant.condition("Ready") == "False MigrationUnavailable")
                let after = try #require(try await tenant.object()?["status"])
                for field in ["storage", "certificates", "kubeconfig", "kubernetesResources", "observedGeneration"] {
                    #expect(after[field] == before[field], "\(field)")
                }
                let untouched = try await cluster.api.get(.deployments, tenant.key)
                #expect(untouched.resourceVersion == deployment.resourceVersion)
                try await tenant.change("{spec: {dataStore: default}}")
                try await tenant.waitUntilSleeping()
                try await eventually("what was asked for meanwhile is done") {
                    try await tenant.object()?[path: "status", "observedGeneration"]?.integer
                        == tenant.object()?.generation
                }
            }
        }
    }

    @Test func `what an earlier tenant of the name left is waited for and never taken over`() async throws {
        try await AdminCluster.run { cluster in
            let tenant = Tenant(cluster: cluster, name: "heir")
            var leftover = ResourceType.secrets.object(ObjectKey(namespace: "default", name: "heir-ca"))
            leftover[path: "metadata", "ownerReferences"] = [
                [
                    "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "TenantControlPlane", "name": "heir",
                    "uid": "00000000-0000-0000-0000-00000000dead",
                ]
            ]
            // Somebody else's, so that the cluster cannot collect it at once.
            leftover.finalizers = ["example.io/hold"]
            leftover["data"] = ["ca.crt": "b2xk", "ca.key": "b2xk"]
            let old = try await cluster.api.create(leftover, .secrets)
            try await cluster.managing {
                try await tenant.apply()
                try await eventually("the leftover is marked for deletion") {
                    try await tenant.secret("ca")?.isBeingDeleted ?? true
                }
                #expect(try await tenant.secret("ca")?.uid == old.uid)
                #expect(try await cluster.api.find(.services, tenant.key) == nil)
                #expect(try await tenant.object()?["status"] == nil)
                _ = try await cluster.api.patch(.secrets, old.key, .merge(["metadata": ["finalizers": []]]))
                try await tenant.waitUntilSleeping()
                let fresh = try #require(try await tenant.secret("ca"))
                #expect(fresh.uid != old.uid)
                #expect(fresh.secretData["ca.crt"] != Array("old".utf8))
                #expect(fresh.ownerReferences.map(\.uid) == [try await tenant.object()?.uid])
            }
        }
    }

    @Test func `a manager is not ready before the last kind is listed`() async throws {
        try await AdminCluster.run { cluster in
            let gate = GatedTransport(cluster.transport, holding: ResourceType.dataStores.path(namespace: nil))
            let isListed = Mutex(false)
            try await cluster.managing(over: gate, listed: { isListed.withLock { $0 = true } }) {
                try await eventually("all but one kind is listed and watched") {
                    gate.streams >= 6 && gate.isHolding
                }
                #expect(!isListed.withLock { $0 })
                gate.open()
                try await eventually("it is ready") { isListed.withLock { $0 } }
            }
        }
    }
}

/// Lets everything through but requests of one path, which wait until it opens.
private final class GatedTransport: HTTPTransport {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var streams = 0
    }

    private let base: any HTTPTransport
    private let path: String
    private let state = Mutex(State())

    init(_ base: any HTTPTransport, holding path: String) {
        self.base = base
        self.path = path
    }

    var isHolding: Bool { state.withLock { !$0.waiting.isEmpty } }
    /// How many watches were begun.
    var streams: Int { state.withLock { $0.streams } }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        if request.url.contains(path) {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }
        return try await base.send(request)
    }

    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        state.withLock { $0.streams += 1 }
        return try await base.stream(request)
    }
}
