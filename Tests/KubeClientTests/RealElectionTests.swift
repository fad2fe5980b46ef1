import Foundation
import HTTPTransport
import KubeObjects
import Synchronization
import Testing

@testable import KubeClient

extension RealAPI {
    /// Opened once; tasks wait before it.
    struct Gate: Sendable {
        private let stream: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func open() { continuation.finish() }
        func pass() async { for await _ in stream {} }
    }

    @Suite("electing and recording")
    struct Electing {
        private func election(_ client: KubeClient, _ identity: String, _ namespace: String) -> LeaderElection {
            var election = LeaderElection(
                client: client, lease: ObjectKey(namespace: namespace, name: "leader"), identity: identity, log: .silent
            )
            election.retryPeriod = .milliseconds(20)
            return election
        }

        private func holder(_ client: KubeClient, _ namespace: String) async throws -> String? {
            try await client.find(.leases, ObjectKey(namespace: namespace, name: "leader"))?[
                path: "spec", "holderIdentity"]?.string
        }

        @Test("Of several candidates one leads at a time, and each in its turn")
        func oneLeader() async throws {
            let (client, _, namespace) = try await fixture()
            let leaders = Leaders()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["a", "b", "c"] {
                    group.addTask {
                        try await election(client, name, namespace).run {
                            leaders.enter(name)
                            let holder = try await holder(client, namespace)
                            #expect(holder == name)
                            leaders.leave()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(leaders.all.sorted() == ["a", "b", "c"])
            #expect(leaders.most == 1)
            let lease = try await client.get(.leases, ObjectKey(namespace: namespace, name: "leader"))
            #expect(lease[path: "spec", "holderIdentity"] == "")
            #expect(lease[path: "spec", "leaseTransitions"] == 2)
        }

        @Test("A leader whose task is cancelled gives the lease back")
        func cancelled() async throws {
            let (client, _, namespace) = try await fixture()
            let leads = Gate()
            let task = Task {
                try await election(client, "a", namespace).run {
                    leads.open()
                    await Gate().pass()
                    try Task.checkCancellation()
                }
            }
            await leads.pass()
            #expect(try await holder(client, namespace) == "a")
            task.cancel()
            await #expect(throws: (any Error).self) { try await task.value }
            #expect(try await holder(client, namespace) == "")
        }

        @Test("A leader whose lease another took stops leading")
        func taken() async throws {
            let (client, _, namespace) = try await fixture()
            var election = election(client, "a", namespace)
            // Long enough for a slow machine to renew, until the thief comes.
            election.renewDeadline = .seconds(5)
            try await election.run {
                let change: JSON = ["spec": ["holderIdentity": "thief", "renewTime": "2026-01-01T00:00:00.000000Z"]]
                var isTaken = false
                while !isTaken {
                    _ = try await client.patch(
                        .leases, ObjectKey(namespace: namespace, name: "leader"), .merge(change))
                    isTaken = try await holder(client, namespace) == "thief"
                }
                await Gate().pass()
            }
            #expect(try await holder(client, namespace) == "thief")
        }

        @Test("A leader whose server falls silent stops leading")
        func silentServer() async throws {
            let (_, plane, namespace) = try await fixture()
            let transport = TamperingTransport(plane.transport)
            var election = election(plane.client(over: transport), "a", namespace)
            election.renewDeadline = .milliseconds(200)
            let stopped = Mutex(false)
            try await election.run {
                transport.hang()
                await Gate().pass()
                stopped.withLock { $0 = true }
            }
            #expect(stopped.withLock { $0 })
        }

        @Test("What repeats is one event with a count; a long note is cut where the server allows")
        func events() async throws {
            let (client, _, namespace) = try await fixture()
            let recorder = EventRecorder(client: client, controller: "example.com/tests", instance: "one", log: .silent)
            let object = try await client.create(.configMap("a", namespace: namespace), .configMaps)
            let running = Task { await recorder.run() }
            for _ in 0..<3 { recorder.record(.warning, on: object, reason: "Failed", action: "Try", note: "same") }
            recorder.record(.normal, on: object, reason: "Failed", action: "Try", note: "other")
            recorder.record(
                .normal, on: object, reason: "Long", action: "Try", note: String(repeating: "é", count: 1000))
            var long: KubeObject?
            // Written in order: with the last one all are there.
            while long == nil {
                long = try await client.list(.events, namespace: namespace).items.first { $0["reason"] == "Long" }
            }
            #expect(long?["note"]?.string == String(repeating: "é", count: 512))
            let events = try await client.list(.events, namespace: namespace).items
            #expect(events.count == 3)
            let series = events.first { $0["note"] == "same" }
            #expect(series?[path: "series", "count"] == 3)
            #expect(series?["type"] == "Warning")
            #expect(series?[path: "regarding", "uid"]?.string == object.uid)
            #expect(series?["reportingController"] == "example.com/tests")
            running.cancel()
            await running.value
        }
    }

    private final class Leaders: Sendable {
        private let state = Mutex((all: [String](), now: 0, most: 0))
        var all: [String] { state.withLock { $0.all } }
        var most: Int { state.withLock { $0.most } }
        func enter(_ name: String) {
            state.withLock { $0 = ($0.all + [name], $0.now + 1, max($0.most, $0.now + 1)) }
        }
        func leave() { state.withLock { $0.now -= 1 } }
    }
}
