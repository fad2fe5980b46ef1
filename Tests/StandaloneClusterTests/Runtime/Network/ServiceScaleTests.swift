import KubeObjects
import Logging
import Testing

@testable import StandaloneCluster

@Suite(.timeLimit(.minutes(5))) struct ServiceScaleTests {
    @Test func `hundreds of Services without endpoints have an address each, and refuse`() async throws {
        let network: @Sendable (ClusterAPI, Logger) async -> Void = { api, log in
            await ServiceNetwork(api: api, log: log).run()
        }
        try await RuntimeFixture.run([network]) { runtime in
            for number in 0..<300 {
                try await runtime.create(
                    .services,
                    service(
                        "tenant-\(number)", type: "LoadBalancer", selector: ["tenant": "\(number)"],
                        ports: [["port": 6443]]))
            }
            let addresses = try await runtime.awaited(.services) { runtime -> [String]? in
                let newest = try await runtime.api.find(
                    .services, ObjectKey(namespace: "default", name: "tenant-299"))
                guard newest.flatMap(LoadBalancerAddresses.current) != nil else { return .none }
                let all = try await runtime.items(.services).compactMap(LoadBalancerAddresses.current)
                return all.count == 300 ? all : .none
            }
            #expect(Set(addresses).count == 300)
            let address = try #require(addresses.first)
            await #expect(throws: (any Error).self) { try await exchange("hi", with: address, 6443) }
        }
    }
}
