import KubeObjects
import NodeIdentity

/// What is said so far about a join, by a file and by flags, before it is checked and completed.
struct JoinDraft: Sendable {
    var endpoint: String?
    var token: String?
    var pins: [String] = []
    var skipsAuthorityVerification = false
    var discoveryFile: String?
    var tlsBootstrapToken: String?
    var nodeName: String?
    var criSocket: String?
    var taints: [NodeTaint] = []
    var kubeletExtraArguments: [KubeletArgument] = []
    var ignoredChecks: [String] = []
    var authorityPath = JoinConfiguration.defaultAuthorityPath
    var skippedPhases: [String] = []
    var patchesDirectory: String?
    var tunnels: [String] = []
    var timeouts = JoinTimeouts()
    var isDryRun = false
}

/// The `JoinConfiguration` of a file that may hold other documents too.
struct JoinDocument: Sendable {
    let json: JSON
    private let isOld: Bool
    private(set) var warnings: [String] = []

    /// `kubeadm.k8s.io/v1beta4`, and v1beta3 with a warning. What it does not know it warns of, as kubeadm does.
    init(yaml: String) throws(JoinInputError) {
        let documents: [JSON]
        do {
            documents = try YAML.parse(yaml)
        } catch {
            throw JoinInputError(.configuration, "the configuration is no YAML: \(error)")
        }
        var found: JSON?
        for document in documents where !document.isNull {
            let kind = document["kind"]?.string ?? ""
            guard kind == "JoinConfiguration" else {
                warnings.append("a document of kind \"\(kind)\" is left alone: JoinConfiguration is what a join reads")
                continue
            }
            guard found == nil else {
                throw JoinInputError(.configuration, "the configuration has two documents of kind JoinConfiguration")
            }
            found = document
        }
        guard let found else {
            throw JoinInputError(.configuration, "the configuration has no document of kind JoinConfiguration")
        }
        let version = found["apiVersion"]?.string ?? ""
        switch version {
        case "kubeadm.k8s.io/v1beta4": isOld = false
        case "kubeadm.k8s.io/v1beta3":
            isOld = true
            warnings.append("apiVersion kubeadm.k8s.io/v1beta3 is old: \"kubeadm config migrate\" writes v1beta4")
        default:
            throw JoinInputError(
                .configuration, "apiVersion is \"\(version)\": kubeadm.k8s.io/v1beta4 and v1beta3 are read")
        }
        json = found
        warnings += Self.unknownFields(in: found, Self.knownFields, at: "")
        if json["controlPlane"]?.isNull == false {
            throw JoinInputError(.configuration, "controlPlane is set, and a kamaji-agent joins workers only")
        }
    }

    func draft() throws(JoinInputError) -> JoinDraft {
        var draft = JoinDraft()
        let token = json[path: "discovery", "bootstrapToken"] ?? .null
        draft.endpoint = text(token["apiServerEndpoint"])
        draft.token = text(token["token"])
        draft.pins = token["caCertHashes"]?.strings ?? []
        draft.skipsAuthorityVerification = token["unsafeSkipCAVerification"]?.bool ?? false
        draft.discoveryFile = text(json[path: "discovery", "file", "kubeConfigPath"])
        draft.tlsBootstrapToken = text(json[path: "discovery", "tlsBootstrapToken"])
        let registration = json["nodeRegistration"] ?? .null
        draft.nodeName = text(registration["name"])
        draft.criSocket = text(registration["criSocket"])
        draft.taints = try taints(registration["taints"])
        draft.kubeletExtraArguments = try arguments(registration["kubeletExtraArgs"])
        draft.ignoredChecks = registration["ignorePreflightErrors"]?.strings ?? []
        if let path = text(json["caCertPath"]) { draft.authorityPath = path }
        draft.skippedPhases = json["skipPhases"]?.strings ?? []
        draft.patchesDirectory = text(json[path: "patches", "directory"])
        draft.isDryRun = json["dryRun"]?.bool ?? false
        try read(&draft.timeouts.discovery, "discovery")
        try read(&draft.timeouts.kubernetesAPICall, "kubernetesAPICall")
        try read(&draft.timeouts.kubeletHealthCheck, "kubeletHealthCheck")
        try read(&draft.timeouts.tlsBootstrap, "tlsBootstrap")
        return draft
    }

