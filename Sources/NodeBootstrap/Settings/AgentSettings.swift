import Konnectivity
import KubeObjects
import NodeIdentity
import Sockets

/// What an administrator sets for the agent of this machine; a file of YAML, read when the daemon starts and when it is
/// told to reload. Everything in it may be left out.
///
/// ```yaml
/// logLevel: info
/// tunnel:
///   servers: [tunnel.example.com:8132]   # instead of those of the join
///   connectionsPerServer: 2
///   authentication: certificate          # the agent's own, where the server asks for one; else a token
///   allow: [192.168.7.0/24]              # what may be dialled besides the node, its pods and services
/// ```
package struct AgentSettings: Sendable, Hashable {
    package static let path = "/etc/kamaji-agent/config.yaml"

    package enum LogLevel: String, Sendable, Hashable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    package struct Tunnel: Sendable, Hashable {
        package enum Authentication: String, Sendable, Hashable, CaseIterable {
            /// With a token of the service account that the tunnel's server knows agents by.
            case token
            /// With the agent's client certificate.
            case certificate
        }

        /// Empty is those of the join.
        package var servers: [JoinEndpoint] = []
        package var connectionsPerServer = 1
        package var authentication = Authentication.token
        package var allowed: [AddressRange] = []

        package init() {}
    }

    /// Nil is what the command line says.
    package var logLevel: LogLevel?
    package var tunnel = Tunnel()

    package init() {}

    package init(yaml: String) throws(AgentSettingsError) {
        let documents: [JSON]
        do {
            documents = try YAML.parse(yaml).filter { !$0.isNull }
        } catch {
            throw AgentSettingsError("the settings are no YAML: \(error)")
        }
        guard let document = documents.first else { return }
        guard documents.count == 1, document.object != nil else {
            throw AgentSettingsError("the settings are one mapping of fields to values")
        }
        try Self.refuseUnknown(document, ["logLevel", "tunnel"], in: "")
        logLevel = try Self.choice(document["logLevel"], "logLevel")
        guard let tunnel = document["tunnel"], !tunnel.isNull else { return }
        try read(tunnel)
    }

    private mutating func read(_ json: JSON) throws(AgentSettingsError) {
        try Self.refuseUnknown(json, ["servers", "connectionsPerServer", "authentication", "allow"], in: "tunnel.")
        for text in try Self.texts(json["servers"], "tunnel.servers") {
            do throws(JoinInputError) {
                tunnel.servers.append(try JoinEndpoint(text, usualPort: JoinEndpoint.tunnelPort))
            } catch {
                throw AgentSettingsError("tunnel.servers: \(error.message)")
            }
        }
        if let count = json["connectionsPerServer"], !count.isNull {
            guard let number = count.integer, (1...8).contains(number) else {
                throw AgentSettingsError("tunnel.connectionsPerServer is \(count): give a number from 1 to 8")
            }
            tunnel.connectionsPerServer = Int(number)
        }
        tunnel.authentication = try Self.choice(json["authentication"], "tunnel.authentication") ?? .token
        for text in try Self.texts(json["allow"], "tunnel.allow") {
            guard let range = AddressRange(text) else {
                throw AgentSettingsError("tunnel.allow has \"\(text)\": give an address or ADDRESS/LENGTH")
            }
            tunnel.allowed.append(range)
        }
    }

    private static func refuseUnknown(_ json: JSON, _ known: Set<String>, in place: String) throws(AgentSettingsError) {
        guard let object = json.object else {
            throw AgentSettingsError("\(place.dropLast()) is no mapping of fields to values")
        }
        if let unknown = object.keys.sorted().first(where: { !known.contains($0) }) {
            throw AgentSettingsError(
                "\(place)\(unknown) is not known; known are \(known.sorted().joined(separator: ", "))")
        }
    }

    private static func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ json: JSON?, _ field: String
    ) throws(AgentSettingsError) -> Value? {
        guard let json, !json.isNull else { return nil }
        guard let value = json.string.flatMap({ Value(rawValue: $0) }) else {
            let choices = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw AgentSettingsError("\(field) is \(json): give one of \(choices)")
        }
        return value
    }

    private static func texts(_ json: JSON?, _ field: String) throws(AgentSettingsError) -> [String] {
        guard let json, !json.isNull else { return [] }
        guard let list = json.array else { throw AgentSettingsError("\(field) is no list") }
        var texts: [String] = []
        for entry in list {
            guard let text = entry.string else { throw AgentSettingsError("\(field) has \(entry), which is no text") }
            texts.append(text)
        }
        return texts
    }
}

/// What is wrong with the settings: the field, its value and what it can be.
package struct AgentSettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
