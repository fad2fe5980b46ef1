import Foundation
import HTTPTransport
import KubeObjects
import Testing

@testable import FleetExporter
@testable import Probing

@Suite("What a probe saw, for people", .timeLimit(.minutes(20)))
struct DebugTests {
    @Test(
        "/probe?debug=true tells the steps, the metrics and the module, of targets that are well and of those that are not"
    )
    func debug() async throws {
        try await ExporterFixture.run { fixture in
            try await fixture.addTenant("alive")
            try await fixture.addTenant("dead", endpoint: "127.0.0.1:1")
            try await fixture.addDeadDatastore("gone")
            try await fixture.eventually("all of them") {
                $0.contains("\"alive\",check=\"readyz\"} 1") && $0.contains("reason=\"refused\"} 1")
                    && $0.contains("kamaji_ds_up{datastore_name=\"gone\"} 0")
            }
            func report(_ query: String) async throws -> String {
                let response = try await fixture.get("/probe?\(query)&debug=true")
                #expect(response.status == 200)
                #expect(response.headers["content-type"] == "text/plain; charset=utf-8")
                return String(decoding: response.body, as: UTF8.self)
            }
            let well = try await report("target=default/alive")
            let parts = [
                "Logs for the probe:\n", "\nMetrics that would have been returned:\n", "\nModule configuration:\n",
            ]
            let places = parts.compactMap { well.range(of: $0)?.lowerBound }
            #expect(places.count == 3 && places == places.sorted())
            for step in [
                "msg=\"Beginning probe\" target=default/alive module=full timeout_seconds=10",
                "msg=\"Resolved the address\" endpoint=\(fixture.endpoint)", "msg=\"Connected\" ip_protocol=4",
                "msg=\"TLS was agreed on\"",
                "msg=\"Saw a certificate\" subject=kube-apiserver issuer=kubernetes", "trusted=true",
                "check=readyz path=/readyz?verbose status=200", "level=info msg=\"Probe succeeded\"",
                "\nprobe_success 1\n", "\nmodule: full\ntimeout: 10s\n",
            ] { #expect(well.contains(step), "\(step) is not in \(well)") }

            let dead = try await report("target=default/dead&module=apiserver_ready")
            for step in [
                "check=readyz", "reason=refused", "error=", "level=error msg=\"Probe failed\"", "\nprobe_success 0\n",
            ] {
                #expect(dead.contains(step), "\(step) is not in \(dead)")
            }
            let store = try await report("target=ds/gone")
            #expect(store.contains("level=error msg=\"The endpoint is down\" endpoint=127.0.0.1:1"))
            let tunnel = try await report("target=default/alive&module=konnectivity")
            #expect(tunnel.contains("level=error msg=\"There is nobody to ask\""))
            // As the blackbox exporter has it: nothing but "true" asks for it.
            let bare = try await fixture.get("/probe?target=default/alive&debug=1")
            #expect(String(decoding: bare.body, as: UTF8.self).hasPrefix("# HELP"))
        }
    }

    @Test("What a server says stays on its line and within its quotes")
    func quoting() {
        let result = ProbeResult(
            check: .readyz, failure: .serverError, status: 500, duration: 0.25,
            failedChecks: ["etcd", "a\nlevel=info msg=\"Probe succeeded\""], detail: "back\\slash")
        let findings = ProbeFindings(
            target: "team/prod", module: .full, timeout: .milliseconds(9500),
            begin: Date(timeIntervalSince1970: 1_800_000_000), duration: 0.5,
            seen: .server(ProbeVisit(results: [result]), at: "10.0.0.1:6443"))
        let lines = findings.report("").split(separator: "\n").map(String.init)
        #expect(lines[1].hasPrefix("time=2027-01-15T08:00:00Z level=info msg=\"Beginning probe\""))
        #expect(
            lines.contains(
                "level=error msg=\"Asked in vain\" check=readyz path=/readyz?verbose status=500 duration_seconds=0.25 "
                    + "reason=http_5xx error=\"back\\\\slash\" "
                    + "failed=\"etcd,a level=info msg=\\\"Probe succeeded\\\"\""))
        #expect(lines.filter { $0.contains("msg=\"Probe succeeded\"") && $0.hasPrefix("level=info") }.isEmpty)
    }
}
