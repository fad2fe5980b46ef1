import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite struct LoadBalancerAddressesTests {
    private func balanced(_ name: String, wish: String? = nil, has: String? = nil) -> KubeObject {
        var object = service(name, type: "LoadBalancer", ports: [["port": 80]])
        if let wish { object[path: "spec", "loadBalancerIP"] = .string(wish) }
        if let has { object["status"] = ["loadBalancer": ["ingress": [["ip": .string(has)]]]] }
        return object
    }

    private func addresses() throws -> LoadBalancerAddresses { try #require(LoadBalancerAddresses()) }

    @Test func `every Service has an address of its own, and keeps it`() throws {
        var addresses = try addresses()
        let names = (0..<2000).map { "web-\($0)" }
        let given = names.map { addresses.assign(balanced($0)) }
        #expect(Set(given).count == 2000)
        #expect(given.allSatisfy { $0?.hasPrefix("127.104.") == true })
        let again = names.map { addresses.assign(balanced($0)) }
        #expect(again == given)
    }

    @Test func `what stands in the API holds after a restart`() throws {
        var addresses = try addresses()
        addresses.learn([balanced("a", has: "127.104.0.7"), balanced("b", has: "127.104.0.7"), balanced("c")])
        let first = addresses.assign(balanced("a", has: "127.104.0.7"))
        let second = addresses.assign(balanced("b", has: "127.104.0.7"))
        let third = addresses.assign(balanced("c"))
        #expect(first == "127.104.0.7")
        #expect(Set([first, second, third].compactMap(\.self)).count == 3)
    }

    @Test(
        "a wish is granted inside the block, when it is free",
        arguments: [("127.104.1.1", true), ("127.104.0.7", false), ("10.0.0.1", false), ("here", false)])
    func wish(_ wish: String, _ isGranted: Bool) throws {
        var addresses = try addresses()
        addresses.learn([balanced("a", has: "127.104.0.7")])
        let given = addresses.assign(balanced("b", wish: wish))
        #expect((given == wish) == isGranted)
        #expect(given?.hasPrefix("127.104.") == true)
    }

    @Test func `an address that was given back is free`() throws {
        let range = try #require(AddressRange("127.104.0.0/29"))
        var addresses = LoadBalancerAddresses(range: range)
        let given = ["a", "b", "c", "d", "e"].compactMap { addresses.assign(balanced($0)) }
        #expect(given.count == 5)
        let tooMany = addresses.assign(balanced("f"))
        #expect(tooMany == nil)
        let freed = addresses.held[balanced("c").key]
        addresses.release(balanced("c").key)
        let next = addresses.assign(balanced("f"))
        #expect(next == freed)
    }

    @Test func `other types and other classes get none`() {
        #expect(LoadBalancerAddresses.isWanted(by: balanced("a")))
        #expect(!LoadBalancerAddresses.isWanted(by: service("a", type: "NodePort", ports: [["port": 80]])))
        var other = balanced("a")
        other[path: "spec", "loadBalancerClass"] = "example.com/other"
        #expect(!LoadBalancerAddresses.isWanted(by: other))
    }
}
