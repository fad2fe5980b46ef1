import KubeObjects

/// What a container's environment refers to, as far as it is there.
struct ContentSources: Sendable {
    /// By name, in the pod's namespace.
    var secrets: [String: KubeObject] = [:]
    var configMaps: [String: KubeObject] = [:]

    /// Which states of these objects this is: equal ones hold the same.
    var versions: [String: String] {
        let secrets = secrets.map { ("secret/\($0)", "\($1.uid) \($1.resourceVersion)") }
        let configMaps = configMaps.map { ("configmap/\($0)", "\($1.uid) \($1.resourceVersion)") }
        return Dictionary(secrets + configMaps, uniquingKeysWith: { first, _ in first })
    }

    /// The decoded values of a Secret; nil when there is none of that name.
    func secret(_ name: String) -> [String: [UInt8]]? {
        secrets[name].map { secret in
            (secret["data"]?.object ?? [:]).compactMapValues { $0.string.flatMap(Base64.decode) }
        }
    }

    func configMap(_ name: String) -> [String: [UInt8]]? {
        configMaps[name].map { configMap in
            let binary = (configMap["binaryData"]?.object ?? [:]).compactMapValues { $0.string.flatMap(Base64.decode) }
            let text = (configMap["data"]?.object ?? [:]).compactMapValues { $0.string.map { Array($0.utf8) } }
            return binary.merging(text) { _, text in text }
        }
    }
}

/// Something that a container needs is not there yet, in words for its status.
struct MissingContent: Error, Hashable, Sendable, CustomStringConvertible {
    let message: String

    var description: String { message }
}

/// The variables of one container.
enum ContainerEnvironment {
    /// What `env` and `envFrom` say; later ones stand above earlier ones, `env` above `envFrom`.
    static func variables(
        of container: JSON, pod: KubeObject, podIP: String, nodeName: String, _ sources: ContentSources
    ) throws(MissingContent) -> [String: String] {
        var variables: [String: String] = [:]
        for source in container["envFrom"]?.array ?? [] {
            let prefix = source["prefix"]?.string ?? ""
            for (key, value) in try content(source, "secretRef", "configMapRef", sources) {
                variables[prefix + key] = String(decoding: value, as: UTF8.self)
            }
        }
        for entry in container["env"]?.array ?? [] {
            guard let name = entry["name"]?.string else { continue }
            if let source = entry["valueFrom"], !source.isNull {
                if let value = try value(source, pod: pod, podIP: podIP, nodeName: nodeName, sources) {
                    variables[name] = value
                }
            } else {
                variables[name] = expand(entry["value"]?.string ?? "", variables)
            }
        }
        return variables
    }

    /// A whole Secret or ConfigMap. Empty when it is optional and not there.
    private static func content(
        _ source: JSON, _ secretField: String, _ configMapField: String, _ sources: ContentSources
    ) throws(MissingContent) -> [String: [UInt8]] {
        let (reference, isSecret) =
            source[secretField].map { ($0, true) } ?? (source[configMapField] ?? .null, false)
        guard let name = reference["name"]?.string else { return [:] }
        if let found = isSecret ? sources.secret(name) : sources.configMap(name) { return found }
        if reference["optional"]?.bool ?? false { return [:] }
        throw MissingContent(message: "\(isSecret ? "secret" : "configmap") \"\(name)\" not found")
    }

    private static func value(
        _ source: JSON, pod: KubeObject, podIP: String, nodeName: String, _ sources: ContentSources
    ) throws(MissingContent) -> String? {
        if let path = source[path: "fieldRef", "fieldPath"]?.string {
            guard let value = field(path, of: pod, podIP: podIP, nodeName: nodeName) else {
                throw MissingContent(message: "fieldRef \"\(path)\" is not known here: give the value itself")
            }
            return value
        }
        for field in ["secretKeyRef", "configMapKeyRef"] {
            guard let reference = source[field], !reference.isNull else { continue }
            let values = try content(source, "secretKeyRef", "configMapKeyRef", sources)
            let key = reference["key"]?.string ?? ""
            if let value = values[key] { return String(decoding: value, as: UTF8.self) }
            if reference["optional"]?.bool ?? false { return nil }
            let kind = field == "secretKeyRef" ? "Secret" : "ConfigMap"
            throw MissingContent(message: "couldn't find key \(key) in \(kind) \(reference["name"]?.string ?? "")")
        }
        throw MissingContent(
            message: "a variable's valueFrom names no source that is known here: give the value itself")
    }

    /// The downward API's fields of a pod; nil for others.
    static func field(_ path: String, of pod: KubeObject, podIP: String, nodeName: String) -> String? {
        switch path {
        case "metadata.name": return pod.name
        case "metadata.namespace": return pod.namespace ?? ""
        case "metadata.uid": return pod.uid
        case "spec.nodeName": return nodeName
        case "spec.serviceAccountName": return pod[path: "spec", "serviceAccountName"]?.string ?? ""
        case "status.podIP", "status.podIPs": return podIP
        case "status.hostIP", "status.hostIPs": return PodStatus.hostIP
        default: break
        }
        for (prefix, values) in [("metadata.labels['", pod.labels), ("metadata.annotations['", pod.annotations)]
        where path.hasPrefix(prefix) && path.hasSuffix("']") {
            return values[String(path.dropFirst(prefix.count).dropLast(2))] ?? ""
        }
        return nil
    }

    /// `$(NAME)` becomes the variable's value, `$$` one dollar; a name that is not known stays as it stands.
    static func expand(_ text: String, _ variables: [String: String]) -> String {
        var output = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            output += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                output.append("$")
                rest = rest.dropFirst()
            } else if rest.first == "(", let end = rest.firstIndex(of: ")") {
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                output += variables[name] ?? "$(\(name))"
                rest = rest[rest.index(after: end)...]
            } else {
                output.append("$")
            }
        }
        return output + rest
    }
}
