import HTTPTransport
import KubeClient
import KubeObjects
import Prometheus

/// Whose API to look into, and where the credential for that is.
package struct InspectionTarget: Sendable, Hashable {
    /// `host:port`.
    package let endpoint: String
    /// The Secret with `admin.conf`.
    package let secret: ObjectKey
    package let usesKonnectivity: Bool

    package init(endpoint: String, secret: ObjectKey, usesKonnectivity: Bool) {
        (self.endpoint, self.secret, self.usesKonnectivity) = (endpoint, secret, usesKonnectivity)
    }
}

/// Looks into tenants with the kubeconfig that the manager made for their administrators. It is read for each visit and
/// let go with it; nothing is asked but with GET.
package struct TenantInspector: Sendable {
    private let api: KubeClient
    private let transport: any HTTPTransport

    /// Nodes asked for at once: enough to find one that is Ready, however many there are.
    private static let nodeLimit = 10
    /// Nodes dialled before the tunnel is called silent: one dead node is not a dead tunnel.
    private static let dials = 3
    /// An API server with every resource of a large cluster tells some megabytes.
    private static let metricsLimit = 16 << 20

    /// - Parameter api: of the admin cluster.
    package init(api: KubeClient, transport: any HTTPTransport) { (self.api, self.transport) = (api, transport) }

    /// - Parameters:
    ///   - timeout: of each question.
    ///   - measuresStorage: whether to read the API server's own metrics, which are large.
    /// - Returns: nil where there is no credential that could be used.
    package func visit(_ target: InspectionTarget, timeout: Duration, measuresStorage: Bool) async -> TenantInspection?
    {
        guard let tls = await credential(target.secret) else { return nil }
        let visit = InspectionVisit(transport: transport, endpoint: target.endpoint, tls: tls, timeout: timeout)
        var found = TenantInspection()
        let list: JSON
        switch await visit.json("/api/v1/nodes?limit=\(Self.nodeLimit)") {
        case .success(let json): list = json
        case .failure(let failure):
            found.failures.append(failure)
            return found
        }
        let nodes = (list["items"]?.array ?? []).map { KubeObject($0) }
        found.nodes = Self.count(nodes.count, list)
        found.revision = list[path: "metadata", "resourceVersion"]?.string.flatMap { UInt64($0) }.map { Double($0) }
        if target.usesKonnectivity {
            found.agentsDesired = await agents(visit, &found.failures)
            let ready = nodes.filter { Self.isReady($0) && Self.isName($0.name) }
            let dialable = ready.filter { NodeReach.undialable(of: $0) == nil }
            found.undialableNodes = ready.count - dialable.count
            found.dial = await dial(visit, dialable.map(\.name), &found.failures)
        }
        if measuresStorage { found.storageBytes = await storageBytes(visit, &found.failures) }
        return found
    }

    /// Only what stands in the kubeconfig itself: its server, its plugins and its files are not asked for, whoever wrote
    /// them into it.
    private func credential(_ secret: ObjectKey) async -> TLSSettings? {
        guard let object = try? await api.find(.secrets, secret),
            let bytes = object[path: "data", "admin.conf"]?.string.flatMap(Base64.decode),
            let config = try? Kubeconfig(yaml: String(decoding: bytes, as: UTF8.self)),
            let context = config.currentContext.flatMap({ config.context($0) }),
            let authorities = config.cluster(context.cluster)?.certificateAuthorityData,
            let user = config.user(context.user), let certificate = user.clientCertificateData,
            let key = user.clientKeyData
        else { return nil }
        return TLSSettings(certificateAuthorities: authorities, clientCertificate: certificate, clientKey: key)
    }

    /// A list that goes on says how much is left.
    static func count(_ items: Int, _ list: JSON) -> Int? {
        if list[path: "metadata", "continue"]?.string?.isEmpty ?? true { return items }
        return list[path: "metadata", "remainingItemCount"]?.integer.flatMap {
            $0 >= 0 ? items + Int(clamping: $0) : nil
        }
    }

    /// A DaemonSet, or where the addon's mode says so a Deployment.
    private func agents(_ visit: InspectionVisit, _ failures: inout [ProbeFailure]) async -> Int? {
        let folder = "/apis/apps/v1/namespaces/kube-system"
        for (path, place) in [
            ("daemonsets", ["status", "desiredNumberScheduled"]), ("deployments", ["spec", "replicas"]),
        ] {
            switch await visit.json("\(folder)/\(path)/konnectivity-agent") {
            case .success(let json): return (json[path: place]?.integer ?? 0).clampedToCount
            case .failure(.otherStatus): continue
            case .failure(let failure):
                failures.append(failure)
                return nil
            }
        }
        return nil
    }

    private func dial(
        _ visit: InspectionVisit, _ nodes: [String], _ failures: inout [ProbeFailure]
    ) async -> TenantInspection.Dial? {
        let clock = ContinuousClock()
        var last: TenantInspection.Dial?
        for name in nodes.shuffled().prefix(Self.dials) {
            let start = clock.now
            // kubelet's own health, over the port that logs and exec take.
            let status = await visit.status("/api/v1/nodes/\(name)/proxy/healthz")
            let duration = (clock.now - start).inSeconds
            switch status {
            case .success(let code):
                guard let isAnswered = Self.isAnswered(code) else { continue }
                last = TenantInspection.Dial(isAnswered: isAnswered, duration: duration)
                if isAnswered { return last }
            case .failure(let failure):
                failures.append(failure)
                // The API server waits longer for its tunnel than we for it; any other failure is its own.
                if failure == .timeout { last = TenantInspection.Dial(isAnswered: false, duration: duration) }
            }
        }
        return last
    }

    static func isReady(_ node: KubeObject) -> Bool {
        (node[path: "status", "conditions"]?.array ?? []).contains {
            $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
        }
    }

    /// It becomes part of a path.
    static func isName(_ name: String) -> Bool { name.wholeMatch(of: /[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/) != nil }

    /// A kubelet that refuses has answered. What the API server says of itself when it cannot dial is 500 and above; a
    /// Node that went meanwhile is 404, a busy API server 429, and one that has no such call 501: they say nothing.
    static func isAnswered(_ status: Int) -> Bool? {
        [404, 429, 501].contains(status) ? nil : status < 500
    }

    private func storageBytes(_ visit: InspectionVisit, _ failures: inout [ProbeFailure]) async -> Double? {
        switch await visit.body("/metrics", limit: Self.metricsLimit) {
        case .success(let page): return Self.storageBytes(page)
        // Not every API server tells.
        case .failure(.otherStatus): return nil
        case .failure(let failure):
            failures.append(failure)
            return nil
        }
    }

    /// Sizes of all resources together; one that is not known is negative.
    static func storageBytes(_ page: [UInt8]) -> Double? {
        let sizes = ExpositionReader.samples(page) { $0 == "apiserver_resource_size_estimate_bytes" }.map(\.value)
            .filter { $0 >= 0 && $0.isFinite }
        return sizes.isEmpty ? nil : sizes.reduce(0, +)
    }
}

/// Questions to one API server, under one credential.
private struct InspectionVisit: Sendable {
    let transport: any HTTPTransport
    let endpoint: String
    let tls: TLSSettings
    let timeout: Duration

    /// Of objects and short lists.
    private static let limit = 4 << 20

    private func get(_ path: String, limit: Int) async -> Result<HTTPResponse, ProbeFailure> {
        let request = HTTPRequest(
            "GET", "https://\(endpoint)\(path)",
            headers: ["User-Agent": "kamaji-exporter", "Accept": "application/json, text/plain;q=0.5"],
            tls: tls, timeout: timeout, bodyLimit: limit)
        do { return .success(try await transport.send(request)) } catch { return .failure(ProbeFailure(error)) }
    }

    func status(_ path: String) async -> Result<Int, ProbeFailure> {
        await get(path, limit: Self.limit).map(\.status)
    }

    func body(_ path: String, limit: Int = InspectionVisit.limit) async -> Result<[UInt8], ProbeFailure> {
        switch await get(path, limit: limit) {
        case .failure(let failure): return .failure(failure)
        case .success(let response):
            guard let failure = ProbeFailure.of(status: response.status) else { return .success(response.body) }
            return .failure(failure)
        }
    }

    func json(_ path: String) async -> Result<JSON, ProbeFailure> {
        switch await body(path) {
        case .failure(let failure): return .failure(failure)
        case .success(let bytes):
            guard let json = try? JSON(parsing: bytes) else { return .failure(.body) }
            return .success(json)
        }
    }
}

extension ProbeFailure: Error {}

extension Int64 {
    /// Numbers come from whoever writes the object.
    fileprivate var clampedToCount: Int { Int(clamping: Swift.max(0, self)) }
}
