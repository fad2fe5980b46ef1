import KubeObjects

/// What the exporter-toolkit's `--web.config.file` says (its docs/web-configuration.md): TLS, users, headers.
package struct WebConfiguration: Sendable, Hashable {
    package struct TLS: Sendable, Hashable {
        /// Paths; relative ones were made absolute against the file's folder.
        package var certificateFile: String
        package var keyFile: String
        package var clientAuthorityFile: String?
        package var clientAuthentication: ClientAuthentication
        package var minimumVersion: String
        package var maximumVersion: String
    }

    package enum ClientAuthentication: String, Sendable, Hashable, CaseIterable {
        case none = "NoClientCert"
        case verifyIfGiven = "VerifyClientCertIfGiven"
        case require = "RequireAndVerifyClientCert"
    }

    package var tls: TLS?
    package var headers: [String: String] = [:]
    /// bcrypt by user.
    package var users: [String: String] = [:]

    package init() {}

    /// - Parameter folder: where the file lies.
    package init(yaml: String, folder: String) throws(WebConfigurationError) {
        let document: JSON
        do {
            document = try YAML.parse(yaml).first ?? [:]
        } catch {
            throw WebConfigurationError("\(error)")
        }
        if document.isNull { return }
        try Self.check(document, at: "", ["tls_server_config", "http_server_config", "basic_auth_users"])
        if let section = document["tls_server_config"] { tls = try Self.tls(section, folder) }
        if let section = document["http_server_config"] { headers = try Self.headers(section) }
        // Anything but users must not read as "no users": then everybody would pass.
        let given = document["basic_auth_users"] ?? .null
        guard let hashes = given.isNull ? [:] : given.object else {
            throw WebConfigurationError("basic_auth_users is no mapping: give each user's name with a bcrypt hash")
        }
        for (user, hash) in hashes {
            guard let hash = hash.string, Self.isBcrypt(hash) else {
                throw WebConfigurationError(
                    "basic_auth_users.\(user) is no bcrypt hash: make one with \"htpasswd -nBC 10 \(user)\"")
            }
            users[user] = hash
        }
    }

    private static func tls(_ section: JSON, _ folder: String) throws(WebConfigurationError) -> TLS {
        try check(
            section, at: "tls_server_config.",
            [
                "cert_file", "key_file", "client_ca_file", "client_auth_type", "min_version", "max_version",
                "prefer_server_cipher_suites",
            ])
        func path(_ key: String) -> String? {
            section[key]?.string.map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
        }
        guard let certificate = path("cert_file"), let key = path("key_file") else {
            throw WebConfigurationError("tls_server_config needs both cert_file and key_file")
        }
        let asked = section["client_auth_type"] ?? .null
        let kind = asked.isNull ? ClientAuthentication.none.rawValue : asked.string ?? "\(asked)"
        guard let authentication = ClientAuthentication(rawValue: kind) else {
            let known = ClientAuthentication.allCases.map(\.rawValue).joined(separator: ", ")
            throw WebConfigurationError("tls_server_config.client_auth_type is \"\(kind)\"; known are \(known)")
        }
        let authority = path("client_ca_file")
        if authentication != .none, authority == nil {
            throw WebConfigurationError("tls_server_config.client_auth_type \(kind) needs client_ca_file")
        }
        return TLS(
            certificateFile: certificate, keyFile: key, clientAuthorityFile: authority,
            clientAuthentication: authentication, minimumVersion: try version("min_version", "TLS12", section),
            maximumVersion: try version("max_version", "TLS13", section))
    }

    private static func version(
        _ name: String, _ standard: String, _ section: JSON
    ) throws(WebConfigurationError) -> String {
        let version = section[name]?.string ?? standard
        guard ["TLS12", "TLS13"].contains(version) else {
            throw WebConfigurationError("tls_server_config.\(name) is \"\(version)\"; known are TLS12 and TLS13")
        }
        return version
    }

    private static func headers(_ section: JSON) throws(WebConfigurationError) -> [String: String] {
        try check(section, at: "http_server_config.", ["headers", "http2"])
        let known = [
            "Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options",
            "X-XSS-Protection",
        ]
        guard let given = section["headers"] else { return [:] }
        try check(given, at: "http_server_config.headers.", known)
        guard let headers = given.stringMap, headers.values.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 } }) else {
            throw WebConfigurationError("http_server_config.headers must be texts on one line")
        }
        return headers
    }

    /// `$2a$`, `$2b$` or `$2y$`, a cost, and 53 characters.
    private static func isBcrypt(_ hash: String) -> Bool {
        hash.wholeMatch(of: /\$2[aby]\$[0-9]{2}\$[.\/A-Za-z0-9]{53}/) != nil
    }

    private static func check(_ section: JSON, at path: String, _ known: [String]) throws(WebConfigurationError) {
        guard let fields = section.object else {
            throw WebConfigurationError("\(path.isEmpty ? "the file" : "\(path.dropLast())") must be a mapping")
        }
        for key in fields.keys.sorted() where !known.contains(key) {
            throw WebConfigurationError(
                "\(path)\(key) is not known here; known are \(known.joined(separator: ", "))")
        }
    }
}

package struct WebConfigurationError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
