import KubeObjects

/// Who makes a request.
package struct UserInfo: Sendable, Hashable {
    package var name: String
    package var uid: String
    package var groups: [String]
    package var extra: [String: [String]]

    package init(name: String, uid: String = "", groups: [String] = [], extra: [String: [String]] = [:]) {
        self.name = name
        self.uid = uid
        self.groups = groups
        self.extra = extra
    }

    /// Who has shown nothing.
    package static let anonymous = UserInfo(name: "system:anonymous", groups: ["system:unauthenticated"])

    /// The program's own controllers, which no rule stops.
    package static let itself = UserInfo(
        name: "system:apiserver", groups: ["system:masters", "system:authenticated"])

    package var isAnonymous: Bool { name == "system:anonymous" }

    /// As authentication.k8s.io/v1 UserInfo.
    var json: JSON {
        var json: JSON = ["username": .string(name), "groups": JSON(groups)]
        if !uid.isEmpty { json["uid"] = .string(uid) }
        if !extra.isEmpty { json["extra"] = .object(extra.mapValues { JSON($0) }) }
        return json
    }
}
