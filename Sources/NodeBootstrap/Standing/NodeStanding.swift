import FoundationEssentials
import Konnectivity
import KubeObjects
import PKI
import Systemd

/// How a node and its agent stand, at one moment. No secrets.
package struct NodeStanding: Sendable {
    /// What was mended, and whether it worked.
    package struct Repair: Sendable, Hashable {
        package var kind: String
        package var succeeded: Bool
    }

    package var now: Date
    package var version: String
    /// Nil on a machine that has not joined.
    package var node: String?
    /// `https://host:port` of the tenant's API.
    package var server: String?
    /// Nil before the first look.
    package var state: NodeState?
    package var complaints: [String] = []
    package var actions: [String] = []
    package var repairs: [Repair: UInt64] = [:]
    package var tunnel: TunnelStanding?
    package var joins: (all: Int64, succeeded: Int64) = (0, 0)

    package init(now: Date, version: String) {
        self.now = now
        self.version = version
    }

    var kubeletCertificate: Certificate? {
        if case .valid(let certificate) = state?.kubeletCertificate { return certificate }
        return nil
    }

    package var json: JSON {
        var json: JSON = [
            "version": .string(version), "time": .string(Timestamp.format(now)), "joined": .bool(node != nil),
            "joins": ["runs": .integer(joins.all), "succeeded": .integer(joins.succeeded)],
            "complaints": JSON(complaints), "actions": JSON(actions),
        ]
        if let node { json["node"] = .string(node) }
        if let server { json["server"] = .string(server) }
        var certificates: [String: JSON] = [:]
        if let end = state?.agentCertificate?.notAfter { certificates["agent"] = .string(Timestamp.format(end)) }
        if let end = kubeletCertificate?.notAfter { certificates["kubelet"] = .string(Timestamp.format(end)) }
        json["certificates"] = .object(certificates)
        if let state {
            json["looked"] = .string(Timestamp.format(state.now))
            var kubelet: [String: JSON] = [:]
            if let unit = state.kubelet {
                kubelet["unit"] = .string(unit.active)
                kubelet["restarts"] = .integer(Int64(unit.restarts))
            }
            if let isWell = state.isKubeletWell { kubelet["well"] = .bool(isWell) }
            json["kubelet"] = .object(kubelet)
            if let unit = state.runtimeUnit, let runtime = state.runtime {
                json["runtime"] = ["name": .string(unit), "unit": .string(runtime.active)]
            }
        }
        if let ahead = state?.serverAhead { json["tenantClockAheadSeconds"] = .number(ahead) }
        if let tunnel { json["tunnel"] = tunnel.json }
        return json
    }
}

extension TunnelStanding {
    package var json: JSON {
        var json: JSON = [
            "endpoint": .string(endpoint), "connected": .bool(status.isConnected), "running": .bool(status.isRunning),
            "knownServers": JSON(status.knownServers), "identifiers": .string(identifiers),
            "links": .array(status.links.map(Self.json)),
            "dials": [
                "asked": .integer(Int64(clamping: status.counters.dials)),
                "failed": .integer(Int64(clamping: status.counters.dialFailures &+ status.counters.dialTimeouts)),
                "refused": .integer(Int64(clamping: status.counters.dialsRefused)),
            ],
            "bytes": [
                "toTargets": .integer(Int64(clamping: status.counters.bytesToTargets)),
                "fromTargets": .integer(Int64(clamping: status.counters.bytesFromTargets)),
            ],
        ]
        if let tokenEnd { json["tokenEnd"] = .string(Timestamp.format(tokenEnd)) }
        if let trouble { json["trouble"] = .string(trouble) }
        if let error = status.lastError {
            json["lastError"] = .string(error)
            if let age = status.lastErrorAge { json["lastErrorSeconds"] = .integer(age.components.seconds) }
        }
        return json
    }

    private static func json(_ link: TunnelStatus.Link) -> JSON {
        var json: JSON = [
            "number": .integer(Int64(clamping: link.number)), "state": .string(link.state.rawValue),
            "server": .string(link.server), "seconds": .integer(link.age.components.seconds),
            "connections": JSON(link.connections), "dials": JSON(link.dials),
            "waitingBytes": JSON(link.bytesToServer + link.bytesToTargets),
        ]
        if let id = link.serverID { json["serverID"] = .string(id) }
        if let time = link.roundTrip {
            json["roundTripMicroseconds"] = .integer(
                time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000)
        }
        if let standStill = link.standStill { json["standStillSeconds"] = .integer(standStill.components.seconds) }
        return json
    }
}
