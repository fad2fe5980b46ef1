import KubeObjects
import PKI

/// All that a machine has to be told to join a tenant, in one line to copy: `kamaji1:` and, in base64url without
/// padding, a JSON object and the first four bytes of its SHA-256, which tell a line that was cut or mistyped from a
/// whole one. The object's keys are `e` (host:port of the API), `p` (hexadecimal pins of its authorities), `t` (the
/// bootstrap token) and, where the tenant has a tunnel, `k` (host:port of its server).
///
/// It holds the token: its description does not.
package struct JoinString: Sendable, Hashable {
    package let endpoint: JoinEndpoint
    /// At least one.
    package let pins: [AuthorityPin]
    package let token: BootstrapToken
    package let tunnel: JoinEndpoint?

    package static let prefix = "kamaji1:"
    private static let checksumLength = 4
    /// Far more than one with a dozen pins takes.
    private static let longest = 8192

    /// Whether somebody meant this to be one, of whatever version and however much of it is missing: `kamaji`, a number
    /// and a colon, and after it no port. `kamaji1:6443` is a host and a port.
    package static func isMeant(_ line: String) -> Bool {
        let parts = line.trimmingASCIISpace().split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].hasPrefix("kamaji") else { return false }
        func isNumber(_ text: Substring) -> Bool {
            !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        return isNumber(parts[0].dropFirst("kamaji".count)) && !isNumber(parts[1])
    }

    package init(
        endpoint: JoinEndpoint, pins: [AuthorityPin], token: BootstrapToken, tunnel: JoinEndpoint?
    ) throws(JoinInputError) {
        guard !pins.isEmpty else {
            throw JoinInputError(.joinString, "a join string without a CA pin would trust whoever answers")
        }
        self.endpoint = endpoint
        self.pins = pins
        self.token = token
        self.tunnel = tunnel
    }

    /// Reads one, with white space around it.
    package init(_ line: String) throws(JoinInputError) {
        let text = line.trimmingASCIISpace()
        guard text.hasPrefix(Self.prefix) else {
            if Self.isMeant(text) {
                let own = text.prefix { $0 != ":" }
                throw JoinInputError(
                    .joinString,
                    "the join string begins with \"\(own):\" and is of another version than \"\(Self.prefix)\", which "
                        + "this kamaji-agent reads: use the one that goes with the manager which printed it")
            }
            throw JoinInputError(.joinString, "a join string begins with \(Self.prefix)")
        }
        guard text.utf8.count <= Self.longest else {
            throw JoinInputError(.joinString, "the join string is longer than \(Self.longest) bytes")
        }
        guard let bytes = Base64.decodeURL(String(text.dropFirst(Self.prefix.count))) else {
            throw JoinInputError(
                .joinString,
                "what follows \"\(Self.prefix)\" in the join string is not base64url, cut off or with characters that are "
                    + "not of it: copy the whole line once more")
        }
        let content = Array(bytes.dropLast(Self.checksumLength))
        guard !content.isEmpty, bytes.suffix(Self.checksumLength) == SHA256.digest(content).prefix(Self.checksumLength)
        else {
            // The object's end is there: whatever is wrong is not its length.
            let isWhole = content.first == UInt8(ascii: "{") && content.last == UInt8(ascii: "}")
            throw JoinInputError(
                .joinString,
                isWhole
                    ? "the join string's checksum does not fit: it is whole, and some character of it is another than "
                        + "was printed; copy the line once more instead of typing it"
                    : "the join string's checksum does not fit: part of it is missing, copy the whole line")
        }
        guard let json = try? JSON(parsing: content), json.object != nil else {
            throw JoinInputError(.joinString, "the join string holds no JSON object")
        }
        guard let endpoint = json["e"]?.string else {
            throw JoinInputError(.joinString, "the join string names no endpoint")
        }
        guard let token = json["t"]?.string.flatMap({ BootstrapToken($0) }) else {
            throw JoinInputError(.joinString, "the join string holds no bootstrap token")
        }
        var pins: [AuthorityPin] = []
        for hex in json["p"]?.strings ?? [] { pins.append(try AuthorityPin("sha256:\(hex)")) }
        var tunnel: JoinEndpoint?
        if let text = json["k"]?.string { tunnel = try JoinEndpoint(text) }
        try self.init(endpoint: try JoinEndpoint(endpoint), pins: pins, token: token, tunnel: tunnel)
    }

    /// The line, with the token in it.
    package var text: String {
        var json: JSON = [
            "e": .string(endpoint.description), "p": JSON(pins.map(\.hex)), "t": .string(token.text),
        ]
        if let tunnel { json["k"] = .string(tunnel.description) }
        let content = json.encoded()
        return Self.prefix + Base64.encodeURL(content + SHA256.digest(content).prefix(Self.checksumLength))
    }
}

extension JoinString: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "JoinString(\(endpoint), token \(token))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["endpoint": endpoint.description]) }
}
