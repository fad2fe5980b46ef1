import KubeObjects

/// What one volume of a pod is made of.
enum VolumeContent: Equatable, Sendable {
    /// Files by their path below the volume.
    case files([String: [UInt8]])
    /// A directory that the pod writes to. What was in memory does not outlive the pod's processes.
    case scratch(inMemory: Bool)
    /// A path of this machine; created as a directory when `create` is set.
    case host(String, create: Bool)

    /// - Throws: when a Secret, a ConfigMap or a key in them is missing and not optional, or the kind of volume is
    ///   none that is known here.
    init(_ volume: JSON, _ sources: ContentSources) throws(MissingContent) {
        let name = volume["name"]?.string ?? ""
        if let secret = volume["secret"], !secret.isNull {
            self = .files(
                try Self.files(
                    .secret, secret["secretName"]?.string ?? "", secret, volume: name, sources))
        } else if let configMap = volume["configMap"], !configMap.isNull {
            self = .files(
                try Self.files(
                    .configMap, configMap["name"]?.string ?? "", configMap, volume: name, sources))
        } else if let projected = volume["projected"], !projected.isNull {
            var files: [String: [UInt8]] = [:]
            for source in projected["sources"]?.array ?? [] {
                let kind: Kind
                if source["secret"]?.object != nil {
                    kind = .secret
                } else if source["configMap"]?.object != nil {
                    kind = .configMap
                } else {
                    throw MissingContent(
                        message: "volume \"\(name)\": a projected source that is neither secret nor configMap is not "
                            + "known here: leave it out")
                }
                let projection = source[kind.field] ?? .null
                let found = try Self.files(
                    kind, projection["name"]?.string ?? "", projection, volume: name, sources)
                files.merge(found) { _, later in later }
            }
            self = .files(files)
        } else if let host = volume["hostPath"], let path = host["path"]?.string {
            let type = host["type"]?.string ?? ""
            self = .host(path, create: type == "DirectoryOrCreate")
        } else if let directory = volume["emptyDir"], !directory.isNull {
            self = .scratch(inMemory: directory["medium"]?.string == "Memory")
        } else {
            throw MissingContent(
                message: "volume \"\(name)\" is of a kind that is not known here: "
                    + "use secret, configMap, projected, emptyDir or hostPath")
        }
    }

    private enum Kind: String {
        case secret
        case configMap = "configmap"

        var field: String { self == .secret ? "secret" : "configMap" }
    }

    /// All keys as files, or with `items` those alone, each under its own path.
    private static func files(
        _ kind: Kind, _ object: String, _ projection: JSON, volume: String, _ sources: ContentSources
    ) throws(MissingContent) -> [String: [UInt8]] {
        let isOptional = projection["optional"]?.bool ?? false
        guard let values = kind == .secret ? sources.secret(object) : sources.configMap(object) else {
            if isOptional { return [:] }
            throw MissingContent(message: "volume \"\(volume)\": \(kind.rawValue) \"\(object)\" not found")
        }
        guard let items = projection["items"]?.array else { return values.filter { isInside($0.key) } }
        var files: [String: [UInt8]] = [:]
        for item in items {
            guard let key = item["key"]?.string, let path = item["path"]?.string, isInside(path) else {
                throw MissingContent(message: "volume \"\(volume)\": an item needs a key and a path below the volume")
            }
            if let value = values[key] {
                files[path] = value
            } else if !isOptional {
                throw MissingContent(
                    message: "volume \"\(volume)\": \(kind.rawValue) \"\(object)\" has no key \"\(key)\"")
            }
        }
        return files
    }

    private static func isInside(_ path: String) -> Bool {
        !path.isEmpty && !path.hasPrefix("/") && !path.hasSuffix("/")
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != ".." && $0 != "."
            }
    }

    /// The Secrets and ConfigMaps that a pod names, in volumes and environments.
    static func references(of pod: KubeObject) -> (secrets: Set<String>, configMaps: Set<String>) {
        var secrets: Set<String> = []
        var configMaps: Set<String> = []
        func note(secret: JSON?, configMap: JSON?) {
            if let name = secret?.string { secrets.insert(name) }
            if let name = configMap?.string { configMaps.insert(name) }
        }
        for volume in pod[path: "spec", "volumes"]?.array ?? [] {
            note(secret: volume[path: "secret", "secretName"], configMap: volume[path: "configMap", "name"])
            for source in volume[path: "projected", "sources"]?.array ?? [] {
                note(secret: source[path: "secret", "name"], configMap: source[path: "configMap", "name"])
            }
        }
        for container in PodStatus.allContainers(of: pod) {
            for source in container["envFrom"]?.array ?? [] {
                note(secret: source[path: "secretRef", "name"], configMap: source[path: "configMapRef", "name"])
            }
            for entry in container["env"]?.array ?? [] {
                note(
                    secret: entry[path: "valueFrom", "secretKeyRef", "name"],
                    configMap: entry[path: "valueFrom", "configMapKeyRef", "name"])
            }
        }
        return (secrets, configMaps)
    }
}
