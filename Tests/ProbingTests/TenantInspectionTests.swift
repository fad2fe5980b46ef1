import KubeObjects
import Prometheus
import Testing

@testable import Probing

@Suite("Looking into tenants")
struct TenantInspectionTests {
    private let facts = TenantFacts(
        KubeObject([
            "metadata": ["name": "prod", "namespace": "team"],
            "spec": ["addons": ["konnectivity": [:]], "dataStore": "default"],
        ]))

    @Test("A list that goes on says how many there are in all, or nothing is known")
    func counting() {
        #expect(TenantInspector.count(3, ["metadata": [:]]) == 3)
        #expect(TenantInspector.count(10, ["metadata": ["continue": "x", "remainingItemCount": 32]]) == 42)
        #expect(TenantInspector.count(10, ["metadata": ["continue": "x"]]) == nil)
        #expect(TenantInspector.count(10, ["metadata": ["continue": "x", "remainingItemCount": -5]]) == nil)
    }

    @Test("A kubelet that refuses has answered, an API server that cannot dial has not, and some say nothing of it")
    func answers() {
        #expect([200, 401, 403].allSatisfy { TenantInspector.isAnswered($0) == true })
        #expect([500, 502, 503, 504].allSatisfy { TenantInspector.isAnswered($0) == false })
        #expect([404, 429, 501].allSatisfy { TenantInspector.isAnswered($0) == nil })
    }

    @Test("Only what can be a node's name becomes part of a path")
    func names() {
        #expect(["worker", "ip-10-0-0-1.ec2.internal"].allSatisfy(TenantInspector.isName))
        #expect(!["", "../secrets", "a/b", "a?b", "A", "-a", "a\n"].contains(where: TenantInspector.isName))
    }

    @Test("Sizes are added up, and those that are not known are left out")
    func sizes() {
        let page = """
            # TYPE apiserver_resource_size_estimate_bytes gauge
            apiserver_resource_size_estimate_bytes{group="",resource="pods"} 1000
            apiserver_resource_size_estimate_bytes{group="",resource="secrets"} 500
            apiserver_resource_size_estimate_bytes{group="",resource="events"} -1
            apiserver_storage_size_bytes{storage_cluster_id="etcd-0"} 99999

            """
        #expect(TenantInspector.storageBytes(Array(page.utf8)) == 1500)
        #expect(TenantInspector.storageBytes(Array("nothing 1\n".utf8)) == nil)
    }

    @Test("What was known outlasts two visits in vain, not three; the tunnel's answer outlasts none")
    func forgetting() {
        var history = InspectionHistory()
        var well = TenantInspection()
        (well.nodes, well.agentsDesired, well.storageBytes) = (3, 2, 1500)
        well.dial = TenantInspection.Dial(isAnswered: true, duration: 0.01)
        history.add(well)
        let names = [
            "kamaji_konnectivity_agents_desired", "kamaji_konnectivity_dial_duration_seconds",
            "kamaji_konnectivity_dial_success", "kamaji_tcp_nodes", "kamaji_tcp_storage_bytes",
        ]
        #expect(history.samples(facts).lines.keys.sorted() == names)
        for _ in 0..<2 {
            history.add(TenantInspection())
            #expect(history.samples(facts).lines.keys.sorted() == [names[0], names[3], names[4]])
        }
        history.add(TenantInspection())
        #expect(history.samples(facts).isEmpty)
        var light = well
        light.storageBytes = nil
        history.add(well)
        history.add(light)
        #expect(history.samples(facts).lines.keys.sorted() == names, "its size is asked for more rarely")
    }
}
