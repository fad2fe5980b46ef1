import FoundationEssentials
import HTTPTransport
import KubeClient

/// The clock of whoever answers at the tenant's address. By a clock of ours that is far off every certificate has ended or
/// has not begun, and then nobody can prove to be the tenant: this tells why, and is good for nothing else.
package struct UnverifiedClock: Sendable {
    private let transport: any HTTPTransport
    private let proxies: ProxyRules
    private let now: @Sendable () -> Date

    package init(transport: any HTTPTransport, proxies: ProxyRules, now: @escaping @Sendable () -> Date) {
        self.transport = transport
        self.proxies = proxies
        self.now = now
    }

    package init(_ environment: NodeEnvironment) {
        self.init(transport: environment.transport, proxies: environment.proxies, now: environment.now)
    }

    /// Whether a wrong clock may be why this failed.
    package static func isWorthAsking(after error: any Error) -> Bool {
        if let error = error as? HTTPTransportError { return error.code == .tlsFailed }
        guard case .transport(let error) = (error as? KubeError)?.cause else { return false }
        return error.code == .tlsFailed
    }

    /// - Parameter server: `https://host:port`.
    /// - Returns: how far it is ahead of ours, in seconds; nil where nobody answers, and where the two differ by less than
    ///   certificates bear.
    package func farAhead(of server: String) async -> TimeInterval? {
        // What everybody may know, and an answer that refuses it has a date too.
        var request = HTTPRequest(
            "GET", "\(server)/version", tls: TLSSettings(acceptsAnyCertificate: true), timeout: .seconds(10))
        request.proxy = proxies.proxy(for: server)
        let sent = now()
        guard let response = try? await transport.send(request),
            let ahead = HTTPDate.lead(of: response, sent: sent, received: now()), abs(ahead) > EdgeChecks.blockingSkew
        else { return nil }
        return ahead
    }

    /// What that does to certificates, and the way out.
    package static func explanation(_ ahead: TimeInterval) -> String {
        "this clock is \(Int(abs(ahead).rounded())) s \(ahead > 0 ? "behind" : "ahead of") that of whoever answers there, "
            + "and certificates are judged by it: set it (\"timedatectl set-ntp true\", chrony, or \"date -s\")"
    }
}
