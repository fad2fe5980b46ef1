import Testing

@testable import KubeObjects

struct NodeReachTests {
    private func node(_ addresses: (String, String)...) -> KubeObject {
        KubeObject([
            "status": [
                "addresses": .array(addresses.map { ["type": .string($0.0), "address": .string($0.1)] })
            ]
        ])
    }

    @Test(arguments: [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.1.1", "::1", "::", "fe80::1", "fe80::1%eth0", "::ffff:127.0.0.1",
        "localhost", "LOCALHOST", "db.localhost",
    ])
    func `an address that means whoever dials it, or nobody, is refused`(address: String) {
        #expect(NodeReach.undialable(of: node(("InternalIP", address))) == address)
        #expect(NodeReach.undialable(of: node(("InternalIP", "10.0.0.7"), ("ExternalIP", address))) == address)
    }

    @Test(arguments: [
        "10.0.0.7", "192.168.1.1", "100.64.0.1", "203.0.113.9", "fd00::7", "2001:db8::1", "::ffff:10.0.0.7", "worker-1",
        "localhost.example.com", "",
    ])
    func `others are taken`(address: String) {
        #expect(NodeReach.undialable(of: node(("InternalIP", address))) == nil)
    }

    @Test func `only the first address of a type is dialled, and only that counts`() {
        #expect(NodeReach.undialable(of: node(("InternalIP", "10.0.0.7"), ("InternalIP", "fe80::1"))) == nil)
        #expect(NodeReach.undialable(of: node()) == nil)
    }
}
