import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct ServiceTests {
    private static func service(_ spec: String = "{}") throws -> KubeObject {
        try Sample.tenant("spec: \(spec)").service().object
    }

    private static func ports(_ service: KubeObject) -> [String] {
        (service[path: "spec", "ports"]?.array ?? []).map { port in
            let target = port["targetPort"].map { $0.string ?? "\($0.integer ?? 0)" } ?? ""
            let node = port["nodePort"]?.integer.map { " node \($0)" } ?? ""
            return "\(port["name"]?.string ?? "") \(port["protocol"]?.string ?? "") \(port["port"]?.integer ?? 0)"
                + " -> \(target)\(node)"
        }
    }

    @Test func `inside the cluster it is one port in front of the tenant's pods`() throws {
        let tenant = try Sample.tenant()
        let service = tenant.service().object
        #expect(service.key == ObjectKey(namespace: "tenants", name: "green"))
        #expect(
            service.labels == [
                "kamaji.clastix.io/project": "kamaji", "kamaji.clastix.io/name": "green",
                "kamaji.clastix.io/component": "service",
            ])
        #expect(service.ownerReferences == [OwnerReference(controller: tenant.object)])
        #expect(
            service["spec"] == [
                "type": "ClusterIP", "selector": ["kamaji.clastix.io/name": "green"],
                "ports": [["name": "kube-apiserver", "protocol": "TCP", "port": 6443, "targetPort": 6443]],
            ])
    }

    @Test func `the tunnel's port is the second, and the user's come after it`() throws {
        let service = try Self.service(
            """
            {addons: {konnectivity: {server: {port: 8132}}}, networkProfile: {port: 443},
             controlPlane: {service: {additionalPorts: [{name: metrics, port: 9100, targetPort: metrics}]}}}
            """)
        #expect(
            Self.ports(service) == [
                "kube-apiserver TCP 443 -> 443", "konnectivity-server TCP 8132 -> 8132", "metrics TCP 9100 -> metrics",
            ])
    }

    @Test func `as a NodePort it asks for the ports themselves on every node`() throws {
        let service = try Self.service(
            """
            {addons: {konnectivity: {server: {port: 30132}}}, networkProfile: {port: 30443, address: 192.0.2.1},
             controlPlane: {service: {serviceType: NodePort}}}
            """)
        #expect(service[path: "spec", "type"] == "NodePort")
        #expect(
            Self.ports(service) == [
                "kube-apiserver TCP 30443 -> 30443 node 30443", "konnectivity-server TCP 30132 -> 30132 node 30132",
            ])
    }

    @Test func `a load balancer is asked for with its class and the sources it lets in`() throws {
        let service = try Self.service(
            """
            {networkProfile: {loadBalancerClass: example/lb, loadBalancerSourceRanges: [192.0.2.0/24]},
             controlPlane: {service: {serviceType: LoadBalancer, allocateLoadBalancerNodePorts: false}}}
            """)
        let spec = try #require(service["spec"])
        #expect(spec["type"] == "LoadBalancer")
        #expect(spec["loadBalancerClass"] == "example/lb")
        #expect(spec["loadBalancerSourceRanges"] == ["192.0.2.0/24"])
        #expect(spec["allocateLoadBalancerNodePorts"] == false)
        #expect(Self.ports(service) == ["kube-apiserver TCP 6443 -> 6443"])
    }

    @Test func `a load balancer has ports on the nodes unless that is switched off`() throws {
        let spec = try Self.service("{controlPlane: {service: {serviceType: LoadBalancer}}}")["spec"]
        #expect(spec?["allocateLoadBalancerNodePorts"] == true)
        #expect(spec?["loadBalancerClass"] == nil)
        #expect(spec?["loadBalancerSourceRanges"] == nil)
    }

    @Test func `a declared address may be the Service's external one, but not a load balancer's`() throws {
        func addresses(_ type: String) throws -> JSON? {
            try Self.service(
                """
                {networkProfile: {address: 192.0.2.9, allowAddressAsExternalIP: true},
                 controlPlane: {service: {serviceType: \(type)}}}
                """)[path: "spec", "externalIPs"]
        }
        #expect(try addresses("ClusterIP") == ["192.0.2.9"])
        #expect(try addresses("NodePort") == ["192.0.2.9"])
        #expect(try addresses("LoadBalancer") == nil)
        #expect(try Self.service("{networkProfile: {address: 192.0.2.9}}")[path: "spec", "externalIPs"] == nil)
    }

    @Test func `the user's metadata joins ours`() throws {
        let service = try Self.service(
            "{controlPlane: {service: {additionalMetadata: {labels: {a: b}, annotations: {lb/pool: public}}}}}")
        #expect(service.labels["a"] == "b")
        #expect(service.labels["kamaji.clastix.io/component"] == "service")
        #expect(service.annotations == ["lb/pool": "public"])
    }
}
