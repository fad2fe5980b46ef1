import Datastores
import HTTPTransport
import KubeObjects
import PKI
import Prometheus

/// What is needed to speak to a datastore, resolved from its DataStore and the Secrets that it names.
package struct StoreAccess: Sendable {
    package let facts: StoreFacts
    package let tls: TLSSettings
    /// The authority and the client's certificate, for their ends.
    package let stored: [HeldCertificate]
    /// What it should ask with and is not there, or cannot be read.
    package let missing: Set<CredentialKind>

    package init(
        facts: StoreFacts, tls: TLSSettings, stored: [HeldCertificate], missing: Set<CredentialKind> = []
    ) {
        (self.facts, self.tls, self.stored, self.missing) = (facts, tls, stored, missing)
    }
}

/// Visits the endpoints of datastores.
package struct StoreProbe: Sendable {
    private let transport: any HTTPTransport
    private let dialer: SocketDialer
    private let timeout: Duration

    package init(transport: any HTTPTransport, dialer: SocketDialer, timeout: Duration) {
        (self.transport, self.dialer, self.timeout) = (transport, dialer, timeout)
    }

    /// All endpoints at once: one that hangs keeps nobody from the others.
    package func visit(_ access: StoreAccess) async -> StoreVisit {
        let endpoints = await withTaskGroup(of: (String, EndpointVisit).self) { group in
            for endpoint in access.facts.endpoints {
                group.addTask {
                    access.facts.isEtcd
                        ? (endpoint, await etcd(endpoint, access)) : (endpoint, await dial(endpoint, access))
                }
            }
            return await group.reduce(into: [String: EndpointVisit]()) { $0[$1.0] = $1.1 }
        }
        var visit = StoreVisit(endpoints: endpoints)
        guard access.facts.isEtcd else { return visit }
        let observer = observer(access)
        for endpoint in endpoints.filter({ $0.value.isUp }).keys.sorted() {
            visit.members = try? await observer.votingMembers(at: endpoint)
            if visit.members != nil { break }
        }
        return visit
    }

    private func observer(_ access: StoreAccess) -> EtcdObserver {
        EtcdObserver(tls: access.tls, transport: transport, timeout: timeout)
    }

    private func etcd(_ endpoint: String, _ access: StoreAccess) async -> EndpointVisit {
        let observer = observer(access)
        async let knock = dialer.knock(at: endpoint, driver: access.facts.driver, timeout: timeout)
        async let metrics = observer.metrics(at: endpoint)
        let clock = ContinuousClock()
        let start = clock.now
        let status = try? await observer.status(at: endpoint)
        let duration = (clock.now - start).inSeconds
        let alarms = status == nil ? nil : try? await observer.alarms(at: endpoint)
        var (page, failure) = ([UInt8](), status == nil ? ProbeFailure.other : nil)
        do {
            page = try await metrics
        } catch let error as HTTPTransportError where status == nil {
            // Both calls go the same way; this one says what is wrong with it.
            failure = ProbeFailure(error)
        } catch {}
        return EndpointVisit(
            isUp: status != nil, duration: duration, served: await knock.served, status: status,
            exposed: ExpositionReader.samples(page, where: EtcdSamples.isWanted), alarms: alarms, failure: failure)
    }

    private func dial(_ endpoint: String, _ access: StoreAccess) async -> EndpointVisit {
        let clock = ContinuousClock()
        let start = clock.now
        let facts = access.facts
        let knock = await dialer.knock(
            at: endpoint, driver: facts.driver, wantsTLS: facts.wantsTLS, timeout: timeout)
        let duration = (clock.now - start).inSeconds
        if let refusal = knock.refusal {
            return EndpointVisit(
                isUp: refusal.isOfOurHost, duration: duration, failure: .unauthorized, refusal: refusal)
        }
        // A store that should speak TLS and does not is of no use to its tenants.
        let isUp = knock.isAnswered && (knock.served != nil || !facts.wantsTLS)
        return EndpointVisit(
            isUp: isUp, duration: duration, served: knock.served,
            failure: isUp ? nil : knock.isAnswered ? .handshake : .refused)
    }

    /// How many keys each schema holds, asked of one member and one after another: the count goes through an index, and
    /// others need the member too. A member that does not answer once is not asked again.
    package func keyCounts(_ access: StoreAccess, schemas: [String]) async -> [String: UInt64] {
        let observer = observer(access)
        var counts: [String: UInt64] = [:]
        var silent: Set<String> = []
        for schema in schemas {
            for endpoint in access.facts.endpoints where !silent.contains(endpoint) && !Task.isCancelled {
                do {
                    counts[schema] = try await observer.keyCount(of: schema, at: endpoint)
                    break
                } catch let error as EtcdError where error.isAnswer {
                    // It may refuse one prefix and tell of the next.
                } catch {
                    silent.insert(endpoint)
                }
            }
        }
        return counts
    }

    /// Bytes of the keys and values of a schema; nil where no member tells.
    package func size(_ access: StoreAccess, of schema: String) async -> Double? {
        let observer = observer(access)
        for endpoint in access.facts.endpoints where !Task.isCancelled {
            if let bytes = try? await observer.size(of: schema, at: endpoint) { return bytes }
        }
        return nil
    }

    /// Schemas that hold anything; nil where etcd does not let us look.
    package func schemas(_ access: StoreAccess) async -> [String]? {
        let observer = observer(access)
        for endpoint in access.facts.endpoints where !Task.isCancelled {
            if let found = try? await observer.schemas(at: endpoint) { return found }
        }
        return nil
    }
}
