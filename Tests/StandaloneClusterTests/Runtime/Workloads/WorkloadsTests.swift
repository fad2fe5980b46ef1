import FoundationEssentials
import KubeObjects
import Logging
import Synchronization
import Testing

@testable import StandaloneCluster

/// Deployments on a real store. Pods get ready by the hand of a task that stands for their node.
@Suite(.timeLimit(.minutes(5))) struct WorkloadsTests {
    private static let workloads: @Sendable (ClusterAPI, Logger) async -> Void = { api, log in
        await Workloads(api: api, log: log).run()
    }

    private static let node: @Sendable (ClusterAPI, Logger) async -> Void = { api, log in
        await ObjectFeed(api: api, log: log).run(.pods) { news in
            let pods: [KubeObject] =
                switch news {
                case .listed(let all): all
                case .changed(let pod): [pod]
                case .gone: []
                }
            for var pod in pods where pod["status"]?["phase"] != "Running" && !pod.isBeingDeleted {
                let now = JSON.string(Timestamp.format(Date()))
                pod["status"] = [
                    "phase": "Running", "podIP": "127.112.0.1",
                    "conditions": [["type": "Ready", "status": "True", "lastTransitionTime": now]],
                ]
                _ = try? await api.update(.pods, pod.key, pod, subresource: "status", RuntimeFixture.options)
            }
        }
    }

    /// The Deployment once it says that it is where it was asked to go.
    private func rolledOut(_ runtime: RuntimeFixture, revision: String, replicas: Int) async throws -> KubeObject {
        try await runtime.awaited(.deployments) { runtime in
            let web = try await runtime.api.get(.deployments, ObjectKey(namespace: "default", name: "web"))
            let status = web["status"] ?? [:]
            let counts = ["replicas", "updatedReplicas", "availableReplicas"].map { Int(status[$0]?.integer ?? 0) }
            let isDone =
                status["observedGeneration"]?.integer == web.generation && counts.allSatisfy { $0 == replicas }
                && web.annotations["deployment.kubernetes.io/revision"] == revision
            return isDone ? .some(web) : .none
        }
    }

    @Test func `a Deployment is rolled out, scaled, rolled on and undone`() async throws {
        try await RuntimeFixture.run([Self.workloads, Self.node]) { runtime in
            try await runtime.create(.deployments, deployment("web", replicas: 2))
            let web = try await rolledOut(runtime, revision: "1", replicas: 2)
            #expect(web.generation == 1)
            let first = try #require(try await runtime.items(.replicaSets).first)
            #expect(first.controller?.uid == web.uid)
            let pods = try await runtime.items(.pods)
            #expect(pods.count == 2)
            #expect(pods.allSatisfy { $0.controller?.uid == first.uid && $0.name.hasPrefix("\(first.name)-") })

            try await runtime.change(.deployments, "web", subresource: "scale") { $0[path: "spec", "replicas"] = 4 }
            _ = try await rolledOut(runtime, revision: "1", replicas: 4)

            // As `kubectl rollout restart` does it.
            try await runtime.change(.deployments, "web") {
                $0[path: "spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"] = "now"
            }
            _ = try await rolledOut(runtime, revision: "2", replicas: 4)
            #expect(try await runtime.items(.replicaSets).count == 2)
            #expect(try await runtime.items(.pods).allSatisfy { $0.controller?.uid != first.uid })

            // And `kubectl rollout undo`: the template of the first revision, without its hash.
            try await runtime.change(.deployments, "web") { web in
                web[path: "spec", "template"] = first[path: "spec", "template"]
                web[path: "spec", "template", "metadata", "labels", "pod-template-hash"] = nil
            }
            _ = try await rolledOut(runtime, revision: "3", replicas: 4)
            #expect(try await runtime.items(.replicaSets).count == 2)
            #expect(try await runtime.items(.pods).allSatisfy { $0.controller?.uid == first.uid })
        }
    }

    @Test func `a pod that goes is replaced, and all goes with the Deployment`() async throws {
        try await RuntimeFixture.run([Self.workloads, Self.node]) { runtime in
            try await runtime.create(.deployments, deployment("web", replicas: 2))
            _ = try await rolledOut(runtime, revision: "1", replicas: 2)
            let lost = try #require(try await runtime.items(.pods).first)
            _ = try await runtime.api.delete(.pods, lost.key, DeleteOptions(gracePeriod: 0))
            let names = try await runtime.awaited(.pods) { runtime -> [String]? in
                let names = try await runtime.items(.pods).filter(\.isReadyPod).map(\.name)
                return names.count == 2 && !names.contains(lost.name) ? names : nil
            }
            #expect(names.count == 2)
            let web = ObjectKey(namespace: "default", name: "web")
            _ = try await runtime.api.delete(.deployments, web, DeleteOptions(propagation: .background))
            let isEmpty = try await runtime.awaited(.pods) { try await $0.items(.pods).isEmpty ? true : nil }
            #expect(isEmpty)
        }
    }

    @Test func `what a process left is taken up by the next one`() async throws {
        let scratch = try ScratchDirectory()
        try await RuntimeFixture.run(in: scratch, []) { runtime in
            _ = try await runtime.create(.deployments, deployment("web", replicas: 3))
        }
        let before = try await RuntimeFixture.run(in: scratch, [Self.workloads]) { runtime in
            try await runtime.awaited(.pods) { runtime in
                let pods = try await runtime.items(.pods)
                return pods.count == 3 ? Set(pods.map(\.uid)) : nil
            }
        }
        try await RuntimeFixture.run(in: scratch, [Self.workloads, Self.node]) { runtime in
            _ = try await rolledOut(runtime, revision: "1", replicas: 3)
            #expect(Set(try await runtime.items(.pods).map(\.uid)) == before)
        }
    }

    @Test func `a key is worked on once at a time, and again when it was marked meanwhile`() async {
        let dirty = DirtyKeys(log: Logger(label: "test"))
        let (started, starts) = AsyncStream.makeStream(of: Int.self)
        let count = Mutex(0)
        let running = Mutex(0)
        let key = ObjectKey(namespace: nil, name: "a")
        dirty.mark(key)
        dirty.mark(key)
        let work = Task {
            await dirty.work { key in
                let alone = running.withLock { running in
                    running += 1
                    return running == 1
                }
                #expect(alone)
                let turn = count.withLock { count in
                    count += 1
                    return count
                }
                if turn == 1 { dirty.mark(key) }
                await Task.yield()
                running.withLock { $0 -= 1 }
                starts.yield(turn)
                return nil
            }
        }
        var turns = started.makeAsyncIterator()
        #expect(await turns.next() == 1)
        #expect(await turns.next() == 2)
        work.cancel()
        await work.value
        #expect(count.withLock { $0 } == 2)
    }
}
