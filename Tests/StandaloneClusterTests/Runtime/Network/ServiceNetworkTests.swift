import FoundationEssentials
import KubeObjects
import Logging
import Testing

@testable import StandaloneCluster

/// Services on a real store, reached over TCP.
@Suite(.timeLimit(.minutes(5))) struct ServiceNetworkTests {
    private static let network: @Sendable (ClusterAPI, Logger) async -> Void = { api, log in
        await ServiceNetwork(api: api, log: log).run()
    }

    /// Another name in each test, and so another address: they run at the same time on one machine.
    private let name = "web-\(UUID().uuidString.prefix(8).lowercased())"
    private var webKey: ObjectKey { ObjectKey(namespace: "default", name: name) }

    private func balanced(targetPort: Int) -> KubeObject {
        service(
            name, type: "LoadBalancer", selector: ["app": "web"],
            ports: [["port": 8080, "targetPort": JSON(targetPort)]])
    }

    private func loadBalancer(_ runtime: RuntimeFixture) async throws -> String {
        try await runtime.awaited(.services) { runtime in
            LoadBalancerAddresses.current(of: try await runtime.api.get(.services, webKey))
        }
    }

    /// What the peer answers, as soon as one does.
    private func answer(from address: String, _ port: Int) async throws -> String {
        while true {
            if let answer = try? await exchange("hi", with: address, port), !answer.isEmpty { return answer }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private func refusal(from address: String, _ port: Int) async throws {
        while (try? await exchange("hi", with: address, port)) != nil {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test func `a Service leads to its ready pods in turns, at all its addresses, and refuses without any`()
        async throws
    {
        let one = try await NamedEcho("one", on: "127.112.7.1")
        let two = try await NamedEcho("two", on: "127.112.7.2", port: one.port)
        try await RuntimeFixture.run([Self.network]) { runtime in
            let web = try await runtime.create(.services, balanced(targetPort: one.port))
            let cluster = try #require(web[path: "spec", "clusterIP"]?.string)
            let node = try #require(web[path: "spec", "ports"]?[0]?["nodePort"]?.integer)
            let balancer = try await loadBalancer(runtime)
            for (address, port) in [(cluster, 8080), (balancer, 8080), ("127.0.0.1", Int(node))] {
                await #expect(throws: (any Error).self) { try await exchange("hi", with: address, port) }
            }
            for (name, address) in [("one", "127.112.7.1"), ("two", "127.112.7.2")] {
                try await runtime.create(.pods, servingPod(name))
                try await runtime.change(.pods, name, subresource: "status") { $0["status"] = podStatus(address) }
            }
            for (address, port) in [(cluster, 8080), (balancer, 8080), ("127.0.0.1", Int(node))] {
                var seen: Set<String> = []
                while seen.count < 2 { seen.insert(try await answer(from: address, port)) }
                #expect(seen == ["one:hi", "two:hi"])
            }
            for name in ["one", "two"] {
                try await runtime.change(.pods, name, subresource: "status") {
                    $0["status"] = podStatus("127.112.7.1", isReady: false)
                }
            }
            try await refusal(from: cluster, 8080)
            try await refusal(from: "127.0.0.1", Int(node))
        }
        try await one.stop()
        try await two.stop()
    }

    @Test func `endpoints follow their pods and go with their Service`() async throws {
        try await RuntimeFixture.run([Self.network]) { runtime in
            try await runtime.create(.services, service("bare", ports: [["port": 80]]))
            try await runtime.create(.services, balanced(targetPort: 80))
            try await runtime.create(.pods, servingPod("one"))
            try await runtime.change(.pods, "one", subresource: "status") { $0["status"] = podStatus("127.112.8.1") }
            let endpoints = try await runtime.awaited(ServiceEndpoints.endpoints) { runtime -> KubeObject? in
                let found = try await runtime.api.find(ServiceEndpoints.endpoints, webKey)
                return found?["subsets"]?[0]?["addresses"]?[0]?["ip"] == "127.112.8.1" ? found : Optional.none
            }
            #expect(endpoints["subsets"]?[0]?["ports"] == [["port": 80, "protocol": "TCP"]])
            let slice = try await runtime.awaited(ServiceEndpoints.slices) { runtime -> KubeObject? in
                try await runtime.items(ServiceEndpoints.slices).first { $0["endpoints"]?[0] != nil }
            }
            #expect(slice["endpoints"]?[0]?["targetRef"]?["name"] == "one")
            let names = try await runtime.items(ServiceEndpoints.endpoints).map(\.name)
            #expect(names == [name])

            _ = try await runtime.api.delete(.services, webKey)
            let isEmpty = try await runtime.awaited(ServiceEndpoints.endpoints) { runtime -> Bool? in
                try await runtime.items(ServiceEndpoints.endpoints).isEmpty ? true : nil
            }
            #expect(isEmpty)
            let isGone = try await runtime.awaited(ServiceEndpoints.slices) { runtime -> Bool? in
                try await runtime.items(ServiceEndpoints.slices).isEmpty ? true : nil
            }
            #expect(isGone)
        }
    }

    @Test func `a load balancer's address survives a restart and goes with the type`() async throws {
        let scratch = try ScratchDirectory()
        let first = try await RuntimeFixture.run(in: scratch, [Self.network]) { runtime in
            try await runtime.create(.services, balanced(targetPort: 80))
            return try await loadBalancer(runtime)
        }
        #expect(first.hasPrefix("127.104."))
        try await RuntimeFixture.run(in: scratch, [Self.network]) { runtime in
            try await runtime.create(
                .services, service("other", type: "LoadBalancer", ports: [["port": 80]]))
            let other = try await runtime.awaited(.services) { runtime in
                LoadBalancerAddresses.current(
                    of: try await runtime.api.get(.services, ObjectKey(namespace: "default", name: "other")))
            }
            #expect(other != first)
            #expect(try await loadBalancer(runtime) == first)
            try await runtime.change(.services, name) { $0[path: "spec", "type"] = "ClusterIP" }
            let isGone = try await runtime.awaited(.services) { runtime -> Bool? in
                let web = try await runtime.api.get(.services, webKey)
                return LoadBalancerAddresses.current(of: web) == nil ? true : nil
            }
            #expect(isGone)
        }
    }

    @Test func `a port that is taken is had when its holder gives it up`() async throws {
        let listeners = ServiceListeners(log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let echo = try await NamedEcho("echo", on: "127.112.9.1")
        let target = TCPForwarder.Target(host: "127.112.9.1", port: echo.port)
        let route = ServiceRoute(address: "127.96.9.9", port: 18080, targets: [target])
        let (first, second) = (ObjectKey(namespace: "a", name: "a"), ObjectKey(namespace: "b", name: "b"))
        #expect(await listeners.settle(first, [route]).isEmpty)
        #expect(await listeners.settle(second, [route]).isEmpty)
        #expect(try await exchange("hi", with: "127.96.9.9", 18080) == "echo:hi")
        #expect(await listeners.settle(first, []) == [second])
        await #expect(throws: (any Error).self) { try await exchange("hi", with: "127.96.9.9", 18080) }
        #expect(await listeners.settle(second, [route]).isEmpty)
        #expect(try await exchange("hi", with: "127.96.9.9", 18080) == "echo:hi")
        await listeners.stop()
        try await echo.stop()
    }
}
