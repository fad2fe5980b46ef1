import KubeObjects
import Prometheus
import Testing

@testable import Probing

@Suite("What konnectivity servers tell")
struct TunnelHistoryTests {
    private let facts = TenantFacts(
        KubeObject([
            "metadata": ["name": "prod", "namespace": "team"], "spec": ["addons": ["konnectivity": [:]]],
        ]))

    private func report(_ failures: [String: Int] = [:], agents: Int = 2) -> TunnelServerReport {
        var page = "konnectivity_network_proxy_server_ready_backends{proxy_strategy=\"default\"} \(agents)\n"
        for (reason, count) in failures {
            page += "konnectivity_network_proxy_server_dial_failure_count{reason=\"\(reason)\"} \(count)\n"
        }
        return TunnelServerReport(isReady: true, metrics: Array(page.utf8))
    }

    private func failures(_ history: TunnelHistory) -> [String: Double] {
        let samples = history.samples(facts, isReached: true).lines["kamaji_konnectivity_dial_failures_total"] ?? []
        return ExpositionReader.samples(samples) { _ in true }.reduce(into: [:]) {
            $0[$1.labels["reason"] ?? ""] = $1.value
        }
    }

    @Test("The first failure of a reason is a rise from 0, on a server that was seen before")
    func firstFailure() {
        var history = TunnelHistory()
        history.add(["one": report()], among: ["one"], expected: 1)
        #expect(failures(history).count == TunnelServerReport.reasons.count)
        #expect(failures(history).values.allSatisfy { $0 == 0 })
        history.add(["one": report(["no_agent": 3])], among: ["one"], expected: 1)
        #expect(failures(history)["no_agent"] == 3 && failures(history)["send_rsp"] == 0)
        history.add(["one": report(["no_agent": 4, "news": 2])], among: ["one"], expected: 1)
        #expect(failures(history)["no_agent"] == 4 && failures(history)["other"] == 2)
    }

    @Test("A server's past is not ours, one that begins anew counts on, and silence is no new beginning")
    func servers() {
        var history = TunnelHistory()
        history.add(["one": report(["no_agent": 100])], among: ["one", "two"], expected: 2)
        #expect(failures(history)["no_agent"] == 0)
        history.add([:], among: ["one", "two"], expected: 2)
        history.add(["one": report(["no_agent": 105])], among: ["one", "two"], expected: 2)
        #expect(failures(history)["no_agent"] == 5)
        history.add(["one": report(["no_agent": 2])], among: ["one", "two"], expected: 2)
        #expect(failures(history)["no_agent"] == 7)
        history.add(["two": report(["no_agent": 50])], among: ["two"], expected: 2)
        history.add(
            ["one": report(["no_agent": 40]), "two": report(["no_agent": 51])], among: ["one", "two"], expected: 2)
        #expect(failures(history)["no_agent"] == 8, "one is another server of the same name by now")
    }

    @Test("Servers that nobody can ask from here are not told to be unready; where one was reached, silence is")
    func unreachable() {
        func ready(_ history: TunnelHistory, isReached: Bool) -> Double? {
            let lines = history.samples(facts, isReached: isReached).lines["kamaji_konnectivity_servers_ready"] ?? []
            return ExpositionReader.samples(lines) { _ in true }.first?.value
        }
        var history = TunnelHistory()
        history.add([:], among: ["one", "two"], expected: 2)
        #expect(ready(history, isReached: false) == nil && ready(history, isReached: true) == 0)
        #expect(history.samples(facts, isReached: false).lines["kamaji_konnectivity_servers_expected"] != nil)
        history.add(["one": report()], among: ["one", "two"], expected: 2)
        #expect(ready(history, isReached: true) == 1)
    }

    @Test("Agents are counted under upstream's name of now and under its former one, and once")
    func names() {
        let prefix = "konnectivity_network_proxy_server_"
        func agents(_ page: String) -> Double? {
            TunnelServerReport(isReady: true, metrics: Array(page.utf8)).agents
        }
        #expect(agents("\(prefix)ready_backend_connections 3\n") == 3)
        #expect(
            agents(
                """
                \(prefix)ready_backend_connections 3
                \(prefix)ready_backends{proxy_strategy="destHost"} 1
                \(prefix)ready_backends{proxy_strategy="default"} 2

                """) == 2)
        #expect(agents("\(prefix)pending_backend_dials 0\n") == nil)
    }

    @Test("A server that is not ready and counts no agents has none; one that tells no metrics may have any")
    func noAgentYet() {
        let page = Array("konnectivity_network_proxy_server_http_connections 0\n".utf8)
        #expect(TunnelServerReport(isReady: false, metrics: page).agents == 0)
        #expect(TunnelServerReport(isReady: true, metrics: page).agents == nil)
        #expect(TunnelServerReport(isReady: false, metrics: Array("go_threads 9\n".utf8)).agents == nil)
        #expect(TunnelServerReport(isReady: false, metrics: nil).agents == nil)
    }
}
