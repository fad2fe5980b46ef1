import APIMachinery
import FoundationEssentials
import Logging

/// kube-apiserver's command line, read for the embedded server: `--name=value`, `--name value`, `--switch`.
package struct ServerFlags: Sendable {
    private var values: [String: [String]] = [:]

    /// Flags that take no value of their own argument.
    private static let switches: Set<String> = [
        "enable-bootstrap-token-auth", "allow-privileged", "anonymous-auth", "expose-cluster-info", "profiling",
    ]

    package init(_ arguments: [String]) throws(EmbeddedAPIServerError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-") else {
                throw EmbeddedAPIServerError("unexpected argument \"\(argument)\": every flag starts with --")
            }
            let body = argument.drop { $0 == "-" }
            let parts = body.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts.first ?? ""
            if parts.count == 2 {
                values[name, default: []].append(parts[1])
            } else if !Self.switches.contains(name), let next = rest.first, !next.hasPrefix("--") {
                values[name, default: []].append(next)
                rest = rest.dropFirst()
            } else {
                values[name, default: []].append("true")
            }
        }
    }

    package subscript(name: String) -> String? { values[name]?.last }

    func all(_ name: String) -> [String] { (values[name] ?? []).flatMap { $0.split(separator: ",").map(String.init) } }

    func isSet(_ name: String) -> Bool { self[name].map { $0 != "false" } ?? false }

    /// The names that `known` does not have.
    func unknown(beside known: Set<String>) -> [String] { values.keys.filter { !known.contains($0) }.sorted() }
}

extension EmbeddedAPIServer.Configuration {
    /// Flags that mean something here; every other one of kube-apiserver's is accepted and said to be without effect.
    private static let knownFlags: Set<String> = [
        "advertise-address", "bind-address", "secure-port", "tls-cert-file", "tls-private-key-file", "client-ca-file",
        "service-account-key-file", "service-account-signing-key-file", "service-account-issuer", "api-audiences",
        "service-cluster-ip-range", "service-node-port-range", "enable-bootstrap-token-auth", "sqlite-path",
        "token-auth-file", "cluster-signing-cert-file", "cluster-signing-key-file", "cluster-signing-duration",
        "root-ca-file", "expose-cluster-info", "kubernetes-version",
        "http2-max-streams-per-connection",
    ]

    /// Reads the files that the flags name. Errors name the flag.
    package init(_ flags: ServerFlags, log: Logger) throws(EmbeddedAPIServerError) {
        for name in flags.unknown(beside: Self.knownFlags) {
            log.info("the embedded API server has no use for a flag", metadata: ["flag": "--\(name)"])
        }
        guard let path = flags["sqlite-path"], !path.isEmpty else {
            throw EmbeddedAPIServerError("--sqlite-path is required: the file that keeps this cluster's objects")
        }
        self.init(
            servingCertificate: try Self.file(flags, "tls-cert-file"),
            servingKey: try Self.file(flags, "tls-private-key-file"),
            sqlitePath: path)
        bindAddress = flags["bind-address"] ?? "0.0.0.0"
        advertiseAddress = flags["advertise-address"] ?? ""
        port = try Self.number(flags, "secure-port", in: 0...65535) ?? 6443
        http2Streams = try Self.number(flags, "http2-max-streams-per-connection", in: 0...10_000) ?? http2Streams
        if flags["client-ca-file"] != nil { clientAuthorities = try Self.file(flags, "client-ca-file") }
        if let cidr = flags["service-cluster-ip-range"]?.split(separator: ",").first(where: { !$0.contains(":") }) {
            serviceCIDR = String(cidr)
        }
        if let text = flags["service-node-port-range"] {
            let bounds = text.split(separator: "-").compactMap { Int($0) }
            guard bounds.count == 2, bounds[0] > 0, bounds[0] <= bounds[1], bounds[1] <= 65535 else {
                throw EmbeddedAPIServerError(
                    "--service-node-port-range=\(text) is no range of ports: give one such as 30000-32767")
            }
            nodePorts = bounds[0]...bounds[1]
        }
        if let issuer = flags.all("service-account-issuer").first { serviceAccountIssuer = issuer }
        apiAudiences = flags.all("api-audiences")
        if flags["service-account-signing-key-file"] != nil {
            serviceAccountSigningKey = try Self.file(flags, "service-account-signing-key-file")
        }
        for path in flags.all("service-account-key-file") {
            serviceAccountKeys.append(try Self.contents(path, flag: "service-account-key-file"))
        }
        acceptsBootstrapTokens = flags.isSet("enable-bootstrap-token-auth")
        exposesClusterInfo = flags["expose-cluster-info"].map { $0 != "false" } ?? acceptsBootstrapTokens
        if let version = flags["kubernetes-version"] { self.version = ServerVersion(asked: version) }
        if flags["root-ca-file"] != nil { rootCertificateAuthority = try Self.file(flags, "root-ca-file") }
        if flags["token-auth-file"] != nil { tokens = try Self.tokens(Self.file(flags, "token-auth-file")) }
        if flags["cluster-signing-cert-file"] != nil {
            var controllers = EmbeddedAPIServer.NodeControllers(
                signingCertificate: try Self.file(flags, "cluster-signing-cert-file"),
                signingKey: try Self.file(flags, "cluster-signing-key-file"))
            if let text = flags["cluster-signing-duration"] { controllers.signingDuration = try Self.seconds(text) }
            nodeControllers = controllers
        }
    }

