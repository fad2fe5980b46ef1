import Foundation
import KubeObjects
import Testing

/// A cluster, and a namespace in it in which the rows of one engine look at tenants. Rows that ask for different things
/// share a tenant that has all of them: a start is what costs most.
struct AcceptanceFixture: Sendable {
    let cluster: StandaloneFixture
    let session: Session
    let engine: Engine

    @TaskLocal static var opened: [Engine: AcceptanceFixture] = [:]

    static func on(_ engine: Engine) throws -> AcceptanceFixture {
        try #require(opened[engine], "the suite has no trait .acceptance")
    }

    /// The tenant of this manifest and name, Ready. The first row that asks for it makes it.
    func ready(_ name: String, _ manifest: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        if try await !session("get tcp \(name)").isSuccess {
            try await session.must("apply -f FILE", file: manifest, sourceLocation: sourceLocation)
        }
        try await settled(name, sourceLocation: sourceLocation)
    }

    /// Waits until all of a tenant's pods are those of its spec, and says that it is Ready.
    func settled(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("\(name) is settled", within: .seconds(300), sourceLocation: sourceLocation) {
            // A tenant that is new has none yet.
            guard try await session("get deploy/\(name)").isSuccess else { return false }
            let tenant = try await session.object("tcp/\(name)")
            let deployment = try await session.object("deploy/\(name)")
            func count(_ field: String) -> Int64 { deployment[path: "status", field]?.integer ?? 0 }
            let wanted = deployment[path: "spec", "replicas"]?.integer ?? 0
            return tenant[path: "status", "observedGeneration"] == tenant[path: "metadata", "generation"]
                && tenant[path: "status", "kubernetesResources", "version", "status"] == "Ready"
                && deployment[path: "status", "observedGeneration"] == deployment[path: "metadata", "generation"]
                && count("replicas") == wanted && count("updatedReplicas") == wanted && count("readyReplicas") == wanted
        }
    }

    /// The spec of the pods that the tenant's Deployment makes.
    func pod(_ name: String) async throws -> JSON {
        try await session.object("deploy/\(name)")[path: "spec", "template", "spec"] ?? [:]
    }

    func pods(_ name: String) async throws -> [KubeObject] {
        try await session.items("pods", "-l kamaji.clastix.io/name=\(name)")
    }

    func patch(
        _ name: String, _ change: JSON, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await patched(name, change)
        #expect(outcome.isSuccess, "\(outcome)", sourceLocation: sourceLocation)
    }

    func patched(_ name: String, _ change: JSON) async throws -> Outcome {
        try await session(words: [
            "patch", "tcp", name, "--type=merge", "-p", String(decoding: change.encoded(), as: UTF8.self),
        ])
    }
}

/// Opens a cluster for each engine that this machine has, all at once, for a whole suite.
struct AcceptanceTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await open(Engine.all[...], [:], function)
    }

    private func open(
        _ engines: ArraySlice<Engine>, _ opened: [Engine: AcceptanceFixture],
        _ body: @Sendable @concurrent () async throws -> Void
    ) async throws {
        guard let engine = engines.first else {
            return try await AcceptanceFixture.$opened.withValue(opened) { try await body() }
        }
        try await StandaloneFixture.run(engine.arguments) { cluster in
            let fixture = AcceptanceFixture(cluster: cluster, session: try await cluster.session(), engine: engine)
            try await open(engines.dropFirst(), opened.merging([engine: fixture]) { $1 }, body)
        }
    }
}

extension Trait where Self == AcceptanceTrait {
    static var acceptance: Self { AcceptanceTrait() }
}

extension EndToEnd {
    /// Upstream's end-to-end cases by the names of their files (docs/acceptance.md).
    @Suite(.serialized, .acceptance) struct AcceptanceTests {}
}
