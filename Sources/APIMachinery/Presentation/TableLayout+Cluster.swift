import FoundationEssentials
import KubeObjects

extension TableLayout {
    static let cluster: [String: TableLayout] = [
        "namespaces": TableLayout("Name|Status|Age") { row in
            [.string(row.name), row.cell("status", "phase"), row.age]
        },
        "nodes": TableLayout(
            "Name|Status|Roles|Age|Version|Internal-IP*|External-IP*|OS-Image*|Kernel-Version*|Container-Runtime*"
        ) { row in
            var kernel = row.text("status", "nodeInfo", "kernelVersion") ?? ""
            if kernel.isEmpty { kernel = "<unknown>" }
            if let architecture = row.text("status", "nodeInfo", "architecture"), !architecture.isEmpty {
                kernel += " (\(architecture))"
            }
            return [
                .string(row.name), .string(row.nodeStatus), .string(row.nodeRoles), row.age,
                row.cell("status", "nodeInfo", "kubeletVersion"), row.nodeAddress("InternalIP"),
                row.nodeAddress("ExternalIP"),
                row.cell("status", "nodeInfo", "osImage", absent: "<unknown>"),
                .string(kernel),
                row.cell("status", "nodeInfo", "containerRuntimeVersion", absent: "<unknown>"),
            ]
        },
        "events": TableLayout(
            "Last Seen|Type|Reason|Object|Subobject*|Source*|Message|First Seen*|Count*|Name*"
        ) { row in row.event },
        "secrets": TableLayout("Name|Type|Data|Age") { row in
            [.string(row.name), row.cell("type"), JSON(row.fields("data").count), row.age]
        },
        "configmaps": TableLayout("Name|Data|Age") { row in
            [.string(row.name), JSON(row.fields("data").count + row.fields("binaryData").count), row.age]
        },
        "serviceaccounts": TableLayout("Name|Age") { row in [.string(row.name), row.age] },
        "leases": TableLayout("Name|Holder|Age") { row in
            [.string(row.name), row.cell("spec", "holderIdentity"), row.age]
        },
        "resourcequotas": TableLayout("Name|Request|Limit|Age") { row in
            let used = row.fields("status", "used")
            let hard = row.fields("status", "hard").sorted { $0.key < $1.key }
            let text = { (limits: Bool) -> JSON in
                .string(
                    hard.filter { $0.key.hasPrefix("limits.") == limits }.map { name, limit in
                        "\(name): \(TableRow.quantity(used[name]))/\(TableRow.quantity(limit))"
                    }.joined(separator: ", "))
            }
            return [.string(row.name), text(false), text(true), row.age]
        },
        "priorityclasses": TableLayout(
            "Name|Value:integer|Global-Default:boolean|Age|PreemptionPolicy*"
        ) { row in
            [
                .string(row.name), JSON(row.count("value")),
                .bool(row.object["globalDefault"]?.bool ?? false), row.age,
                row.cell("preemptionPolicy"),
            ]
        },
        "runtimeclasses": TableLayout("Name|Handler|Age") { row in
            [.string(row.name), row.cell("handler"), row.age]
        },
    ]
}

extension TableRow {
    static func quantity(_ json: JSON?) -> String {
        json?.string ?? json?.integer.map(String.init) ?? "0"
    }

    fileprivate var nodeStatus: String {
        let ready = items("status", "conditions").first { $0["type"]?.string == "Ready" }
        var status = ready.map { $0["status"]?.string == "True" ? "Ready" : "NotReady" } ?? "Unknown"
        if object[path: "spec", "unschedulable"]?.bool == true { status += ",SchedulingDisabled" }
        return status
    }

    fileprivate var nodeRoles: String {
        let prefix = "node-role.kubernetes.io/"
        var roles: Set<String> = []
        for (key, value) in fields("metadata", "labels") {
            if key.hasPrefix(prefix) {
                roles.insert(String(key.dropFirst(prefix.count)))
            } else if key == "kubernetes.io/role" {
                roles.insert(value.string ?? "")
            }
        }
        roles.remove("")
        return roles.isEmpty ? "<none>" : roles.sorted().joined(separator: ",")
    }

    fileprivate func nodeAddress(_ type: String) -> JSON {
        let address = items("status", "addresses").first { $0["type"]?.string == type }?["address"]?
            .string
        return .string(address ?? "<none>")
    }

    /// Of either form of Event.
    fileprivate var event: [JSON] {
        func first(_ names: String...) -> JSON? {
            names.lazy.compactMap { object[$0] }.first { !$0.isNull && $0.string != "" }
        }
        let about = first("involvedObject", "regarding") ?? [:]
        let source = first("source", "deprecatedSource") ?? [:]
        let firstTime = first("firstTimestamp", "deprecatedFirstTimestamp")?.string ?? text("eventTime")
        let lastTime =
            text("series", "lastObservedTime") ?? first("lastTimestamp", "deprecatedLastTimestamp")?
            .string ?? firstTime
        let recorded = first("count", "deprecatedCount")?.integer ?? 0
        let count = object[path: "series", "count"]?.integer ?? (recorded == 0 ? 1 : recorded)
        let kind = (about["kind"]?.string ?? "").lowercased()
        let name = about["name"]?.string ?? ""
        let component = [
            source["component"]?.string, first("reportingComponent", "reportingController")?.string,
        ]
        let instance = [source["host"]?.string, text("reportingInstance")]
        let origin = [component, instance].map { texts in
            texts.compactMap(\.self).first { !$0.isEmpty } ?? ""
        }
        let message = (first("message", "note")?.string ?? "").trimmingSpace()
        return [
            .string(HumanDuration.age(lastTime, now: now)), cell("type"), cell("reason"),
            .string(name.isEmpty ? kind : "\(kind)/\(name)"), about["fieldPath"] ?? "",
            .string(origin[1].isEmpty ? origin[0] : "\(origin[0]), \(origin[1])"), .string(message),
            .string(HumanDuration.age(firstTime, now: now)), JSON(count), .string(self.name),
        ]
    }
}
