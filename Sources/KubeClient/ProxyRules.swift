import KubeObjects

/// Which proxy a URL goes through, by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` as Go's programs read them.
package struct ProxyRules: Sendable, Hashable {
    private let secure: String?
    private let plain: String?
    private let exempt: [Exemption]

    private enum Exemption: Sendable, Hashable {
        case everything
        case network(CIDR)
        case address(IPAddress, port: Int?)
        /// `example.com` and its subdomains; with a leading dot the subdomains alone.
        case domain(String, port: Int?, subdomainsOnly: Bool)
    }

    package init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            for key in [name, name.lowercased()] {
                if let value = environment[key], !value.isEmpty { return value }
            }
            return nil
        }
        secure = value("HTTPS_PROXY")
        plain = value("HTTP_PROXY")
        exempt = (value("NO_PROXY") ?? "").split(separator: ",").compactMap { Self.exemption(String($0)) }
    }

    private static func exemption(_ text: String) -> Exemption? {
        let entry = text.split(separator: " ").joined().lowercased()
        if entry.isEmpty { return nil }
        if entry == "*" { return .everything }
        if let network = CIDR(entry) { return .network(network) }
        if let address = IPAddress(entry) { return .address(address, port: nil) }
        let (host, port) = split(entry)
        if let address = IPAddress(host) { return .address(address, port: port) }
        let bare = host.hasPrefix("*.") ? String(host.dropFirst()) : host
        if bare.hasPrefix(".") { return .domain(String(bare.dropFirst()), port: port, subdomainsOnly: true) }
        return .domain(bare, port: port, subdomainsOnly: false)
    }

    private static func split(_ text: String) -> (host: String, port: Int?) {
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            return (String(text[text.index(after: text.startIndex)..<close]), Int(text[close...].dropFirst(2)))
        }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else {
            return (text, nil)
        }
        return (String(text[..<colon]), port)
    }

    /// The proxy's URL; nil goes straight, as loopback always does.
    package func proxy(for url: String) -> String? {
        let isSecure = url.hasPrefix("https://")
        guard let proxy = isSecure ? secure : plain, let mark = url.firstRange(of: "://") else { return nil }
        let rest = url[mark.upperBound...]
        let authority = rest[..<(rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex)].lowercased()
        let parts = Self.split(authority)
        let host = parts.host
        let port = parts.port ?? (isSecure ? 443 : 80)
        let address = IPAddress(host)
        if host == "localhost" || address?.isLoopback == true { return nil }
        let isExempt = exempt.contains { rule in
            switch rule {
            case .everything: true
            case .network(let network): address.map(network.contains) ?? false
            case .address(let exempt, let exemptPort): exempt == address && (exemptPort ?? port) == port
            case .domain(let domain, let exemptPort, let subdomainsOnly):
                (exemptPort ?? port) == port
                    && (host.hasSuffix("." + domain) || (!subdomainsOnly && host == domain))
            }
        }
        if isExempt { return nil }
        return proxy.contains("://") ? proxy : "http://\(proxy)"
    }
}
