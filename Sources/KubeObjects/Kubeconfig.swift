/// A kubeconfig (client-go's `v1.Config`), as a value: nothing here opens a file or runs a command. What we do not know
/// is carried along.
package struct Kubeconfig: Sendable, Hashable {
    package private(set) var json: JSON

    /// A kubeconfig of one cluster, one user and the context `<user>@<cluster>`, everything embedded.
    package init(
        clusterName: String, server: String, certificateAuthorityPEM: [UInt8], userName: String,
        clientCertificatePEM: [UInt8], clientKeyPEM: [UInt8]
    ) {
        let context = "\(userName)@\(clusterName)"
        json = [
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                [
                    "name": .string(clusterName),
                    "cluster": [
                        "server": .string(server),
                        "certificate-authority-data": .string(Base64.encode(certificateAuthorityPEM)),
                    ],
                ]
            ],
            "contexts": [
                [
                    "name": .string(context),
                    "context": ["cluster": .string(clusterName), "user": .string(userName)],
                ]
            ],
            "current-context": .string(context),
            "users": [
                [
                    "name": .string(userName),
                    "user": [
                        "client-certificate-data": .string(Base64.encode(clientCertificatePEM)),
                        "client-key-data": .string(Base64.encode(clientKeyPEM)),
                    ],
                ]
            ],
        ]
    }

    /// Reads YAML or JSON. An empty text is an empty kubeconfig, as kubectl has it.
    package init(yaml: String) throws(KubeconfigError) {
        let documents: [JSON]
        do {
            documents = try YAML.parse(yaml)
        } catch {
            throw KubeconfigError("\(error)")
        }
        let json = documents.first ?? [:]
        guard json.object != nil else { throw KubeconfigError("a kubeconfig is a mapping, not \(json.kindName)") }
        if let kind = json["kind"]?.string, kind != "Config" {
            throw KubeconfigError("kind is \"\(kind)\", and a kubeconfig's is \"Config\"")
        }
        self.json = json
    }

    package var yaml: String { YAML.write(json) }

    package var currentContext: String? { json["current-context"]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    package var contextNames: [String] { names("contexts") }
    package func context(_ name: String) -> Context? { entry("contexts", "context", name).map(Context.init) }
    package func cluster(_ name: String) -> Cluster? { entry("clusters", "cluster", name).map(Cluster.init) }
    package func user(_ name: String) -> User? { entry("users", "user", name).map(User.init) }

    /// The user of the current context.
    package var currentUser: User? {
        currentContext.flatMap { context($0) }.flatMap { user($0.user) }
    }

    /// Lays another file under this one: of entries with one name the first file's stands, as with several files in
    /// `KUBECONFIG`.
    package func merged(under later: Kubeconfig) -> Kubeconfig {
        var merged = self
        for list in ["clusters", "contexts", "users"] {
            let have = Set(names(list))
            let added = (later.json[list]?.array ?? []).filter { !have.contains($0["name"]?.string ?? "") }
            merged.json[list] = .array((json[list]?.array ?? []) + added)
        }
        if currentContext == nil { merged.json["current-context"] = later.json["current-context"] }
        return merged
    }

    /// The same clusters for another client: one user with this certificate and one context with the current cluster,
    /// both of the client's name. Nil when there is no current context.
    package func handed(to name: String, clientCertificatePEM: [UInt8], clientKeyPEM: [UInt8]) -> Kubeconfig? {
        guard var context = currentContext.flatMap({ context($0) })?.json else { return nil }
        var handed = self
        context["user"] = .string(name)
        handed.json["contexts"] = [["name": .string(name), "context": context]]
        handed.json["current-context"] = .string(name)
        handed.json["users"] = [
            [
                "name": .string(name),
                "user": [
                    "client-certificate-data": .string(Base64.encode(clientCertificatePEM)),
                    "client-key-data": .string(Base64.encode(clientKeyPEM)),
                ],
            ]
        ]
        return handed
    }

    /// Makes relative paths of referenced files absolute, against the folder the kubeconfig lies in.
    package func resolvingFiles(against folder: String) -> Kubeconfig {
        var resolved = self
        for (list, part, fields) in [
            ("clusters", "cluster", ["certificate-authority"]),
            ("users", "user", ["client-certificate", "client-key", "tokenFile"]),
        ] {
            let entries = (json[list]?.array ?? []).map { entry in
                var entry = entry
                for field in fields {
                    if let path = entry[path: part, field]?.string, !path.isEmpty, !path.hasPrefix("/") {
                        entry[path: part, field] = .string("\(folder)/\(path)")
                    }
                }
                // A credential plugin without a slash is looked up in PATH.
                if let command = entry[path: part, "exec", "command"]?.string, command.contains("/"),
                    !command.hasPrefix("/")
                {
                    entry[path: part, "exec", "command"] = .string("\(folder)/\(command)")
                }
                return entry
            }
            resolved.json[list] = .array(entries)
        }
        return resolved
    }

    private func names(_ list: String) -> [String] { (json[list]?.array ?? []).compactMap { $0["name"]?.string } }

    private func entry(_ list: String, _ part: String, _ name: String) -> JSON? {
        json[list]?.array?.first { $0["name"]?.string == name }.map { $0[part] ?? [:] }
    }
}

extension Kubeconfig {
    package struct Context: Sendable, Hashable {
        package let json: JSON
        package var cluster: String { json["cluster"]?.string ?? "" }
        package var user: String { json["user"]?.string ?? "" }
        package var namespace: String? { json["namespace"]?.string }
    }

    package struct Cluster: Sendable, Hashable {
        package let json: JSON
        package var server: String { json["server"]?.string ?? "" }
        package var certificateAuthority: String? { json["certificate-authority"]?.string }
        package var certificateAuthorityData: [UInt8]? {
            json["certificate-authority-data"]?.string.flatMap(Base64.decode)
        }
        package var tlsServerName: String? { json["tls-server-name"]?.string }
        package var insecureSkipTLSVerify: Bool { json["insecure-skip-tls-verify"]?.bool ?? false }
        package var proxyURL: String? { json["proxy-url"]?.string }
    }

    package struct User: Sendable, Hashable {
        package let json: JSON
        package var clientCertificate: String? { json["client-certificate"]?.string }
        package var clientCertificateData: [UInt8]? { json["client-certificate-data"]?.string.flatMap(Base64.decode) }
        package var clientKey: String? { json["client-key"]?.string }
        package var clientKeyData: [UInt8]? { json["client-key-data"]?.string.flatMap(Base64.decode) }
        package var token: String? { json["token"]?.string }
        package var tokenFile: String? { json["tokenFile"]?.string }
        package var username: String? { json["username"]?.string }
        package var password: String? { json["password"]?.string }
        /// The credential plugin's entry, as it stands.
        package var exec: JSON? { json["exec"] }
    }
}

extension Kubeconfig: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names only: the rest is credentials.
    package var description: String { "Kubeconfig(contexts: \(contextNames))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["contexts": contextNames]) }
}

package struct KubeconfigError: Error, Sendable, Hashable, CustomStringConvertible {
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { "kubeconfig: \(message)" }
}

extension JSON {
    /// What kind of value this is, for error texts.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
