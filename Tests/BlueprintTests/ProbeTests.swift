import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct ProbeTests {
    private static func probes(_ container: String, _ probes: String = "{}") throws -> [JSON?] {
        let deployment = try Sample.tenant("spec: {controlPlane: {deployment: {probes: \(probes)}}}").deployed()
        let container = try deployment.container(container)
        return [container["startupProbe"], container["livenessProbe"], container["readinessProbe"]]
    }

    private static func probe(_ path: String, _ port: Int, period: Int, failures: Int) -> JSON {
        [
            "httpGet": ["path": .string(path), "port": JSON(port), "scheme": "HTTPS"], "timeoutSeconds": 1,
            "periodSeconds": JSON(period), "successThreshold": 1, "failureThreshold": JSON(failures),
        ]
    }

    @Test func `the start is asked for every second, for five minutes`() throws {
        #expect(
            try Self.probes("kube-apiserver") == [
                Self.probe("/livez", 6443, period: 1, failures: 300),
                Self.probe("/livez", 6443, period: 10, failures: 3),
                Self.probe("/readyz", 6443, period: 10, failures: 3),
            ])
    }

    @Test(arguments: [("kube-scheduler", 10259), ("kube-controller-manager", 10257)])
    func `the controllers are asked on ports of their own`(container: String, port: Int) throws {
        #expect(
            try Self.probes(container) == [
                Self.probe("/healthz", port, period: 1, failures: 300),
                Self.probe("/healthz", port, period: 10, failures: 3),
                Self.probe("/healthz", port, period: 10, failures: 3),
            ])
    }

    @Test func `numbers for all are overridden by those for one, each by itself`() throws {
        let numbers = """
            {liveness: {periodSeconds: 20, timeoutSeconds: 5}, readiness: {successThreshold: 2},
             startup: {initialDelaySeconds: 7},
             apiServer: {liveness: {periodSeconds: 30}, startup: {failureThreshold: 9, periodSeconds: 2}}}
            """
        var startup = Self.probe("/livez", 6443, period: 2, failures: 9)
        startup["initialDelaySeconds"] = 7
        var liveness = Self.probe("/livez", 6443, period: 30, failures: 3)
        liveness["timeoutSeconds"] = 5
        var readiness = Self.probe("/readyz", 6443, period: 10, failures: 3)
        readiness["successThreshold"] = 2
        #expect(try Self.probes("kube-apiserver", numbers) == [startup, liveness, readiness])

        let scheduler = try Self.probes("kube-scheduler", numbers)
        #expect(scheduler[0]?["failureThreshold"] == 300)
        #expect(scheduler[0]?["initialDelaySeconds"] == 7)
        #expect(scheduler[1]?["periodSeconds"] == 20)
    }

    @Test func `the API server's probes follow its port, and nobody may change what is asked`() throws {
        let deployment = try Sample.tenant("spec: {networkProfile: {port: 443}}").deployed()
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            #expect(try deployment.container("kube-apiserver")[probe]?[path: "httpGet", "port"] == 443)
        }
        #expect(try Self.probes("kube-apiserver", "{liveness: {}}")[1]?[path: "httpGet", "path"] == "/livez")
    }
}
