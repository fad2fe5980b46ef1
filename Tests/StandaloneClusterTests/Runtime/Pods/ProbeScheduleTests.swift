import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite struct ProbeScheduleTests {
    private func schedule(_ container: JSON) -> ProbeSchedule {
        ProbeSchedule(container: container, podIP: "127.112.0.1")
    }

    private let guarded: JSON = [
        "ports": [["name": "https", "containerPort": 6443]],
        "startupProbe": [
            "httpGet": ["path": "/livez", "port": "https", "scheme": "HTTPS"], "periodSeconds": 1,
            "failureThreshold": 3,
        ],
        "livenessProbe": ["tcpSocket": ["port": 6443], "initialDelaySeconds": 5, "failureThreshold": 2],
        "readinessProbe": [
            "httpGet": ["port": 80], "successThreshold": 2, "failureThreshold": 2, "periodSeconds": 3,
        ],
    ]

    @Test func `without probes a container is ready when it runs`() {
        let schedule = schedule([:])
        #expect(schedule.isStarted && schedule.isReady)
        #expect(ProbeSchedule.Kind.allCases.allSatisfy { schedule.next($0) == nil })
    }

    @Test func `nothing is asked before the startup probe has succeeded`() throws {
        var schedule = schedule(guarded)
        #expect(!schedule.isStarted && !schedule.isReady)
        #expect(schedule.next(.liveness) == nil && schedule.next(.readiness) == nil)
        let first = try #require(schedule.next(.startup))
        #expect(first.due == .zero)
        #expect(
            first.probe.action
                == .http(host: "127.112.0.1", port: 6443, path: "/livez", isSecure: true, headers: [:]))
        schedule.record(.startup, succeeded: false, at: .zero)
        #expect(schedule.next(.startup)?.due == .seconds(1))
        schedule.record(.startup, succeeded: true, at: .seconds(1))
        #expect(schedule.isStarted && !schedule.isReady)
        #expect(schedule.next(.startup) == nil)
        #expect(schedule.next(.readiness)?.due == .seconds(1))
        #expect(schedule.next(.liveness)?.due == .seconds(5))
        #expect(schedule.next(.liveness)?.probe.period == .seconds(10))
    }

    @Test func `a startup probe gives up after its threshold`() {
        var schedule = schedule(guarded)
        for second in 0..<3 { schedule.record(.startup, succeeded: false, at: .seconds(second)) }
        #expect(schedule.failed == .startup)
        #expect(schedule.next(.startup) == nil)
    }

    @Test func `readiness comes and goes by its thresholds, and liveness ends the container`() {
        var schedule = schedule(guarded)
        schedule.record(.startup, succeeded: true, at: .zero)
        schedule.record(.readiness, succeeded: true, at: .seconds(1))
        #expect(!schedule.isReady)
        schedule.record(.readiness, succeeded: true, at: .seconds(4))
        #expect(schedule.isReady)
        schedule.record(.readiness, succeeded: false, at: .seconds(7))
        #expect(schedule.isReady)
        schedule.record(.readiness, succeeded: false, at: .seconds(10))
        #expect(!schedule.isReady)
        schedule.record(.liveness, succeeded: false, at: .seconds(5))
        schedule.record(.liveness, succeeded: true, at: .seconds(15))
        schedule.record(.liveness, succeeded: false, at: .seconds(25))
        #expect(schedule.failed == nil)
        schedule.record(.liveness, succeeded: false, at: .seconds(35))
        #expect(schedule.failed == .liveness)
        #expect(schedule.next(.readiness) == nil)
    }

    @Test func `a probe that cannot be asked is none`() {
        #expect(Probe(["grpc": ["port": 1]], podIP: "127.0.0.1", container: [:]) == nil)
        #expect(Probe(["tcpSocket": ["port": "unnamed"]], podIP: "127.0.0.1", container: [:]) == nil)
    }

    @Test(arguments: [("HTTP/1.1 200 OK\r", 200), ("HTTP/1.1 503", 503), ("hello", nil), ("HTTP/1.1 2000 x", nil)])
    func `the status of an answer is read from its first line`(line: String, code: Int?) {
        #expect(ProbeRunner.statusCode(line) == code)
    }

    @Test func `a request is whole, and headers cannot break out of it`() {
        let request = ProbeRunner.request(
            host: "127.0.0.1", port: 80, path: "x\r\nEvil: 1", headers: ["host": "a.example"])
        #expect(request.hasPrefix("GET /xEvil: 1 HTTP/1.1\r\n"))
        #expect(request.contains("\r\nhost: a.example\r\n") && !request.contains("Host: 127"))
        #expect(request.hasSuffix("\r\n\r\n"))
    }
}
