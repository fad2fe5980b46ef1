import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

/// Where a tenant is reached, of its spec and its Service.
struct ExposureCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let spec: String
    let service: JSON
    /// Assigned, advertised and published endpoint, then what `--advertise-address` says; or why it has to wait.
    let outcome: [String]

    private static func lb(_ ingress: JSON) -> JSON {
        ["spec": ["clusterIP": "10.96.7.7"], "status": ["loadBalancer": ["ingress": ingress]]]
    }

    private static let inside: JSON = ["spec": ["clusterIP": "10.96.7.7"]]
    private static let balanced = "controlPlane: {service: {serviceType: LoadBalancer}}"
    private static let node = "controlPlane: {service: {serviceType: NodePort}}"

    private init(_ description: String, _ spec: String, _ service: JSON, _ outcome: String...) {
        testDescription = description
        self.spec = spec
        self.service = service
        self.outcome = outcome
    }

    static let all = [
        ExposureCase(
            "a cluster address", "{}", inside,
            "10.96.7.7:6443", "10.96.7.7:6443", "10.96.7.7:6443", "10.96.7.7"),
        ExposureCase(
            "an IPv6 cluster address", "{}", ["spec": ["clusterIP": "fd00::7"]],
            "[fd00::7]:6443", "[fd00::7]:6443", "[fd00::7]:6443", "fd00::7"),
        ExposureCase("no cluster address yet", "{}", ["spec": [:]], "ServiceHasNoAddress"),
        ExposureCase("a Service without one", "{}", ["spec": ["clusterIP": "None"]], "ServiceHasNoAddress"),
        ExposureCase("a load balancer that is not there yet", "{\(balanced)}", inside, "LoadBalancerPending"),
        ExposureCase("a load balancer without addresses", "{\(balanced)}", lb([]), "LoadBalancerPending"),
        ExposureCase(
            "a load balancer's address", "{\(balanced)}", lb([["ip": "192.0.2.1"], ["ip": "192.0.2.2"]]),
            "192.0.2.1:6443", "192.0.2.1:6443", "192.0.2.1:6443", "192.0.2.1"),
        ExposureCase(
            "a load balancer's name", "{\(balanced)}", lb([["hostname": "lb.example"]]),
            "lb.example:6443", "lb.example:6443", "lb.example:6443", "10.96.7.7"),
        ExposureCase("a NodePort", "{\(node)}", inside, "AddressMissing"),
        ExposureCase(
            "a NodePort with an address", "{\(node), networkProfile: {address: 192.0.2.3, port: 30443}}", inside,
            "192.0.2.3:30443", "192.0.2.3:30443", "192.0.2.3:30443", "192.0.2.3"),
        ExposureCase(
            "an address set by the user, while the load balancer is awaited",
            "{\(balanced), networkProfile: {address: 192.0.2.3}}", inside,
            "192.0.2.3:6443", "192.0.2.3:6443", "192.0.2.3:6443", "192.0.2.3"),
        ExposureCase(
            "another address to advertise", "{networkProfile: {advertiseAddress: 198.51.100.1}}", inside,
            "10.96.7.7:6443", "198.51.100.1:6443", "198.51.100.1:6443", "198.51.100.1"),
        ExposureCase(
            "an Ingress", "{controlPlane: {ingress: {hostname: green.example}}}", inside,
            "10.96.7.7:6443", "10.96.7.7:6443", "green.example:6443", "10.96.7.7"),
        ExposureCase(
            "an Ingress on a port of its own", "{controlPlane: {ingress: {hostname: 'green.example:443'}}}", inside,
            "10.96.7.7:6443", "10.96.7.7:6443", "green.example:443", "10.96.7.7"),
        ExposureCase(
            "a Gateway", "{controlPlane: {gateway: {hostname: green.example}}}", inside,
            "10.96.7.7:6443", "10.96.7.7:6443", "green.example:6443", "10.96.7.7"),
    ]
}

@Suite struct ExposureTests {
    @Test(arguments: ExposureCase.all)
    func `a tenant is reached where its spec and its Service say`(example: ExposureCase) throws {
        let resolution = try Sample.tenant("spec: \(example.spec)").exposure(of: KubeObject(example.service))
        switch resolution {
        case .known(let exposure):
            #expect(
                [exposure.assigned, exposure.advertised, exposure.published].map(\.description)
                    + [exposure.advertiseAddress ?? ""] == example.outcome)
        case .waiting(let reason, _): #expect([reason] == example.outcome)
        }
    }

    @Test func `without a Service nothing is known`() throws {
        guard case .waiting(let reason, let message) = try Sample.tenant().exposure(of: nil) else {
            Issue.record("it is known where no Service is")
            return
        }
        #expect(reason == "ServiceHasNoAddress")
        #expect(!message.isEmpty)
    }

    @Test func `a NodePort's user is told what to set`() throws {
        let tenant = try Sample.tenant("spec: {controlPlane: {service: {serviceType: NodePort}}}")
        guard case .waiting(_, let message) = tenant.exposure(of: nil) else {
            Issue.record("it is known without an address")
            return
        }
        #expect(message.contains("spec.networkProfile.address"))
    }

    @Test(arguments: [
        ("host", "host:6443"), ("host:443", "host:443"), ("[fd00::1]", "[fd00::1]:6443"),
        ("[fd00::1]:443", "[fd00::1]:443"), ("fd00::1", "[fd00::1]:6443"), ("192.0.2.1:1", "192.0.2.1:1"),
        ("host:65535", "host:65535"),
    ])
    func `an endpoint is a host, and a port where one is given`(text: String, endpoint: String) {
        #expect(Endpoint(text, defaultPort: 6443)?.description == endpoint)
    }

    @Test(arguments: ["", ":443", "host:", "host:0", "host:65536", "host:http", "[fd00::1]443", "[fd00::1]:x", "[]"])
    func `what is no endpoint is refused`(text: String) {
        #expect(Endpoint(text, defaultPort: 6443) == nil)
    }
}
