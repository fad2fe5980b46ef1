import HTTPTransport
import KubeObjects
import Synchronization
import Testing

@testable import KubeClient

@Suite("Giving the lease back", .timeLimit(.minutes(5)))
struct LeaseReturnTests {
    /// A lease as an API server keeps it, with its version checked.
    private final class Lease: Sendable {
        private let state = Mutex((version: 1, holder: "", late: 1))

        var holder: String { state.withLock { $0.holder } }

        func answer(_ request: HTTPRequest) throws -> HTTPResponse {
            try state.withLock { state in
                if request.method == "PUT" {
                    let sent = try KubeObject(JSON(parsing: request.body ?? []))
                    let holder = sent[path: "spec", "holderIdentity"]?.string ?? ""
                    if holder.isEmpty, state.late > 0 {
                        // The renewal that was under way when its task was cancelled arrives first.
                        state.late -= 1
                        state.version += 1
                    }
                    guard sent.resourceVersion == "\(state.version)" else {
                        return .status(409, reason: "Conflict")
                    }
                    state.version += 1
                    state.holder = holder
                }
                return .json([
                    "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                    "metadata": [
                        "name": "leader", "namespace": "default", "resourceVersion": .string("\(state.version)"),
                    ],
                    "spec": ["holderIdentity": .string(state.holder), "leaseTransitions": 1],
                ])
            }
        }
    }

    @Test("A renewal that comes in between does not keep it")
    func renewalInBetween() async throws {
        let lease = Lease()
        let transport = ScriptedTransport { _, request in try lease.answer(request) }
        let election = LeaderElection(
            client: .scripted(transport), lease: ObjectKey(namespace: "default", name: "leader"), identity: "a",
            log: .silent)
        try await election.run { #expect(lease.holder == "a") }
        #expect(lease.holder.isEmpty)
    }
}
