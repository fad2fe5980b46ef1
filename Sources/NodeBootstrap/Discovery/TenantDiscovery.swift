import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity

/// Finds the tenant and makes sure that it is the one: by the token's signature, then by the pinned authority, then
/// once more over a connection that the authority vouches for.
package struct TenantDiscovery: Sendable {
    private let transport: any HTTPTransport
    private let proxies: ProxyRules
    private let pacing: Pacing
    /// Is told why discovery waits, and until when.
    private let waiting: @Sendable (DiscoveryError, Date) -> Void

    private static let path = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
    /// kubeadm has ten seconds, which a satellite's round trips and a slow handshake use up.
    private static let requestTimeout = Duration.seconds(30)

    package init(
        transport: any HTTPTransport, proxies: ProxyRules, pacing: Pacing,
        waiting: @escaping @Sendable (DiscoveryError, Date) -> Void = { _, _ in }
    ) {
        self.transport = transport
        self.proxies = proxies
        self.pacing = pacing
        self.waiting = waiting
    }

    package struct Found: Sendable {
        package var info: ClusterInfo
        /// How far the server's clock is ahead of ours, in seconds; from a verified answer, unless that was waived.
        package var serverAhead: TimeInterval?
    }

    /// By a token and, unless that was waived, pins.
    package func find(
        _ discovery: JoinConfiguration.TokenDiscovery, within limit: Duration, now: @escaping @Sendable () -> Date
    ) async throws -> Found {
        let url = discovery.endpoint.url
        // Whoever answers: nothing secret is sent, and nothing is believed before its signature is verified.
        let anybody = TLSSettings(acceptsAnyCertificate: true)
        let (first, ahead) = try await patiently(limit, now) {
            let sent = now()
            let answer = try await read(url, anybody, now)
            return (
                try ClusterInfo(answer.json, token: discovery.token),
                HTTPDate.lead(of: answer.response, sent: sent, received: now())
            )
        }
        guard !discovery.pins.isEmpty else { return Found(info: first, serverAhead: ahead) }
        try first.check(discovery.pins)
        let trusting = TLSSettings(certificateAuthorities: first.authorityPEM)
        return try await patiently(limit, now) {
            let sent = now()
            let answer = try await read(url, trusting, now)
            guard answer.json[path: "data", "kubeconfig"]?.string.map({ Array($0.utf8) }) == first.kubeconfig else {
                throw DiscoveryError(
                    .changed,
                    "cluster-info reads otherwise over a verified connection than before: somebody stands "
                        + "between, or the tenant changed this very moment; run the join again")
            }
            return Found(
                info: first, serverAhead: HTTPDate.lead(of: answer.response, sent: sent, received: now()))
        }
    }

    /// What cluster-info names, where nothing is known of the tenant but where it is: the system's trust store vouches
    /// for who answers. Somebody whose certificate it does not vouch for, or who does not tell everybody, is not waited for.
    package func authorities(
        of server: String, within limit: Duration, now: @escaping @Sendable () -> Date
    ) async throws -> [UInt8] {
        let json = try await patiently(limit, now) {
            do {
                return try await read(server, .system, now).json
            } catch let error as DiscoveryError
                where [.tlsFailed, .unauthorized, .forbidden].contains(error.code)
            {
                throw DiscoveryError(.malformed, error.message)
            }
        }
        guard let text = json[path: "data", "kubeconfig"]?.string else {
            throw DiscoveryError(.malformed, "cluster-info of \(server) has no kubeconfig")
        }
        return try ClusterInfo(kubeconfig: Array(text.utf8)).authorityPEM
    }

    private func patiently<Value>(
        _ limit: Duration, _ now: @Sendable () -> Date, _ ask: () async throws -> Value
    ) async throws -> Value {
        let patience = DiscoveryPatience(limit: limit)
        let (start, began) = (pacing.elapsed(), now())
        var attempt = 1
        while true {
            do {
                return try await ask()
            } catch let error as DiscoveryError {
                guard let pause = patience.pause(after: error, attempt: attempt, elapsed: pacing.elapsed() - start)
                else { throw error }
                waiting(error, began.addingTimeInterval(patience.limit(for: error) / .seconds(1)))
                try await pacing.sleep(pause)
                attempt += 1
            }
        }
    }

    private struct Answer {
        var json: JSON
        var response: HTTPResponse
    }

    private func read(
        _ server: String, _ tls: TLSSettings, _ now: @escaping @Sendable () -> Date
    ) async throws -> Answer {
        var request = HTTPRequest("GET", server + Self.path, tls: tls, timeout: Self.requestTimeout)
        request.headers["Accept"] = "application/json"
        request.headers["User-Agent"] = "kamaji-agent"
        request.proxy = proxies.proxy(for: server)
        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch let error as HTTPTransportError {
            guard error.code != .cancelled else { throw CancellationError() }
            let clock = UnverifiedClock(transport: transport, proxies: proxies, now: now)
            if !tls.acceptsAnyCertificate, UnverifiedClock.isWorthAsking(after: error),
                let ahead = await clock.farAhead(of: server)
            {
                throw DiscoveryError(.wrongClock, "\(error.message): \(UnverifiedClock.explanation(ahead))")
            }
            throw DiscoveryError(error)
        }
        guard response.status == 200 else { throw DiscoveryError(response, server: server) }
        guard let json = try? JSON(parsing: response.body) else {
            throw DiscoveryError(
                .unexpectedAnswer, "\(server) answers with something that is no JSON: what answers may be no Kubernetes"
            )
        }
        return Answer(json: json, response: response)
    }

    /// The content of a discovery file at an `https://` URL, which the system's trust store vouches for.
    package func fetchFile(_ url: String) async throws -> String {
        var request = HTTPRequest("GET", url, timeout: Self.requestTimeout)
        request.proxy = proxies.proxy(for: url)
        do {
            let response = try await transport.send(request)
            guard response.status == 200 else { throw DiscoveryError(response, server: url) }
            return String(decoding: response.body, as: UTF8.self)
        } catch let error as HTTPTransportError {
            throw DiscoveryError(error)
        }
    }
}

