import KubeObjects

/// Turns paths as a container sees them into paths of this machine: there is no mount namespace, so what names a
/// mounted file has to name where its volume was materialised.
struct PathMapping: Sendable, Equatable {
    private struct Mount: Equatable {
        let path: String
        let target: String
    }

    /// Longest path first.
    private let mounts: [Mount]

    /// - Parameter volumes: where each volume was materialised, by name; mounts of others are left out.
    init(container: JSON, volumes: [String: String]) {
        let found = (container["volumeMounts"]?.array ?? []).compactMap { mount -> Mount? in
            guard let path = mount["mountPath"]?.string, path.hasPrefix("/"),
                let target = mount["name"]?.string.flatMap({ volumes[$0] })
            else { return nil }
            let part = Self.trimmed(mount["subPath"]?.string ?? "")
            return Mount(path: "/" + Self.trimmed(path), target: part.isEmpty ? target : "\(target)/\(part)")
        }
        mounts = found.sorted { $0.path.count > $1.path.count }
    }

    private static func trimmed(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != ".." && $0 != "." }
            .joined(separator: "/")
    }

    /// The path's place on this machine; nil when it lies in no mount. The longest mount path counts.
    func place(of path: String) -> String? {
        for mount in mounts {
            if path == mount.path { return mount.target }
            let prefix = mount.path == "/" ? "/" : mount.path + "/"
            if path.hasPrefix(prefix) { return "\(mount.target)/\(path.dropFirst(prefix.count))" }
        }
        return nil
    }

    /// An argument with its paths rewritten: the whole of it, what follows the first `=`, or each part between commas,
    /// with or without `unix://` or `file://` before it.
    func rewrite(_ argument: String) -> String {
        if argument.hasPrefix("-"), let equals = argument.firstIndex(of: "=") {
            return argument[...equals] + rewriteList(String(argument[argument.index(after: equals)...]))
        }
        return rewriteList(argument)
    }

    private func rewriteList(_ value: String) -> String {
        value.split(separator: ",", omittingEmptySubsequences: false).map { rewritePair(String($0)) }
            .joined(separator: ",")
    }

    /// `name=path`, as in the parts of some lists.
    private func rewritePair(_ word: String) -> String {
        if let whole = place(ofWord: word) { return whole }
        guard let equals = word.firstIndex(of: "=") else { return word }
        let value = String(word[word.index(after: equals)...])
        return place(ofWord: value).map { word[...equals] + $0 } ?? word
    }

    private func place(ofWord word: String) -> String? {
        for scheme in ["unix://", "file://"] where word.hasPrefix(scheme) {
            return place(of: String(word.dropFirst(scheme.count))).map { scheme + $0 }
        }
        return place(of: word)
    }

    /// A shell script with its paths rewritten wherever a word that lies in a mount begins.
    func rewrite(script: String) -> String {
        var output = ""
        var rest = script[...]
        var previous: Character?
        while let next = rest.first {
            let begins = previous.map { !Self.isPathCharacter($0) } ?? true
            if next == "/", begins {
                let word = rest.prefix { Self.isPathCharacter($0) }
                output += place(of: String(word)) ?? String(word)
                previous = word.last
                rest = rest.dropFirst(word.count)
            } else {
                output.append(next)
                previous = next
                rest = rest.dropFirst()
            }
        }
        return output
    }

    private static func isPathCharacter(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "/._-+@%*?[]".contains(character)
    }
}
