import KubeObjects

/// One change that the machine's owner makes to the kubelet's configuration, from a file in `patches.directory`.
package struct KubeletPatch: Sendable, Hashable {
    package enum Form: String, Sendable, Hashable {
        case strategic, merge, json
    }

    /// The file's name, for messages.
    package let file: String
    package let form: Form
    package let change: JSON

    /// What a file's name says, by kubeadm's grammar `target[suffix][+patchtype].extension`.
    package enum FileName: Sendable, Hashable {
        case patch(target: String, suffix: String, form: Form)
        case ignored(String)
    }

    private static let targets = [
        "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubeletconfiguration",
        "corednsdeployment",
    ]

    package static func parse(fileName: String) throws(KubeletConfigurationError) -> FileName {
        let stem: Substring
        guard fileName.hasSuffix(".yaml") || fileName.hasSuffix(".json") else {
            return .ignored("its name does not end in .yaml or .json")
        }
        stem = fileName.dropLast(5)
        let parts = stem.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        guard let target = targets.first(where: { parts[0].hasPrefix($0) }) else {
            return .ignored("its name does not begin with what can be patched (kubeletconfiguration, on a worker)")
        }
        var form = Form.strategic
        if parts.count == 2 {
            guard let named = Form(rawValue: String(parts[1])) else {
                throw KubeletConfigurationError(
                    "\(fileName): patch type \"\(parts[1])\" is none of strategic, merge and json")
            }
            form = named
        }
        return .patch(target: target, suffix: String(parts[0].dropFirst(target.count)), form: form)
    }

    /// The patches in one file; empty documents are none.
    package static func read(_ text: String, file: String, form: Form) throws(KubeletConfigurationError)
        -> [KubeletPatch]
    {
        let documents: [JSON]
        do {
            documents = try YAML.parse(text)
        } catch {
            throw KubeletConfigurationError("\(file): \(error)")
        }
        var patches: [KubeletPatch] = []
        for document in documents where !document.isNull {
            if form == .strategic, let directive = directive(in: document) {
                throw KubeletConfigurationError(
                    "\(file): \(directive) is not known: a strategic patch of this configuration is a merge, in which "
                        + "null removes and lists are replaced")
            }
            patches.append(KubeletPatch(file: file, form: form, change: document))
        }
        return patches
    }

    /// KubeletConfiguration has no merge keys, so strategic is RFC 7386, but for directives.
    private static func directive(in value: JSON) -> String? {
        if let list = value.array { return list.lazy.compactMap(directive).first }
        guard let object = value.object else { return nil }
        if let key = object.keys.sorted().first(where: { $0.hasPrefix("$") }) { return key }
        return object.keys.sorted().lazy.compactMap { object[$0].flatMap(directive) }.first
    }

    package func apply(to configuration: JSON) throws(KubeletConfigurationError) -> JSON {
        switch form {
        case .strategic, .merge: return MergePatch.apply(change, to: configuration)
        case .json:
            do {
                return try JSONPatch(change).apply(to: configuration)
            } catch {
                throw KubeletConfigurationError(
                    "\(file) does not apply to the kubelet's configuration: \(error.message)")
            }
        }
    }
}
