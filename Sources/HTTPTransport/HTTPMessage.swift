/// Header or trailer fields, in the order they came. Names compare without regard to case (RFC 9110, 5.1).
package struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    package var fields: [Field]

    package struct Field: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(_ fields: [Field] = []) { self.fields = fields }

    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field($0.0, $0.1) }
    }

    /// The first field of this name. Setting replaces every field of that name; setting nil removes them.
    package subscript(name: String) -> String? {
        get { fields.first { $0.name.lowercased() == name.lowercased() }?.value }
        set {
            fields.removeAll { $0.name.lowercased() == name.lowercased() }
            if let newValue { fields.append(Field(name, newValue)) }
        }
    }
}

/// One request, as a value: nothing about it depends on the transport that carries it.
package struct HTTPRequest: Sendable, Hashable {
    package var method: String
    /// Absolute, `https://` or `http://`, already percent-encoded.
    package var url: String
    package var headers: HTTPHeaders
    package var body: [UInt8]?
    package var tls: TLSSettings
    /// Of the whole exchange; nil lets it run for ever (watches). Connecting is bounded by the transport in any case.
    package var timeout: Duration?
    /// `http://host:port`, through which the request goes; nil goes straight. The environment is never consulted here.
    package var proxy: String?
    /// The path of a UNIX socket to connect to instead of the URL's host.
    package var unixSocket: String?
    package var version: Version
    /// Of a whole response's body, in bytes; more ends the transfer with `.bodyTooLarge`. Nil is the transport's limit.
    package var bodyLimit: Int?
    /// Opens a connection of its own, closed with the response, and tells in the response how that went.
    package var isMeasured: Bool

    package enum Version: Sendable, Hashable {
        /// HTTP/2 where the server's ALPN offers it, HTTP/1.1 otherwise.
        case negotiated
        /// HTTP/2 or an error: what gRPC needs. Over `http://` it is spoken with prior knowledge.
        case http2
    }

    package init(
        _ method: String, _ url: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil, tls: TLSSettings = .system,
        timeout: Duration? = .seconds(30), proxy: String? = nil, version: Version = .negotiated, bodyLimit: Int? = nil,
        isMeasured: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.tls = tls
        self.timeout = timeout
        self.proxy = proxy
        self.version = version
        self.bodyLimit = bodyLimit
        self.isMeasured = isMeasured
    }
}

/// Whom we trust and who we are, from memory: private keys never touch the disk on our account.
/// Requests with equal settings to one origin share connections; with different settings never.
package struct TLSSettings: Sendable, Hashable {
    /// PEM certificates that replace the system's trust; nil trusts what the system trusts.
    package var certificateAuthorities: [UInt8]?
    /// PEM, leaf first.
    package var clientCertificate: [UInt8]?
    /// PEM.
    package var clientKey: [UInt8]?
    /// The name the server's certificate must carry, where it is not the URL's host.
    package var serverName: String?
    /// Accepts any certificate. Only ever set when a kubeconfig says `insecure-skip-tls-verify`.
    package var acceptsAnyCertificate: Bool

    package init(
        certificateAuthorities: [UInt8]? = nil, clientCertificate: [UInt8]? = nil, clientKey: [UInt8]? = nil,
        serverName: String? = nil, acceptsAnyCertificate: Bool = false
    ) {
        self.certificateAuthorities = certificateAuthorities
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
        self.serverName = serverName
        self.acceptsAnyCertificate = acceptsAnyCertificate
    }

    package static let system = TLSSettings()
}

extension TLSSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says what is set, never what it is.
    package var description: String {
        "TLSSettings(ca: \(certificateAuthorities != nil), certificate: \(clientCertificate != nil))"
    }
    package var debugDescription: String { description }
    /// Keeps `dump` and string interpolation of enclosing values away from the bytes.
    package var customMirror: Mirror { Mirror(self, children: ["serverName": serverName as Any]) }
}

/// A whole response.
package struct HTTPResponse: Sendable, Hashable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// What came after the body; gRPC's status is here.
    package var trailers: HTTPHeaders
    /// Of a request that asked for it.
    package var measurement: HTTPMeasurement?

    package init(
        status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [], trailers: HTTPHeaders = [:],
        measurement: HTTPMeasurement? = nil
    ) {
        self.measurement = measurement
        self.status = status
        self.headers = headers
        self.body = body
        self.trailers = trailers
    }
}

/// How one connection was made, and what the server showed of itself.
package struct HTTPMeasurement: Sendable, Hashable {
    /// Seconds of each step alone; 0 where there was none.
    package var resolve = 0.0
    package var connect = 0.0
    package var tls = 0.0
    /// From the end of the handshake to the end of the response.
    package var request = 0.0
    /// 1.0, 1.1, 2 or 3; 0 where nothing was answered.
    package var httpVersion = 0.0
    /// 4 or 6; 0 where no connection came about.
    package var ipVersion = 0
    /// The certificates that the server sent, leaf first, as PEM; empty over plain HTTP. Nothing is said of whether
    /// they are to be trusted.
    package var certificatesPEM: [UInt8] = []
    /// "TLSv1.3"; empty over plain HTTP.
    package var tlsVersion = ""
    /// "TLS_AES_256_GCM_SHA384"; empty over plain HTTP.
    package var cipher = ""

    package init() {}
}
