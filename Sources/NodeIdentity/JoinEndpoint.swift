import KubeObjects

/// Where a tenant's API server is joined: a host, by name or address, and a port. Its text is what `kubeadm join` takes.
package struct JoinEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// Lower case; an IPv6 address without brackets.
    package let host: String
    package let port: Int

    /// Where a tenant's tunnel server listens unless its spec says otherwise
    /// (`addons.konnectivity.server.port`).
    package static let tunnelPort = 8132

    /// Reads `host:port` with an IPv6 address in brackets. Unlike kubeadm, which splits and looks no further, it checks
    /// the host and the port.
    ///
    /// - Parameter usualPort: the one that is proposed to whoever gives none.
    package init(_ text: String, usualPort: Int = 6443) throws(JoinInputError) {
        guard !text.contains("://") else {
            throw JoinInputError(
                .endpoint, "endpoint \"\(text)\" is a URL: leave out \"https://\", HOST:PORT is enough")
        }
        let host: Substring
        let port: Substring
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            guard rest.hasPrefix(":"), IPAddress(String(host)) != nil else {
                throw JoinInputError(.endpoint, "endpoint \"\(text)\" is not [ADDRESS]:PORT")
            }
            port = rest.dropFirst()
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw JoinInputError(
                    .endpoint,
                    parts.count < 2
                        ? "endpoint \"\(text)\" has no port: write HOST:PORT, usually HOST:\(usualPort)"
                        : "endpoint \"\(text)\" has several colons: write an IPv6 address as [ADDRESS]:PORT")
            }
            host = parts[0]
            port = parts[1]
        }
        guard let number = Int(port), (1...65_535).contains(number), port.utf8.allSatisfy({ $0 != UInt8(ascii: "+") })
        else {
            throw JoinInputError(.endpoint, "endpoint \"\(text)\" has port \"\(port)\": give a number from 1 to 65535")
        }
        let name = host.lowercased()
        guard IPAddress(name) != nil || NodeName(name.hasSuffix(".") ? String(name.dropLast()) : name) != nil else {
            throw JoinInputError(.endpoint, "endpoint \"\(text)\" has host \"\(host)\": give a DNS name or an address")
        }
        self.host = name
        self.port = number
    }

    package var address: IPAddress? { IPAddress(host) }
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    package var url: String { "https://\(description)" }
}

/// Why what somebody typed or pasted lets nobody join.
package struct JoinInputError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Field: String, Sendable, Hashable {
        case endpoint, token, pin, joinString, nodeName, configuration
    }

    package let field: Field
    /// What is wrong and the way out; never a token's secret half.
    package let message: String

    package init(_ field: Field, _ message: String) {
        self.field = field
        self.message = message
    }

    package var description: String { message }
}
