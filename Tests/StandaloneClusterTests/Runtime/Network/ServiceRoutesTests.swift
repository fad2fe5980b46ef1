import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite struct ServiceRoutesTests {
    private func slice(_ addresses: [(String, Bool?)], ports: [JSON]) -> SliceTargets {
        var slice = KubeObject(["addressType": "IPv4", "ports": .array(ports)])
        slice["endpoints"] = .array(
            addresses.map { address, isReady in
                var endpoint: JSON = ["addresses": [.string(address)], "conditions": [:]]
                if let isReady { endpoint[path: "conditions", "ready"] = .bool(isReady) }
                return endpoint
            })
        return SliceTargets(slice)
    }

    private var web: KubeObject {
        var web = service(
            "web", type: "LoadBalancer",
            ports: [
                ["name": "http", "port": 80, "nodePort": 30080, "protocol": "TCP"],
                ["name": "dns", "port": 53, "protocol": "UDP"],
            ])
        web[path: "spec", "clusterIP"] = "127.96.0.5"
        web["status"] = ["loadBalancer": ["ingress": [["ip": "127.104.0.5"]]]]
        return web
    }

    @Test func `TCP ports are listened on at every address of the Service`() {
        let slices = [
            slice(
                [("127.112.0.2", true), ("127.112.0.3", false), ("127.112.0.1", nil)],
                ports: [
                    ["name": "http", "port": 8080, "protocol": "TCP"], ["name": "dns", "port": 53, "protocol": "UDP"],
                ])
        ]
        let routes = ServiceRoutes.routes(of: web, slices)
        #expect(
            routes.map { "\($0.address):\($0.port)" } == ["127.96.0.5:80", "127.104.0.5:80", "127.0.0.1:30080"])
        #expect(routes.allSatisfy { $0.targets.map(\.description) == ["127.112.0.1:8080", "127.112.0.2:8080"] })
    }

    @Test func `an external address is listened on beside the Service's own`() {
        var web = web
        web[path: "spec", "externalIPs"] = ["192.0.2.7", "127.96.0.5"]
        let slices = [slice([("127.112.0.2", true)], ports: [["name": "http", "port": 8080]])]
        let routes = ServiceRoutes.routes(of: web, slices)
        #expect(
            routes.map { "\($0.address):\($0.port)" }
                == ["127.96.0.5:80", "192.0.2.7:80", "127.104.0.5:80", "127.0.0.1:30080"])
    }

    @Test func `without a ready endpoint nothing is listened on`() {
        #expect(ServiceRoutes.routes(of: web, []).isEmpty)
        let unready = slice([("127.112.0.2", false)], ports: [["name": "http", "port": 8080]])
        #expect(ServiceRoutes.routes(of: web, [unready]).isEmpty)
        let other = slice([("127.112.0.2", true)], ports: [["name": "other", "port": 8080]])
        #expect(ServiceRoutes.routes(of: web, [other]).isEmpty)
        var headless = service("web", ports: [["port": 80]])
        headless[path: "spec", "clusterIP"] = "None"
        #expect(ServiceRoutes.routes(of: headless, [slice([("127.112.0.2", true)], ports: [["port": 80]])]).isEmpty)
    }

    @Test func `targets are taken in turns`() {
        let targets = [1, 2, 3].map { TCPForwarder.Target(host: "127.112.0.\($0)", port: 80) }
        let rotation = TargetRotation(targets)
        let taken = (0..<6).compactMap { _ in rotation.next() }
        #expect(Set(taken.prefix(3)) == Set(targets))
        #expect(Array(taken.prefix(3)) == Array(taken.suffix(3)))
        rotation.set([])
        #expect(rotation.next() == nil)
    }
}
