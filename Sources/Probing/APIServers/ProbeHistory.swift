import HTTPTransport
import Prometheus

/// What the probes of one tenant have brought so far.
package struct ProbeHistory: Sendable {
    private struct Record: Sendable {
        var attempts = 0
        var failures = 0
        var last: ProbeResult
        var lastSuccess: Double?
    }

    private var records: [ProbeCheck: Record] = [:]
    private var lastRun: Double?
    private var measurement: HTTPMeasurement?
    package private(set) var version = ""
    /// Seconds of the last probes of readiness, oldest first; nil where one was not answered well.
    package private(set) var latencies: [Double?] = []
    private static let remembered = 40

    package init() {}

    package var isEmpty: Bool { lastRun == nil }

    /// The last result of a check.
    package func last(_ check: ProbeCheck) -> ProbeResult? { records[check]?.last }

    package func lastSuccess(_ check: ProbeCheck) -> Double? { records[check]?.lastSuccess }

    package mutating func add(_ visit: ProbeVisit, now: Double) {
        lastRun = now
        for result in visit.results {
            var record = records[result.check] ?? Record(last: result)
            record.attempts += 1
            record.last = result
            if result.isSuccess { record.lastSuccess = now } else { record.failures += 1 }
            records[result.check] = record
            if result.check == .readyz {
                latencies = latencies.suffix(Self.remembered - 1) + [result.isSuccess ? result.duration : nil]
            }
        }
        if let found = visit.measurement { measurement = found }
        if let found = visit.version { version = found }
    }

    package func samples(_ facts: TenantFacts) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        guard let lastRun else { return samples }
        samples.add(Catalogue.probeLastRun, lastRun.wholeMilliseconds)
        for check in ProbeCheck.allCases {
            guard let record = records[check] else { continue }
            add(record, check.rawValue, &samples)
        }
        if let measurement {
            for (phase, seconds) in [
                ("connect", measurement.connect), ("request", measurement.request), ("resolve", measurement.resolve),
                ("tls", measurement.tls),
            ] {
                samples.add(Catalogue.probePhase, seconds.wholeMicroseconds, ["phase": phase])
            }
            if !measurement.tlsVersion.isEmpty {
                samples.mark(
                    Catalogue.probeTLSInfo, ["version": measurement.tlsVersion, "cipher": measurement.cipher])
            }
        }
        return samples
    }

    private func add(_ record: Record, _ check: String, _ samples: inout SampleSet) {
        samples.add(Catalogue.probeSuccess, record.last.isSuccess, ["check": check])
        samples.add(Catalogue.probeDuration, record.last.duration.wholeMicroseconds, ["check": check])
        samples.add(Catalogue.probeAttempts, Double(record.attempts), ["check": check])
        samples.add(Catalogue.probeFailures, Double(record.failures), ["check": check])
        samples.add(Catalogue.probeStatus, Double(record.last.status), ["check": check])
        if let time = record.lastSuccess {
            samples.add(Catalogue.probeLastSuccess, time.wholeMilliseconds, ["check": check])
        }
        if let failure = record.last.failure {
            samples.mark(Catalogue.probeFailureInfo, ["check": check, "reason": failure.rawValue])
        }
        for name in record.last.failedChecks {
            samples.mark(Catalogue.probeFailedCheck, ["check": check, "name": name])
        }
    }
}

extension Double {
    /// Fewer digits compress better, and nobody measures finer.
    var wholeMicroseconds: Double { (self * 1e6).rounded() / 1e6 }
    var wholeMilliseconds: Double { (self * 1e3).rounded() / 1e3 }
}
