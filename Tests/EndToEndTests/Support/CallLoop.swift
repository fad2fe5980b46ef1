import Foundation
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import Synchronization
import Testing

/// Somebody who reads and writes in a tenant without pause, through a client that asks again where client-go does.
final class CallLoop: Sendable {
    private struct State {
        var calls = 0
        var failures: [String] = []
        var isOver = false
    }

    let name: String
    private let state = Mutex(State())

    init(_ name: String) { self.name = name }

    var calls: Int { state.withLock { $0.calls } }
    var failures: [String] { state.withLock { $0.failures } }

    /// The loop ends behind the call that is under way.
    func end() { state.withLock { $0.isOver = true } }

    /// Calls again and again until the end of the loop. Between two calls the servers get a moment of the processor.
    func run(_ call: @Sendable (Int) async throws -> Void) async {
        while !state.withLock({ $0.isOver }), !Task.isCancelled {
            let number = calls
            do {
                try await call(number)
                state.withLock { $0.calls += 1 }
            } catch {
                if Task.isCancelled { return }
                let stamp = Date.now.formatted(.iso8601)
                state.withLock { state in
                    state.calls += 1
                    if state.failures.count < 20 { state.failures.append("\(stamp) call \(number): \(error)") }
                }
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Reads a ConfigMap of a namespace and creates others beside it.
    ///
    /// - Parameter repeats: whether an object that is there already, with our very content, counts as created. The
    ///   embedded engine may close a connection behind a request that it has carried out and not answered yet; libcurl
    ///   then sends it again.
    func run(_ connection: ClusterConnection, namespace: String, repeats: Bool) async {
        let prefix = name.replacingOccurrences(of: " ", with: "-")
        await with(connection) { client, number in
            _ = try await client.get(.configMaps, ObjectKey(namespace: namespace, name: "kept"))
            var object = ResourceType.configMaps.object(
                ObjectKey(namespace: namespace, name: "\(prefix)-\(number)"))
            object["data"] = ["number": "\(number)"]
            do {
                _ = try await client.create(object, .configMaps)
            } catch let error as KubeError where error.isAlreadyExists && repeats {
                guard try await client.get(.configMaps, object.key)["data"] == object["data"] else { throw error }
            }
        }
    }

    /// Asks the server whom it takes the client for, which every engine answers to everybody.
    func run(_ connection: ClusterConnection, as user: String) async {
        let reviews = ResourceType(
            group: "authentication.k8s.io", version: "v1", kind: "SelfSubjectReview", plural: "selfsubjectreviews",
            isNamespaced: false)
        await with(connection) { client, _ in
            let review = reviews.object(ObjectKey(namespace: nil, name: ""))
            let answer = try await client.create(review, reviews)
            let name = answer[path: "status", "userInfo", "username"]?.string ?? "nobody"
            guard name == user else { throw Failure("the server takes \(user) for \(name)") }
        }
    }

    private func with(
        _ connection: ClusterConnection, _ call: @Sendable (KubeClient, Int) async throws -> Void
    ) async {
        let transport = CurlTransport()
        defer { transport.shutdown() }
        let client = KubeClient(
            connection: connection, transport: transport, fieldManager: "loop",
            log: Logger(label: "loop", factory: { _ in SwiftLogNoOpLogHandler() }),
            // kube-apiserver answers 503 with a Retry-After while it leaves, and client-go asks again: up to ten times.
            patience: KubeClient.Patience(attempts: 3, timeout: .seconds(30)))
        await run { try await call(client, $0) }
    }
}
