import ArgumentParser
import HTTPTransport
import KubeObjects
import NodeBootstrap

struct TunnelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tunnel", abstract: "The tunnel to the tenant, as the daemon holds it.",
        subcommands: [TunnelStatusCommand.self])
}

struct TunnelStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say whether the tenant reaches this node through its tunnel, by asking the daemon.",
        discussion: """
            Ends with 0 when it does, 3 when it does not, 4 when there is no tunnel or no daemon that could have one. \
            Members of the group kamaji-agent may ask.
            """)

    @OptionGroup var machine: MachineOptions

    func run() async throws {
        var request = HTTPRequest("GET", "http://localhost/status", timeout: .seconds(10))
        request.unixSocket = HostFiles(root: machine.root).place(StandingListener.path)
        let answer: JSON
        do {
            answer = try JSON(parsing: try await CurlTransport().send(request).body)
        } catch {
            let trouble =
                "The agent does not answer at \(StandingListener.path): see whether kamaji-agent.service runs (\(error))"
            print(machine.output == .json ? TunnelReport.none(trouble).description : trouble)
            throw ExitCode(4)
        }
        let tunnel = answer["tunnel"]
        let lines = TunnelReport.lines(answer)
        switch machine.output {
        case .json: print(tunnel ?? TunnelReport.none(lines.first ?? ""))
        case .text: for line in lines { print(line) }
        }
        guard let tunnel else { throw ExitCode(4) }
        if tunnel["connected"]?.bool != true { throw ExitCode(3) }
    }
}

/// What the daemon says of its tunnel, for people.
enum TunnelReport {
    /// For machines, where there is no tunnel to tell of.
    static func none(_ why: String) -> JSON { ["connected": false, "error": .string(why)] }

    /// - Parameter standing: as `NodeStanding.json` writes it.
    static func lines(_ standing: JSON) -> [String] {
        guard let node = standing["node"]?.string else { return ["This machine has not joined anything."] }
        guard let tunnel = standing["tunnel"] else {
            return ["Node \(node) has no tunnel: its join named no server (\"kamaji-agent join --tunnel HOST:PORT\")."]
        }
        func number(_ json: JSON?) -> Int64 { json?.integer ?? 0 }
        let links = tunnel["links"]?.array ?? []
        let endpoint = tunnel["endpoint"]?.string ?? "?"
        var lines = [
            tunnel["connected"]?.bool == true
                ? "Node \(node) is reached through \(endpoint)." : "Node \(node) is NOT reached through \(endpoint).",
            "  servers      \(links.count { $0["state"]?.string == "connected" }) of \(number(tunnel["knownServers"]))",
        ]
        for link in links {
            var line = "  connection   \(link["state"]?.string ?? "?") for \(number(link["seconds"])) s"
            if let id = link["serverID"]?.string { line += ", server \(id)" }
            line += ", \(number(link["connections"])) open"
            if let time = link["roundTripMicroseconds"]?.integer { line += ", round trip \(time) us" }
            if let stands = link["standStillSeconds"]?.integer { line += ", stands still for \(stands) s" }
            lines.append(line)
        }
        let (dials, bytes) = (tunnel["dials"], tunnel["bytes"])
        lines += [
            "  known as     \(tunnel["identifiers"]?.string ?? "")",
            "  token until  \(tunnel["tokenEnd"]?.string ?? "there is none")",
            "  dials        \(number(dials?["asked"])), \(number(dials?["failed"])) failed, "
                + "\(number(dials?["refused"])) refused",
            "  bytes        \(number(bytes?["toTargets"])) in, \(number(bytes?["fromTargets"])) out",
        ]
        if let trouble = tunnel["trouble"]?.string { lines.append("  trouble      \(trouble)") }
        if let error = tunnel["lastError"]?.string {
            lines.append("  last error   \(error) (\(number(tunnel["lastErrorSeconds"])) s ago)")
        }
        return lines
    }
}