extension DiscoveryError {
    init(_ error: HTTPTransportError) {
        switch error.code {
        case .unresolvedHost:
            self.init(.nameNotResolved, "\(error.message): this machine's DNS may not know the name")
        case .connectFailed:
            self.init(.connectionRefused, "\(error.message): the API server is down, or the port is closed on the way")
        case .timedOut:
            self.init(.timedOut, "\(error.message): something drops packets on the way (firewall, MTU, routing)")
        case .tlsFailed: self.init(.tlsFailed, error.message)
        default: self.init(.connectionLost, error.message)
        }
    }

    init(_ response: HTTPResponse, server: String) {
        let wait = response.headers["retry-after"].flatMap(Int.init).map { Duration.seconds(max(0, $0)) }
        switch response.status {
        case 401:
            self.init(
                .unauthorized, "\(server) refuses anonymous requests: the tenant was set up with --anonymous-auth=false"
            )
        case 403:
            self.init(.forbidden, "\(server) does not let anybody read kube-public/cluster-info (yet)")
        case 404: self.init(.incomplete, "\(server) has no ConfigMap kube-public/cluster-info (yet)")
        case 429: self.init(.throttled, "\(server) is busy (HTTP 429)", retryAfter: wait)
        case 500...599: self.init(.serverFailing, "\(server) fails (HTTP \(response.status))", retryAfter: wait)
        default:
            self.init(.unexpectedAnswer, "\(server) answers HTTP \(response.status): what answers may be no Kubernetes")
        }
    }
}

/// `Date` of HTTP (RFC 9110, 5.6.7), in the form that every server sends today.
package enum HTTPDate {
    /// How far the clock of whoever answered is ahead of ours, in seconds; nil when the answer has no date. Half a round
    /// trip is the best guess of when it was written.
    package static func lead(of response: HTTPResponse, sent: Date, received: Date) -> TimeInterval? {
        guard let date = response.headers["date"].flatMap(parse) else { return nil }
        let middle = sent.addingTimeInterval(received.timeIntervalSince(sent) / 2)
        // The header is in whole seconds, cut off.
        return date.addingTimeInterval(0.5).timeIntervalSince(middle)
    }

    package static func parse(_ text: String) -> Date? {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let parts = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])),
            parts[1].utf8.count == 2
        else { return nil }
        let number = month + 1
        return Timestamp.parse("\(parts[3])-\(number < 10 ? "0" : "")\(number)-\(parts[1])T\(parts[4])Z")
    }
}
