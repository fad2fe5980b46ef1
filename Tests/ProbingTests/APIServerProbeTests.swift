import Foundation
import HTTPTransport
import KubeObjects
import PKI
import Prometheus
import Testing

@testable import Probing

@Suite("Asking API servers", .timeLimit(.minutes(10)))
struct APIServerProbeTests {
    private let transport = CurlTransport()

    private func visit(
        _ server: HostileServer, _ kind: String, measuring: Bool = false, timeout: Duration = .seconds(60),
        authorities: [UInt8]? = nil
    ) async throws -> ProbeVisit {
        let probe = APIServerProbe(transport: transport, timeout: timeout)
        let target = ProbeTarget(
            endpoint: try server.endpoint(kind), authorities: authorities ?? server.authority.certificate.pem)
        return await probe.visit(target, measuring: measuring)
    }

    @Test("One that is well says so, and a close look tells its certificate, its version and each step")
    func good() async throws {
        let server = try HostileServer()
        let quick = try await visit(server, "good")
        #expect(quick.results.map(\.check) == [.livez, .readyz])
        #expect(quick.results.allSatisfy { $0.isSuccess && $0.status == 200 && $0.duration > 0 })
        #expect(quick.served == nil && quick.version == nil)
        let close = try await visit(server, "good", measuring: true)
        #expect(!close.isFailure)
        #expect(close.served?.commonName == "kube-apiserver")
        #expect(close.version == "v1.36.1")
        #expect(close.measurement?.tlsVersion == "TLSv1.3")
    }

    @Test("One that is not ready names the checks that failed", arguments: [false, true])
    func unready(measuring: Bool) async throws {
        let visit = try await visit(try HostileServer(), "unready", measuring: measuring)
        #expect(visit.results.first?.isSuccess == true)
        let ready = try #require(visit.results.last)
        #expect(ready.failure == .serverError && ready.status == 500)
        #expect(ready.failedChecks == ["etcd", "informer-sync"])
    }

    @Test(
        "One that lets nobody ask without a credential is up, and says why no more is known", arguments: [false, true])
    func closed(measuring: Bool) async throws {
        let visit = try await visit(try HostileServer(), "closed", measuring: measuring)
        #expect(visit.results.map(\.isSuccess) == [true, true] && !visit.isFailure)
        #expect(visit.results.map(\.failure) == [.unauthorized, .unauthorized])
        var history = ProbeHistory()
        history.add(visit, now: 100)
        let facts = TenantFacts(KubeObject(["metadata": ["name": "prod", "namespace": "team"]]))
        let lines = history.samples(facts).lines
        func text(_ name: String) -> String { String(decoding: lines[name] ?? [], as: UTF8.self) }
        #expect(text("kamaji_probe_success").contains("check=\"readyz\"} 1"))
        #expect(text("kamaji_probe_failures_total").contains("check=\"readyz\"} 0"))
        #expect(text("kamaji_probe_last_failure_info").contains("reason=\"unauthorized\"} 1"))
    }

    @Test("A server that another authority vouches for fails, and is seen all the same", arguments: [false, true])
    func wrongAuthority(measuring: Bool) async throws {
        let other = try Credentials.makeAuthority("kubernetes").certificate.pem
        let visit = try await visit(try HostileServer(), "good", measuring: measuring, authorities: other)
        #expect(visit.results.map(\.failure) == [.verification, .verification])
        #expect(visit.served?.commonName == "kube-apiserver")
    }

    @Test("A server under another name fails, and is seen all the same")
    func wrongName() async throws {
        let server = try HostileServer(names: ["elsewhere"], addresses: [])
        let visit = try await visit(server, "good")
        #expect(visit.results.map(\.failure) == [.verification, .verification])
        #expect(visit.served != nil)
    }

    @Test("Without an authority nobody is believed")
    func noAuthority() async throws {
        let visit = try await visit(try HostileServer(), "good", measuring: true, authorities: [])
        #expect(visit.results.map(\.failure) == [.noAuthority, .noAuthority])
    }

    @Test(
        "Whatever hangs, floods or hangs up ends in time, with its reason",
        arguments: [
            ("accept", [.timeout]), ("tls", [.timeout]), ("body", [.timeout]), ("large", [.body]),
            ("cut", [.body]), ("refused", [.refused]),
        ] as [(String, Set<ProbeFailure>)])
    func hostile(kind: String, failures: Set<ProbeFailure>) async throws {
        let server = try HostileServer()
        let timeout: Duration = failures == [.timeout] ? .seconds(1) : .seconds(120)
        for measuring in [false, true] {
            let visit = try await visit(server, kind, measuring: measuring, timeout: timeout)
            #expect(visit.results.count == 2)
            for result in visit.results {
                #expect(result.failure.map { failures.contains($0) } == true, "\(kind) \(result)")
            }
        }
    }

    @Test("Many such probes leave neither descriptors nor memory behind")
    func leaks() async throws {
        // A process of its own: in this one others open files meanwhile.
        await #expect(processExitsWith: .success) {
            let tests = APIServerProbeTests()
            let server = try HostileServer()
            try await tests.round(140, server)
            let (files, memory) = (APIServerProbeTests.openFiles, APIServerProbeTests.residentMegabytes)
            try await tests.round(APIServerProbeTests.probes, server)
            // Connections that wait to be used again come and go with the hosts.
            #expect(APIServerProbeTests.openFiles <= files + 40)
            #expect(APIServerProbeTests.residentMegabytes < memory + 64)
        }
    }

    private func round(_ count: Int, _ server: HostileServer) async throws {
        let kinds = ["accept", "tls", "body", "large", "cut", "refused", "good"]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                if number >= 32 { try await group.next() }
                group.addTask {
                    _ = try await visit(
                        server, kinds[number % kinds.count], measuring: number % 2 == 0, timeout: .milliseconds(100))
                }
            }
            try await group.waitForAll()
        }
    }

    /// Ten thousand where there is time.
    private static let probes = ProcessInfo.processInfo.environment["KAMAJI_PROBES"].flatMap { Int($0) } ?? 560

    private static var openFiles: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }

    private static var residentMegabytes: Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) >> 20 : 0
    }
}
