import KubeObjects

/// The documents by which clients find out what an API serves.
package struct Discovery: Sendable {
    /// Versions of the aggregated form, apidiscovery.k8s.io.
    package enum AggregatedVersion: String, Sendable {
        case v2
        case v2beta1

        /// The media type to answer with.
        package var contentType: String {
            "application/json;g=apidiscovery.k8s.io;v=\(rawValue);as=APIGroupDiscoveryList"
        }

        /// The version that an Accept header asks for first; nil when it asks for the lists of old.
        package init?(accept: String) {
            for offer in accept.split(separator: ",") {
                let parts = offer.split(separator: ";").map { $0.filter { $0 != " " } }
                guard let type = parts.first else { continue }
                if parts.contains("as=APIGroupDiscoveryList"), parts.contains("g=apidiscovery.k8s.io") {
                    guard type == "application/json" else { continue }
                    let version = parts.first { $0.hasPrefix("v=") }?.dropFirst(2)
                    guard let known = version.flatMap({ AggregatedVersion(rawValue: String($0)) }) else {
                        continue
                    }
                    self = known
                    return
                }
                if type == "application/json" || type == "*/*" { return nil }
            }
            return nil
        }
    }

    /// A group with its versions, the preferred one first.
    struct Group: Sendable {
        var name: String
        var versions: [(name: String, resources: [ServedResource])]
    }

    let groups: [Group]

    /// Built-in groups stand in Kubernetes' own order, others after them by name.
    private static let order = [
        "", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling",
        "batch",
        "certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io",
        "storage.k8s.io",
        "admissionregistration.k8s.io", "apiextensions.k8s.io", "scheduling.k8s.io",
        "coordination.k8s.io",
        "node.k8s.io", "discovery.k8s.io",
    ]

    package init(_ resources: [ServedResource]) {
        let byGroup = Dictionary(grouping: resources, by: \.type.group)
        let rank = { (group: String) in Self.order.firstIndex(of: group) ?? Self.order.count }
        groups = byGroup.sorted { left, right in
            let (mine, other) = (rank(left.key), rank(right.key))
            return mine == other ? left.key < right.key : mine < other
        }.map { group, resources in
            let byVersion = Dictionary(grouping: resources, by: \.type.version)
            let versions = byVersion.sorted { left, right in
                let priority = { (resources: [ServedResource]) in
                    resources.map(\.versionPriority).max() ?? 0
                }
                let (mine, other) = (priority(left.value), priority(right.value))
                return mine == other ? APIVersionOrder.precedes(left.key, right.key) : mine > other
            }
            return Group(
                name: group,
                versions: versions.map { ($0.key, $0.value.sorted { $0.type.plural < $1.type.plural }) })
        }
    }
}

/// Versions as Kubernetes ranks them: stable before beta before alpha, higher before lower, others last by name.
enum APIVersionOrder {
    static func precedes(_ left: String, _ right: String) -> Bool {
        switch (rank(left), rank(right)) {
        case (let mine?, let other?): mine.lexicographicallyPrecedes(other) { $0 > $1 }
        case (.some, nil): true
        case (nil, .some): false
        case (nil, nil): left < right
        }
    }

    /// Stability, major, minor; nil for what is not of the form v1, v1beta2, v1alpha3.
    private static func rank(_ version: String) -> [Int]? {
        guard version.first == "v" else { return nil }
        let major = version.dropFirst().prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(major), number > 0 else { return nil }
        let rest = version.dropFirst(1 + major.count)
        if rest.isEmpty { return [3, number, 0] }
        for (word, stability) in [("beta", 2), ("alpha", 1)] where rest.hasPrefix(word) {
            guard let minor = Int(rest.dropFirst(word.count)), minor > 0 else { return nil }
            return [stability, number, minor]
        }
        return nil
    }
}

// MARK: - The lists of old

extension Discovery {
    /// `/api`. `serverAddress` is host and port as clients reach it.
    package func coreVersions(serverAddress: String) -> JSON {
        let versions = groups.first { $0.name.isEmpty }?.versions.map(\.name) ?? []
        return [
            "kind": "APIVersions", "versions": JSON(versions),
            "serverAddressByClientCIDRs": [
                ["clientCIDR": "0.0.0.0/0", "serverAddress": .string(serverAddress)]
            ],
        ]
    }

    /// `/apis`.
    package var groupList: JSON {
        [
            "kind": "APIGroupList", "apiVersion": "v1",
            "groups": .array(groups.filter { !$0.name.isEmpty }.map(Self.json)),
        ]
    }

    /// `/apis/GROUP`; nil for a group that is not served.
    package func group(_ name: String) -> JSON? {
        guard !name.isEmpty, let group = groups.first(where: { $0.name == name }) else { return nil }
        var json = Self.json(group)
        json["kind"] = "APIGroup"
        json["apiVersion"] = "v1"
        return json
    }