    private static func file(_ flags: ServerFlags, _ name: String) throws(EmbeddedAPIServerError) -> [UInt8] {
        guard let path = flags[name], !path.isEmpty else { throw EmbeddedAPIServerError("--\(name) is required") }
        return try contents(path, flag: name)
    }

    private static func contents(_ path: String, flag: String) throws(EmbeddedAPIServerError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw EmbeddedAPIServerError(
                "--\(flag)=\(path): the file cannot be read; check that it exists and who owns it")
        }
        return Array(data)
    }

    private static func number(
        _ flags: ServerFlags, _ name: String, in range: ClosedRange<Int>
    ) throws(EmbeddedAPIServerError) -> Int? {
        guard let text = flags[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw EmbeddedAPIServerError(
                "--\(name)=\(text) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A Go duration of hours, minutes and seconds: `8760h0m0s`.
    private static func seconds(_ text: String) throws(EmbeddedAPIServerError) -> Int64 {
        var seconds: Int64 = 0
        var digits = ""
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            guard let number = Int64(digits), number < 1_000_000_000,
                let unit = ["h": Int64(3600), "m": 60, "s": 1][character]
            else {
                throw EmbeddedAPIServerError(
                    "--cluster-signing-duration=\(text) is no duration: give one such as 8760h")
            }
            seconds += number * unit
            digits = ""
        }
        guard digits.isEmpty, seconds > 0 else {
            throw EmbeddedAPIServerError("--cluster-signing-duration=\(text) is no duration: give one such as 8760h")
        }
        return seconds
    }

    /// Lines of `token,user,uid,"group1,group2"`, as kube-apiserver reads them.
    private static func tokens(_ file: [UInt8]) throws(EmbeddedAPIServerError) -> StaticTokens {
        var tokens: [String: UserInfo] = [:]
        let lines = String(decoding: file, as: UTF8.self).split(whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.hasPrefix("#") {
            let parts = line.split(separator: ",", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            guard parts.count >= 3, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw EmbeddedAPIServerError("--token-auth-file: line \(index + 1) is not token,user,uid[,\"groups\"]")
            }
            var groups =
                parts.count > 3 ? parts[3].replacing("\"", with: "").split(separator: ",").map { $0.trimmed } : []
            groups.append("system:authenticated")
            tokens[parts[0]] = UserInfo(name: parts[1], uid: parts[2], groups: groups)
        }
        return StaticTokens(tokens)
    }
}
