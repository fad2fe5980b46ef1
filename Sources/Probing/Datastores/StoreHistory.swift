import Datastores
import PKI
import Prometheus

/// How one endpoint of a datastore answered.
package struct EndpointVisit: Sendable {
    package var isUp: Bool
    /// Seconds.
    package var duration: Double
    package var served: HeldCertificate?
    package var status: EtcdMemberStatus?
    /// The member's own metrics that are passed on.
    package var exposed: [ScrapedSample]
    /// The alarms of the whole cluster, as the member knows them; nil where it did not say.
    package var alarms: [EtcdAlarm]?
    /// Why it is not up, or says no more than that it is.
    package var failure: ProbeFailure?
    /// What it said instead of a greeting.
    package var refusal: StoreRefusal?

    package init(
        isUp: Bool, duration: Double, served: HeldCertificate? = nil, status: EtcdMemberStatus? = nil,
        exposed: [ScrapedSample] = [], alarms: [EtcdAlarm]? = nil, failure: ProbeFailure? = nil,
        refusal: StoreRefusal? = nil
    ) {
        (self.isUp, self.duration, self.served, self.status, self.exposed) = (isUp, duration, served, status, exposed)
        (self.alarms, self.failure, self.refusal) = (alarms, failure, refusal)
    }

    /// The server's, where it tells.
    package var version: String? { status?.version }

    /// Whether a member of etcd knows a leader; nil of others.
    package var hasLeader: Bool? { status.map { $0.leaderID != 0 } }

    /// The alarms that the member knows of, by their names.
    package var alarmNames: [String] { Set((alarms ?? []).map(\.kind.label)).sorted() }

    /// For a label: why it is not up, or refuses us.
    package var reason: String? { refusal?.rawValue ?? failure?.rawValue }
}

/// One round over all endpoints of a datastore.
package struct StoreVisit: Sendable {
    package var endpoints: [String: EndpointVisit]
    package var members: Int?

    package init(endpoints: [String: EndpointVisit]) { self.endpoints = endpoints }

    package var isUp: Bool { endpoints.values.contains { $0.isUp } }

    /// What any member knows of; nil where none said. Members learn of alarms from each other, some later than others.
    var alarms: Set<EtcdAlarm>? {
        let told = endpoints.values.compactMap(\.alarms)
        return told.isEmpty ? nil : Set(told.joined())
    }
}