    private static func json(_ group: Group) -> JSON {
        let versions = group.versions.map { version -> JSON in
            ["groupVersion": .string("\(group.name)/\(version.name)"), "version": .string(version.name)]
        }
        return [
            "name": .string(group.name), "versions": .array(versions),
            "preferredVersion": versions.first ?? [:],
        ]
    }

    /// `/api/v1` and `/apis/GROUP/VERSION`; nil for a version that is not served.
    package func resourceList(group: String, version: String) -> JSON? {
        guard
            let found = groups.first(where: { $0.name == group })?.versions.first(where: {
                $0.name == version
            })
        else { return nil }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"),
            "resources": .array(found.resources.flatMap(Self.entries)),
        ]
    }

    private static func entries(_ resource: ServedResource) -> [JSON] {
        var entry: JSON = [
            "name": .string(resource.type.plural), "singularName": .string(resource.singular),
            "namespaced": .bool(resource.type.isNamespaced), "kind": .string(resource.type.kind),
            "verbs": JSON(resource.verbs),
        ]
        if !resource.shortNames.isEmpty { entry["shortNames"] = JSON(resource.shortNames) }
        if !resource.categories.isEmpty { entry["categories"] = JSON(resource.categories) }
        let subresources = resource.subresources.sorted { $0.name < $1.name }.map {
            subresource -> JSON in
            var entry: JSON = [
                "name": .string("\(resource.type.plural)/\(subresource.name)"), "singularName": "",
                "namespaced": .bool(resource.type.isNamespaced),
                "kind": .string(subresource.responseKind ?? resource.type.kind),
                "verbs": JSON(subresource.verbs),
            ]
            if let group = subresource.responseGroup, group != resource.type.group {
                entry["group"] = .string(group)
                entry["version"] = subresource.responseVersion.map(JSON.string)
            }
            return entry
        }
        return [entry] + subresources
    }
}

// MARK: - The aggregated form

extension Discovery {
    /// `/api` (the core group) or `/apis` (all others) as an APIGroupDiscoveryList.
    package func aggregated(core: Bool, _ version: AggregatedVersion) -> JSON {
        [
            "kind": "APIGroupDiscoveryList",
            "apiVersion": .string("apidiscovery.k8s.io/\(version.rawValue)"),
            "metadata": [:],
            "items": .array(
                groups.filter { $0.name.isEmpty == core }.map { group in
                    [
                        "metadata": group.name.isEmpty ? [:] : ["name": .string(group.name)],
                        "versions": .array(
                            group.versions.map { version in
                                [
                                    "version": .string(version.name), "freshness": "Current",
                                    "resources": .array(version.resources.map(Self.aggregatedEntry)),
                                ]
                            }),
                    ]
                }),
        ]
    }

    private static func aggregatedEntry(_ resource: ServedResource) -> JSON {
        // Built-in kinds leave their own group and version out; custom ones are served with both.
        let own = { (kind: String) -> JSON in
            [
                "group": .string(resource.isCustom ? resource.type.group : ""),
                "version": .string(resource.isCustom ? resource.type.version : ""), "kind": .string(kind),
            ]
        }
        var entry: JSON = [
            "resource": .string(resource.type.plural), "responseKind": own(resource.type.kind),
            "scope": resource.type.isNamespaced ? "Namespaced" : "Cluster",
            "singularResource": .string(resource.singular), "verbs": JSON(resource.verbs),
        ]
        if !resource.shortNames.isEmpty { entry["shortNames"] = JSON(resource.shortNames) }
        if !resource.categories.isEmpty { entry["categories"] = JSON(resource.categories) }
        let subresources = resource.subresources.sorted { $0.name < $1.name }.map {
            subresource -> JSON in
            var kind = own(subresource.responseKind ?? resource.type.kind)
            if let group = subresource.responseGroup, group != resource.type.group {
                kind["group"] = .string(group)
                kind["version"] = .string(subresource.responseVersion ?? "")
            }
            return [
                "subresource": .string(subresource.name), "responseKind": kind,
                "verbs": JSON(subresource.verbs),
            ]
        }
        if !subresources.isEmpty { entry["subresources"] = .array(subresources) }
        return entry
    }

    /// `/version` for a version such as `v1.36.2`.
    package static func versionInfo(_ version: String, gitCommit: String = "", platform: String)
        -> JSON
    {
        let numbers = version.drop { $0 == "v" }.split(separator: ".").map(String.init)
        return [
            "major": .string(numbers.first ?? ""), "minor": .string(numbers.count > 1 ? numbers[1] : ""),
            "gitVersion": .string(version), "gitCommit": .string(gitCommit), "gitTreeState": "clean",
            "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "swift",
            "platform": .string(platform),
        ]
    }
}
