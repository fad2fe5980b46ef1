import KubeObjects

/// What a standalone cluster settled at its first start and keeps: tenants' objects depend on it.
struct ClusterSettings: Sendable, Equatable {
    var network: Int
    var engine: TenantEngine
    /// Of the cluster's own API, on 127.0.0.1.
    var port: Int

    private static let fileName = "cluster.json"

    /// What the state directory holds; nil before the first start.
    static func load(_ state: StateDirectory) throws -> ClusterSettings? {
        guard let bytes = state.read(fileName) else { return nil }
        let json = try JSON(parsing: bytes)
        guard let network = json["network"]?.integer, LoopbackNetwork.indices.contains(Int(network)),
            let engine = json["engine"]?.string.flatMap(TenantEngine.init(rawValue:)),
            let port = json["port"]?.integer, (0...65535).contains(port)
        else {
            throw StandaloneError(
                "\(state.file(fileName)) is not what was written there: restore it, or start anew in another --state-dir"
            )
        }
        return ClusterSettings(network: Int(network), engine: engine, port: Int(port))
    }

    func save(_ state: StateDirectory) throws {
        let json: JSON = ["network": JSON(network), "engine": .string(engine.rawValue), "port": JSON(port)]
        try state.write(json.encoded(), to: Self.fileName)
    }

    /// The engine for this start. What a cluster began with it stays with, for its tenants' data is there.
    static func engine(
        asked: TenantEngine?, before: TenantEngine?, programs: UpstreamPrograms
    ) throws(StandaloneError) -> TenantEngine {
        if let before, let asked, before != asked {
            throw StandaloneError(
                "--engine=\(asked.rawValue), but the tenants of this state directory live in the \(before.rawValue) "
                    + "engine: leave --engine away, or start anew in another --state-dir")
        }
        let engine = before ?? asked ?? (programs.areComplete ? .upstream : .embedded)
        guard engine == .embedded || programs.areComplete else {
            throw StandaloneError(
                "upstream's \(programs.missing.joined(separator: ", ")) not found in "
                    + "\(programs.directories.joined(separator: ", ")): put the programs there, name their directory with "
                    + "--bin-dir" + (before == nil ? ", or use --engine=embedded" : ""))
        }
        return engine
    }
}
