import Sockets

/// What requests have in common that may share a connection: where it goes to, and with which TLS settings.
struct Origin: Sendable, Hashable {
    /// An IPv6 address without brackets.
    let host: String
    let port: UInt16
    let tls: TLSSettings

    /// Nil for a request that only libcurl carries: over plain HTTP, through a proxy, on a UNIX socket, measured, or to
    /// a URL with more in it than a host, a port and a path.
    init?(_ request: HTTPRequest) {
        guard request.proxy == nil, request.unixSocket == nil, !request.isMeasured,
            let target = URLTarget(request.url), target.scheme == "https", let port = UInt16(exactly: target.port),
            port > 0, !request.url.contains("@"), request.url.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        host = target.host.hasPrefix("[") ? String(target.host.dropFirst().dropLast()) : target.host
        self.port = port
        tls = request.tls
    }

    /// Whose certificate is accepted.
    var certifiedHost: String { tls.serverName ?? host }

    /// What `:authority` says: the port is left out where it goes without saying.
    var authority: String {
        let name = certifiedHost.contains(":") ? "[\(certifiedHost)]" : certifiedHost
        return port == 443 ? name : "\(name):\(port)"
    }

    /// Scheme, host and port: all that may stand in an error.
    var name: String { "https://" + HostPort(host: host, port: port).description }

    var material: TLSMaterial {
        TLSMaterial(
            certificateAuthorities: tls.certificateAuthorities, clientCertificate: tls.clientCertificate,
            clientKey: tls.clientKey, acceptsAnyCertificate: tls.acceptsAnyCertificate)
    }
}

extension HTTPRequest {
    /// Fields that HTTP/2 has no use for, or writes in its own way (RFC 9113, 8.2.2).
    private static let leftOut: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host", "expect",
    ]

    /// The head as HTTP/2 carries it (RFC 9113, 8.3.1).
    /// - Throws: `.invalidRequest` for a field that would end its line.
    func headerFields(to origin: Origin) throws(HTTPTransportError) -> [HeaderField] {
        var fields = [
            HeaderField(":method", method), HeaderField(":scheme", "https"),
            HeaderField(":path", URLTarget(url)?.path ?? "/"), HeaderField(":authority", origin.authority),
        ]
        for header in headers.fields {
            guard !header.value.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) else {
                throw HTTPTransportError(.invalidRequest, "header \(header.name) holds a line break")
            }
            let name = header.name.lowercased()
            if Self.leftOut.contains(name) { continue }
            fields.append(HeaderField(name, header.value, isSecret: name == "authorization"))
        }
        // A method that usually has a body says so when there is none.
        let isEmptyOnPurpose = body == nil && ["POST", "PUT", "PATCH"].contains(method)
        if let count = body?.count ?? (isEmptyOnPurpose ? 0 : nil) {
            fields.append(HeaderField("content-length", "\(count)"))
        }
        return fields
    }
}
