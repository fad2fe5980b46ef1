import Foundation
import KubeClient
import KubeObjects
import TenantAPI

/// Random numbers that a seed makes again: SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
/// Generators", 2014).
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What users do to a fleet of tenants: make them, change them, delete them and make them again.
struct FleetScript: Sendable {
    static let size = 20
    static let namespace = "default"

    private(set) var generator: SeededGenerator
    /// The last label each living tenant was asked to have on its Deployment.
    private(set) var wanted: [String: String] = [:]
    /// How many keys tenants wrote into their datastore.
    private(set) var written = 0
    private var step = 0

    /// The seed that `KAMAJI_TEST_SEED` names, or a new one. It is in the text of every failure.
    static var seed: UInt64 {
        ProcessInfo.processInfo.environment["KAMAJI_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)
    }

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func number(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    /// One thing that a user does next, and one that a tenant's own API server does.
    mutating func act(on cluster: AdminCluster) async throws {
        try await act(on: cluster.api)
        if try await cluster.write("step-\(step)", as: "tenant-\(number(in: 1...Self.size))") { written += 1 }
    }

    /// Every tenant is made before the first is deleted.
    private mutating func act(on api: KubeClient) async throws {
        step += 1
        let name = step <= Self.size ? "tenant-\(step)" : "tenant-\(number(in: 1...Self.size))"
        if step > Self.size, wanted[name] != nil, number(in: 1...3) == 1 {
            wanted[name] = nil
            try await api.delete(.tenantControlPlanes, ObjectKey(namespace: Self.namespace, name: name))
            return
        }
        let label = "step-\(step)"
        do {
            let applied = try await api.apply(Self.tenant(name, label: label), .tenantControlPlanes)
            if !applied.isBeingDeleted { wanted[name] = label }
        } catch let error as KubeError where error.isConflict || error.isInvalid {
            // Its predecessor of the same name is still on its way out; a user would come again later.
            return
        }
    }

    static func tenant(_ name: String, label: String) -> KubeObject {
        KubeObject([
            "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "TenantControlPlane",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": [
                "dataStore": .string(DefaultDatastoreName.value),
                "controlPlane": [
                    "deployment": ["replicas": 0, "additionalMetadata": ["labels": ["script": .string(label)]]],
                    "service": ["serviceType": "ClusterIP"],
                ],
                "kubernetes": ["version": "v1.36.2", "kubelet": ["cgroupfs": "systemd"]],
            ],
        ])
    }
}

/// The DataStore that `AdminCluster` makes.
enum DefaultDatastoreName {
    static let value = "default"
}
