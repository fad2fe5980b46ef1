import NodeIdentity

/// What containerd is told in TOML, as far as a kubelet has to agree with it. Before 2.0 it does not tell a kubelet over
/// its socket.
package struct ContainerdSettings: Sendable, Hashable {
    /// `systemd` or `cgroupfs`: of the runtime that pods get unless they ask for another.
    package let cgroupDriver: String

    package static let path = "/etc/containerd/config.toml"
    private static let plugin = "plugins.\"io.containerd.grpc.v1.cri\".containerd"

    /// - Parameter toml: as `containerd config dump` prints it, or the file itself; what is not said is as containerd has
    ///   it by itself. Only tables and plain values are read, which is all that containerd writes.
    package init(toml: String) {
        var runtime = "runc"
        var drivers: [String: String] = [:]
        var table = ""
        for line in toml.split(whereSeparator: \.isNewline) {
            let text = String(line).trimmingASCIISpace()
            if text.hasPrefix("["), let end = text.lastIndex(of: "]") {
                // Both kinds of quotation marks, and blanks, mean the same there.
                table = String(
                    text[text.index(after: text.startIndex)..<end].filter { $0 != " " }.map { $0 == "'" ? "\"" : $0 })
                continue
            }
            guard let sign = text.firstIndex(of: "=") else { continue }
            let name = String(text[..<sign]).trimmingASCIISpace()
            let value = String(text[text.index(after: sign)...].prefix { $0 != "#" }).trimmingASCIISpace()
            if table == Self.plugin, name == "default_runtime_name" {
                runtime = value.filter { $0 != "\"" && $0 != "'" }
            }
            if name == "SystemdCgroup" { drivers[table] = value == "true" ? "systemd" : "cgroupfs" }
        }
        cgroupDriver = drivers["\(Self.plugin).runtimes.\(runtime).options"] ?? "cgroupfs"
    }
}

/// What a runtime says of itself, and what its configuration says where it does not.
extension HostFactsGathering {
    func runtime(_ socket: String) async -> HostFacts.RuntimeFacts {
        var facts = await RuntimeInquiry(transport: transport).facts(
            socket: socket, place: files.place(RuntimeSocket.path(of: socket)))
        guard facts.tellsCgroupDriver == false, facts.name == "containerd" else { return facts }
        let (files, programs) = (files, programs)
        let found = try? await thread.run { (programs.find("containerd"), try files.text(ContainerdSettings.path)) }
        var toml = found?.1
        // With all the files that it includes.
        if let program = found?.0 { toml = await programs.output(program, ["config", "dump"]) ?? toml }
        facts.cgroupDriver = toml.map { ContainerdSettings(toml: $0).cgroupDriver }
        return facts
    }
}