    private func text(_ value: JSON?) -> String? { value?.string.flatMap { $0.isEmpty ? nil : $0 } }

    private func taints(_ list: JSON?) throws(JoinInputError) -> [NodeTaint] {
        var taints: [NodeTaint] = []
        for (index, entry) in (list?.array ?? []).enumerated() {
            guard let key = text(entry["key"]), let effect = text(entry["effect"]),
                ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(effect)
            else {
                throw JoinInputError(
                    .configuration, "nodeRegistration.taints[\(index)] needs a key and one of the three effects")
            }
            taints.append(NodeTaint(key: key, value: text(entry["value"]) ?? "", effect: effect))
        }
        return taints
    }

    /// A list of names and values since v1beta4, a map before.
    private func arguments(_ value: JSON?) throws(JoinInputError) -> [KubeletArgument] {
        if isOld, let map = value?.stringMap {
            return map.sorted { $0.key < $1.key }.map { KubeletArgument($0.key, $0.value) }
        }
        var arguments: [KubeletArgument] = []
        for (index, entry) in (value?.array ?? []).enumerated() {
            guard let name = text(entry["name"]), !name.hasPrefix("-"),
                name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "=") })
            else {
                throw JoinInputError(
                    .configuration, "nodeRegistration.kubeletExtraArgs[\(index)].name is no flag's name without dashes")
            }
            arguments.append(KubeletArgument(name, entry["value"]?.string ?? ""))
        }
        return arguments
    }

    private func read(_ target: inout Duration, _ name: String) throws(JoinInputError) {
        guard let text = text(json[path: "timeouts", name]) else { return }
        guard let duration = DurationText.parse(text) else {
            throw JoinInputError(.configuration, "timeouts.\(name) is \"\(text)\": a duration such as 5m0s it is")
        }
        // kubeadm takes zero as "not said".
        if duration > .zero { target = duration }
    }

    // MARK: Fields

    private indirect enum Fields: Sendable {
        case any
        case object([String: Fields])
    }

    private static func plain(_ names: String...) -> [String: Fields] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, .any) })
    }

    private static let knownFields = Fields.object(
        plain("apiVersion", "kind", "dryRun", "caCertPath", "controlPlane", "skipPhases").merging([
            "nodeRegistration": .object(
                plain(
                    "name", "criSocket", "taints", "kubeletExtraArgs", "ignorePreflightErrors", "imagePullPolicy",
                    "imagePullSerial")),
            "discovery": .object([
                "bootstrapToken": .object(
                    plain("token", "apiServerEndpoint", "caCertHashes", "unsafeSkipCAVerification")),
                "file": .object(plain("kubeConfigPath")), "tlsBootstrapToken": .any, "timeout": .any,
            ]),
            "patches": .object(plain("directory")),
            "timeouts": .object(
                plain(
                    "controlPlaneComponentHealthCheck", "kubeletHealthCheck", "kubernetesAPICall", "etcdAPICall",
                    "tlsBootstrap", "discovery", "upgradeManifests")),
        ]) { known, _ in known })

    private static func unknownFields(in value: JSON, _ fields: Fields, at path: String) -> [String] {
        guard case .object(let known) = fields, let object = value.object else { return [] }
        return object.sorted { $0.key < $1.key }.flatMap { key, value -> [String] in
            let place = path.isEmpty ? key : "\(path).\(key)"
            guard let field = known[key] else { return ["field \(place) is not known and has no effect"] }
            return unknownFields(in: value, field, at: place)
        }
    }
}