/// What the rounds over one datastore have brought so far.
package struct StoreHistory: Sendable {
    private var last: StoreVisit?
    private var lastSuccess: Double?
    /// Served certificates last as long as their endpoint is named, also while it does not answer.
    private var served: [String: HeldCertificate] = [:]
    /// Alarms last as long as no member says that they are over.
    private(set) var alarms: Set<EtcdAlarm> = []
    /// Where each member was last found.
    private(set) var places: [UInt64: String] = [:]
    package var orphans: Int?
    /// Bytes of what they hold; nil while they are not all measured.
    package var orphanBytes: Double?

    package init() {}

    package var isEmpty: Bool { last == nil }

    package mutating func add(_ visit: StoreVisit, now: Double) {
        last = visit
        if visit.isUp { lastSuccess = now }
        served = served.filter { visit.endpoints[$0.key] != nil }
        if let told = visit.alarms { alarms = told }
        places = places.filter { visit.endpoints[$0.value] != nil }
        for (endpoint, found) in visit.endpoints {
            if let id = found.status?.memberID { places[id] = endpoint }
        }
        for (endpoint, found) in visit.endpoints where found.served != nil { served[endpoint] = found.served }
    }

    /// - Parameters:
    ///   - stored: the DataStore's own certificates: its authority, and the client's.
    ///   - tenantLimit: of DataStores that name none.
    package func samples(
        _ facts: StoreFacts, stored: [HeldCertificate], tenantLimit: Int? = nil, now: Double
    ) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        addObject(facts, &samples)
        if let limit = facts.tenantLimit ?? tenantLimit {
            samples.add(Catalogue.datastoreTenantsLimit, Double(limit))
        }
        addCertificates(stored, now, &samples)
        guard let last else { return samples }
        samples.add(Catalogue.datastoreUp, last.isUp)
        if let lastSuccess { samples.add(Catalogue.datastoreLastSuccess, lastSuccess.wholeMilliseconds) }
        for (endpoint, visit) in last.endpoints.sorted(by: { $0.key < $1.key }) {
            samples.add(Catalogue.endpointUp, visit.isUp, ["endpoint": endpoint])
            samples.add(Catalogue.endpointDuration, visit.duration.wholeMicroseconds, ["endpoint": endpoint])
            if let reason = visit.reason {
                samples.mark(Catalogue.endpointFailure, ["endpoint": endpoint, "reason": reason])
            }
        }
        EtcdSamples.add(last, &samples)
        addAlarms(&samples)
        if let orphans { samples.add(Catalogue.datastoreOrphans, Double(orphans)) }
        if let orphanBytes { samples.add(Catalogue.datastoreOrphanBytes, orphanBytes.rounded()) }
        return samples
    }

    /// Also of members that do not answer: who raised an alarm is often the one that went down with it.
    private func addAlarms(_ samples: inout SampleSet) {
        let named = alarms.map { alarm in
            (places[alarm.memberID] ?? "member \(String(alarm.memberID, radix: 16))", alarm.kind.label)
        }
        for (endpoint, alarm) in named.sorted(by: { $0 < $1 }) {
            samples.mark(Catalogue.etcdAlarm, ["endpoint": endpoint, "alarm": alarm])
        }
    }

    private func addObject(_ facts: StoreFacts, _ samples: inout SampleSet) {
        let versions = Set(last?.endpoints.values.compactMap { $0.status?.version } ?? []).sorted()
        samples.mark(
            Catalogue.datastoreInfo,
            ["driver": facts.driver, "server_version": versions.joined(separator: ",")])
        samples.add(Catalogue.datastoreReady, facts.isReady)
        samples.add(Catalogue.datastoreTenants, Double(facts.tenantCount))
        for condition in facts.conditions {
            samples.mark(
                Catalogue.datastoreCondition, ["condition": condition.type, "status": condition.status])
        }
    }

    private func addCertificates(_ stored: [HeldCertificate], _ now: Double, _ samples: inout SampleSet) {
        let authorities = stored.first { $0.name == "ca" }?.trusted ?? []
        let all = stored.map { ($0, "") } + served.sorted { $0.key < $1.key }.map { ($0.value, $0.key) }
        for (held, endpoint) in all {
            var problems = held.flaws
            if held.hasCertificate {
                samples.add(
                    Catalogue.datastoreNotAfter, held.notAfter, ["cert": held.name, "endpoint": endpoint])
                if held.notAfter < now { problems.insert(.expired) }
                if held.notBefore > now { problems.insert(.notYetValid) }
                if held.name != "ca", !authorities.isEmpty, let certificate = held.certificate {
                    if !authorities.contains(where: { certificate.isIssued(by: $0) }) { problems.insert(.chainInvalid) }
                    if let host = HostPort(endpoint)?.host, !certificate.isGood(for: host) {
                        problems.insert(.nameMissing)
                    }
                }
            }
            for problem in problems.map(\.rawValue).sorted() {
                samples.mark(
                    Catalogue.datastoreCertificateProblem,
                    ["cert": held.name, "endpoint": endpoint, "problem": problem])
            }
        }
    }

    /// What upstream's manager says of a DataStore.
    package static func upstream(_ facts: StoreFacts) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        let status = facts.conditions.first { $0.type.hasSuffix("DataStoreValidation") }?.status ?? "Unknown"
        samples.mark(Catalogue.upstreamDatastoreInfo, ["driver": facts.driver])
        samples.mark(
            Catalogue.upstreamDatastoreStatus, ["status": status, "ready": facts.isReady ? "true" : "false"])
        for isReady in [false, true] {
            samples.add(
                Catalogue.upstreamDatastores, isReady == facts.isReady,
                ["ready": isReady ? "true" : "false", "driver": facts.driver])
        }
        return samples
    }
}
