import KubeObjects
import NodeIdentity

extension JoinConfiguration {
    /// What a join without arguments goes on with. Without tokens.
    package var json: JSON {
        var json: JSON = [
            "nodeName": .string(nodeName.text), "authorityPath": .string(authorityPath),
            "taints": .array(
                taints.map { ["key": .string($0.key), "value": .string($0.value), "effect": .string($0.effect)] }),
            "kubeletExtraArgs": .array(
                kubeletExtraArguments.map { ["name": .string($0.name), "value": .string($0.value)] }),
            "ignoredChecks": JSON(ignoredChecks.sorted()), "skippedPhases": JSON(skippedPhases.sorted()),
            "fingerprint": .string(fingerprint),
        ]
        if let criSocket { json["criSocket"] = .string(criSocket) }
        if let patchesDirectory { json["patchesDirectory"] = .string(patchesDirectory) }
        if !tunnels.isEmpty { json["tunnels"] = JSON(tunnels.map(\.description)) }
        return json
    }

    /// - Parameter token: what is left of it on this machine, if anything.
    package init?(resuming json: JSON, token: BootstrapToken?) {
        guard let name = json["nodeName"]?.string.flatMap({ NodeName($0) }),
            let authorityPath = json["authorityPath"]?.string
        else { return nil }
        nodeName = name
        self.authorityPath = authorityPath
        criSocket = json["criSocket"]?.string
        taints = (json["taints"]?.array ?? []).map {
            NodeTaint(
                key: $0["key"]?.string ?? "", value: $0["value"]?.string ?? "", effect: $0["effect"]?.string ?? "")
        }
        kubeletExtraArguments = (json["kubeletExtraArgs"]?.array ?? []).map {
            KubeletArgument($0["name"]?.string ?? "", $0["value"]?.string ?? "")
        }
        ignoredChecks = Set(json["ignoredChecks"]?.strings ?? [])
        skippedPhases = Set(json["skippedPhases"]?.strings ?? [])
        discovery = .resumed(fingerprint: json["fingerprint"]?.string ?? "")
        bootstrapToken = token
        // There was one at most before there were several.
        let former = json["tunnel"]?.string.map { [$0] }
        tunnels = (json["tunnels"]?.strings ?? former ?? []).compactMap { try? JoinEndpoint($0) }
        patchesDirectory = json["patchesDirectory"]?.string
        timeouts = JoinTimeouts()
        isDryRun = false
    }
}
