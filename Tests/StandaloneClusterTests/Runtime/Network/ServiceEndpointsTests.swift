import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite struct ServiceEndpointsTests {
    private let web = service(
        "web", selector: ["app": "web"],
        ports: [
            ["name": "http", "port": 80, "targetPort": "http"], ["name": "admin", "port": 81, "targetPort": 9000],
        ])

    private func pod(_ name: String, _ address: String, isReady: Bool = true, port: JSON? = 8080) throws -> ServingPod {
        let ports: [JSON] = port.map { [["name": "http", "containerPort": $0]] } ?? []
        var pod = servingPod(name, ports: ports)
        pod["status"] = podStatus(address, isReady: isReady)
        return try #require(ServingPod(pod))
    }

    @Test func `ready and unready pods stand apart, with the ports behind the Service's`() throws {
        let pods = [try pod("b", "127.112.0.2", isReady: false), try pod("a", "127.112.0.1")]
        let made = ServiceEndpoints(service: web, pods: pods)
        let subset = try #require(made.endpoints["subsets"]?[0])
        #expect(made.endpoints["subsets"]?.array?.count == 1)
        #expect(subset["addresses"]?[0]?["ip"] == "127.112.0.1")
        #expect(subset["addresses"]?[0]?["targetRef"]?["name"] == "a")
        #expect(subset["notReadyAddresses"]?[0]?["ip"] == "127.112.0.2")
        #expect(
            subset["ports"] == [
                ["name": "http", "port": 8080, "protocol": "TCP"], ["name": "admin", "port": 9000, "protocol": "TCP"],
            ])
        let slice = try #require(made.slices.first)
        #expect(made.slices.count == 1)
        #expect(slice.labels["kubernetes.io/service-name"] == "web")
        #expect(slice.labels["endpointslice.kubernetes.io/managed-by"] == "endpointslice-controller.k8s.io")
        #expect(slice["endpoints"]?[0]?["conditions"] == ["ready": true, "serving": true, "terminating": false])
        #expect(slice["endpoints"]?[1]?["conditions"] == ["ready": false, "serving": false, "terminating": false])
    }

    @Test func `pods with other numbers behind a name are a group of their own`() throws {
        let pods = [try pod("a", "127.112.0.1"), try pod("b", "127.112.0.2", port: 8081)]
        let made = ServiceEndpoints(service: web, pods: pods)
        #expect(made.endpoints["subsets"]?.array?.count == 2)
        #expect(made.slices.count == 2)
        #expect(Set(made.slices.map(\.name)).count == 2)
    }

    @Test func `a port that a pod does not name is left out`() throws {
        let made = ServiceEndpoints(service: web, pods: [try pod("a", "127.112.0.1", port: nil)])
        #expect(made.endpoints["subsets"]?[0]?["ports"] == [["name": "admin", "port": 9000, "protocol": "TCP"]])
        let named = service("web", selector: ["app": "web"], ports: [["port": 80, "targetPort": "http"]])
        let none = ServiceEndpoints(service: named, pods: [try pod("a", "127.112.0.1", port: nil)])
        #expect(none.endpoints["subsets"] == nil)
        #expect(none.slices.first?["endpoints"] == [])
    }

    @Test func `pods that leave serve no more, unless their Service says so`() throws {
        var leaving = servingPod("a", ports: [["name": "http", "containerPort": 8080]])
        leaving["status"] = podStatus("127.112.0.1")
        leaving[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let pod = try #require(ServingPod(leaving))
        let made = ServiceEndpoints(service: web, pods: [pod])
        #expect(made.endpoints["subsets"] == nil)
        let conditions = made.slices.first?["endpoints"]?[0]?["conditions"]
        #expect(conditions == ["ready": false, "serving": true, "terminating": true])
        var all = web
        all[path: "spec", "publishNotReadyAddresses"] = true
        let published = ServiceEndpoints(service: all, pods: [try self.pod("b", "127.112.0.2", isReady: false)])
        #expect(published.endpoints["subsets"]?[0]?["addresses"]?[0]?["ip"] == "127.112.0.2")
    }

    @Test func `pods without an address and pods that ended are none`() {
        var pod = servingPod("a")
        #expect(ServingPod(pod) == nil)
        pod["status"] = podStatus("127.112.0.1")
        pod[path: "status", "phase"] = "Failed"
        #expect(ServingPod(pod) == nil)
    }

    @Test func `only Services with a selector are ours`() {
        #expect(ServiceEndpoints.selector(of: web) == ["app": "web"])
        #expect(ServiceEndpoints.selector(of: service("kubernetes", ports: [["port": 443]])) == nil)
        #expect(ServiceEndpoints.selector(of: service("a", selector: [:], ports: [])) == nil)
        #expect(
            ServiceEndpoints.selector(of: service("a", type: "ExternalName", selector: ["a": "b"], ports: [])) == nil)
    }

    @Test func `a pod's change reaches the Services that select it, and only when they could see it`() {
        let selection = ServiceSelection()
        #expect(!selection.isComplete)
        let other = service("other", selector: ["app": "other"], ports: [["port": 80]])
        #expect(selection.note(services: .listed([web, other])).count == 2)
        _ = selection.note(pods: .listed([]))
        #expect(selection.isComplete)
        var pod = servingPod("a")
        pod["status"] = podStatus("127.112.0.1")
        #expect(selection.note(pods: .changed(pod)) == [web.key])
        pod.annotations["any"] = "thing"
        #expect(selection.note(pods: .changed(pod)).isEmpty)
        #expect(selection.pods(of: web).count == 1)
        pod.labels["app"] = "other"
        #expect(Set(selection.note(pods: .changed(pod))) == [web.key, other.key])
        #expect(selection.note(pods: .gone(pod)) == [other.key])
        #expect(selection.pods(of: other).isEmpty)
    }
}
