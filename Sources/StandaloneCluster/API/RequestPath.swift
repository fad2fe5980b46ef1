/// What a path asks for, as Kubernetes takes paths apart.
enum RequestPath: Equatable {
    case resource(ResourcePath)
    /// Anything that is not below /api/VERSION or /apis/GROUP/VERSION.
    case other

    init(_ path: String) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        let group: String
        switch parts.first {
        case "api":
            guard parts.count >= 3 else { self = .other; return }
            group = ""
            parts.removeFirst()
        case "apis":
            guard parts.count >= 4 else { self = .other; return }
            group = parts[1]
            parts.removeFirst(2)
        default:
            self = .other
            return
        }
        var found = ResourcePath(group: group, version: parts.removeFirst())
        if parts.first == "watch" {
            found.isWatchPath = true
            parts.removeFirst()
        }
        // "namespaces/NAME/RESOURCE…" is a resource in a namespace, except for the namespace's own subresources.
        if parts.first == "namespaces", parts.count > 2, !["status", "finalize"].contains(parts[2]) || parts.count > 3 {
            found.namespace = parts[1]
            parts.removeFirst(2)
        }
        guard let plural = parts.first, parts.count <= 3 || parts[2] == "proxy" else {
            self = .other
            return
        }
        found.plural = plural
        if parts.count > 1 { found.name = parts[1] }
        if parts.count > 2 { found.subresource = parts[2] }
        self = .resource(found)
    }
}

/// A path below a group and version.
struct ResourcePath: Equatable {
    var group: String
    var version: String
    var namespace: String?
    var plural = ""
    var name: String?
    var subresource: String?
    /// The old form /api/v1/watch/….
    var isWatchPath = false

    /// The verb that rules of authorization speak of.
    func verb(method: String, isWatch: Bool) -> String {
        switch method {
        case "POST": return "create"
        case "PUT": return "update"
        case "PATCH": return "patch"
        case "DELETE": return name == nil ? "deletecollection" : "delete"
        default:
            if isWatch || isWatchPath { return "watch" }
            return name == nil ? "list" : "get"
        }
    }
}
