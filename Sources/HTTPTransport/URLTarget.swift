/// The parts of a URL that say where a connection goes.
struct URLTarget: Sendable, Hashable {
    let scheme: String
    /// An IPv6 address in brackets.
    let host: String
    let port: Int
    private let rest: String

    init?(_ url: String) {
        guard let mark = url.firstRange(of: "://") else { return nil }
        scheme = String(url[..<mark.lowerBound])
        let after = url[mark.upperBound...]
        let end = after.firstIndex { "/?#".contains($0) } ?? after.endIndex
        rest = String(after[end...])
        let authority = after[..<end]
        let defaultPort = scheme == "https" ? 443 : 80
        if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
            host = String(authority[...close])
            let tail = authority[authority.index(after: close)...]
            guard let port = tail.isEmpty ? defaultPort : Int(tail.dropFirst()) else { return nil }
            self.port = port
        } else if let colon = authority.lastIndex(of: ":") {
            host = String(authority[..<colon])
            guard let port = Int(authority[authority.index(after: colon)...]) else { return nil }
            self.port = port
        } else {
            host = String(authority)
            port = defaultPort
        }
        if host.isEmpty { return nil }
    }

    /// Path and query, as a request names them; a fragment is the client's alone.
    var path: String {
        let path = String(rest.prefix { $0 != "#" })
        return path.hasPrefix("/") ? path : "/" + path
    }

    func url(host: String) -> String { "\(scheme)://\(host):\(port)\(rest)" }
}
