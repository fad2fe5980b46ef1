import KubeObjects
import NodeIdentity

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
        if !isOld, found[path: "discovery", "timeout"]?.isNull == false {
            warnings.append("field discovery.timeout is v1beta3's and has no effect: write timeouts.discovery")
        }
        for name in Self.idleTimeouts where found[path: "timeouts", name]?.isNull == false {
            warnings.append("field timeouts.\(name) has no effect on the join of a worker")
        }
        if json["controlPlane"]?.isNull == false {
            throw JoinInputError(.configuration, "controlPlane is set, and a kamaji-agent joins workers only")
        }
    }

    func draft() throws(JoinInputError) -> JoinDraft {
        let fields = FieldReader(json, secrets: Self.secrets)
        var draft = JoinDraft()
        draft.isOfFile = true
        draft.endpoint = try fields.text("discovery.bootstrapToken.apiServerEndpoint")
        draft.token = try fields.text("discovery.bootstrapToken.token")
        draft.pins = try fields.texts("discovery.bootstrapToken.caCertHashes")
        draft.skipsAuthorityVerification = try fields.isTrue("discovery.bootstrapToken.unsafeSkipCAVerification")
        draft.discoveryFile = try fields.text("discovery.file.kubeConfigPath")
        draft.tlsBootstrapToken = try fields.text("discovery.tlsBootstrapToken")
        draft.nodeName = try fields.text("nodeRegistration.name")
        draft.criSocket = try fields.text("nodeRegistration.criSocket")
        draft.taints = try taints(fields)
        draft.kubeletExtraArguments = try arguments(fields)
        draft.ignoredChecks = try fields.texts("nodeRegistration.ignorePreflightErrors")
        if let path = try fields.text("caCertPath") { draft.authorityPath = path }
        draft.skippedPhases = try fields.texts("skipPhases")
        draft.patchesDirectory = try fields.text("patches.directory")
        draft.isDryRun = try fields.isTrue("dryRun")
        if isOld, let limit = try fields.duration("discovery.timeout") { draft.timeouts.discovery = limit }
        if let limit = try fields.duration("timeouts.discovery") { draft.timeouts.discovery = limit }
        if let limit = try fields.duration("timeouts.kubeletHealthCheck") { draft.timeouts.kubeletHealthCheck = limit }
        if let limit = try fields.duration("timeouts.tlsBootstrap") { draft.timeouts.tlsBootstrap = limit }
        for name in Self.idleTimeouts { _ = try fields.duration("timeouts.\(name)") }
        return draft
    }

    private static let secrets: Set = ["discovery.bootstrapToken.token", "discovery.tlsBootstrapToken"]
    /// Known to kubeadm, and for what a joining worker does not do or does within another time.
    private static let idleTimeouts = [
        "controlPlaneComponentHealthCheck", "etcdAPICall", "kubernetesAPICall", "upgradeManifests",
    ]

    private func taints(_ fields: FieldReader) throws(JoinInputError) -> [NodeTaint] {
        let path = "nodeRegistration.taints"
        var taints: [NodeTaint] = []
        for (index, entry) in try fields.entries(path).enumerated() {
            guard let key = try entry.text("key"), let effect = try entry.text("effect"),
                ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(effect)
            else {
                throw JoinInputError(.configuration, "\(path)[\(index)] needs a key and one of the three effects")
            }
            taints.append(NodeTaint(key: key, value: try entry.text("value") ?? "", effect: effect))
        }
        return taints
    }

    /// A list of names and values since v1beta4, a map before.
    private func arguments(_ fields: FieldReader) throws(JoinInputError) -> [KubeletArgument] {
        let path = "nodeRegistration.kubeletExtraArgs"
        if isOld, let value = try fields.value(path) {
            guard let map = value.stringMap else {
                throw JoinInputError(
                    .configuration, "\(path) is \(value.kindName): in v1beta3 give a mapping of flags' names to texts")
            }
            return map.sorted { $0.key < $1.key }.map { KubeletArgument($0.key, $0.value) }
        }
        var arguments: [KubeletArgument] = []
        for (index, entry) in try fields.entries(path).enumerated() {
            guard let name = try entry.text("name"), !name.hasPrefix("-"),
                name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "=") })
            else {
                throw JoinInputError(.configuration, "\(path)[\(index)].name is no flag's name without dashes")
            }
            arguments.append(KubeletArgument(name, try entry.text("value") ?? ""))
        }
        return arguments
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
