import Foundation
import KubeObjects
import Testing

/// What one user asked of an API server, as that server wrote it down.
struct AuditLog: Sendable {
    /// A permission, as a role words it: `apps deployments patch`.
    typealias Permission = String

    let log: String
    let policy: String

    init(in scratch: ScratchDirectory) throws {
        log = scratch.file("audit.log")
        policy = try scratch.write(
            """
            apiVersion: audit.k8s.io/v1
            kind: Policy
            omitStages: [RequestReceived]
            rules: [{level: Metadata}]
            """)
    }

    var flags: [String] { ["--audit-log-path=\(log)", "--audit-policy-file=\(policy)"] }

    /// The permissions that the user's requests needed, and those requests that were refused.
    func requests(of user: String) throws -> (used: Set<Permission>, refused: [String]) {
        var used: Set<Permission> = []
        var refused: [String] = []
        for line in try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n") {
            let entry = try JSON(parsing: Array(line.utf8))
            guard entry[path: "user", "username"]?.string == user else { continue }
            let code = entry[path: "responseStatus", "code"]?.integer
            let verb = entry["verb"]?.string ?? ""
            if code == 403 { refused.append("\(verb) \(entry["requestURI"]?.string ?? "")") }
            guard let reference = entry["objectRef"], let resource = reference["resource"]?.string else { continue }
            let subresource = reference["subresource"]?.string.map { "/\($0)" } ?? ""
            let target = "\(reference["apiGroup"]?.string ?? "") \(resource)\(subresource)"
            used.insert("\(target) \(verb)")
            // An apply that finds nothing creates, and is asked for both.
            if verb == "patch", code == 201 { used.insert("\(target) create") }
        }
        return (used, refused)
    }

    /// Every permission that the rules of a role grant.
    static func permissions(of role: JSON) -> Set<Permission> {
        func texts(_ rule: JSON, _ field: String) -> [String] { (rule[field]?.array ?? []).compactMap(\.string) }
        var granted: Set<Permission> = []
        for rule in role["rules"]?.array ?? [] {
            for group in texts(rule, "apiGroups") {
                for resource in texts(rule, "resources") {
                    for verb in texts(rule, "verbs") { granted.insert("\(group) \(resource) \(verb)") }
                }
            }
        }
        return granted
    }
}
