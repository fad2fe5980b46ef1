import FoundationEssentials
import KubeObjects

extension TableLayout {
    static let workloads: [String: TableLayout] = [
        "deployments": TableLayout("Name|Ready|Up-to-date|Available|Age|Containers*|Images*|Selector*") { row in
            let ready = "\(row.count("status", "readyReplicas"))/\(row.replicas)"
            return [
                .string(row.name), .string(ready), JSON(row.count("status", "updatedReplicas")),
                JSON(row.count("status", "availableReplicas")), row.age,
            ] + row.containers("spec", "template", "spec", "containers") + [row.plainSelector]
        },
        "replicasets": TableLayout(
            "Name|Desired:integer|Current:integer|Ready:integer|Age|Containers*|Images*|Selector*"
        ) { row in
            [
                .string(row.name), JSON(row.replicas), JSON(row.count("status", "replicas")),
                JSON(row.count("status", "readyReplicas")), row.age,
            ] + row.containers("spec", "template", "spec", "containers") + [row.selector]
        },
        "replicationcontrollers": TableLayout(
            "Name|Desired:integer|Current:integer|Ready:integer|Age|Containers*|Images*|Selector*"
        ) { row in
            [
                .string(row.name), JSON(row.replicas), JSON(row.count("status", "replicas")),
                JSON(row.count("status", "readyReplicas")), row.age,
            ] + row.containers("spec", "template", "spec", "containers")
                + [.string(TableRow.labels(row.fields("spec", "selector")))]
        },
        "statefulsets": TableLayout("Name|Ready|Age|Containers*|Images*") { row in
            [
                .string(row.name), .string("\(row.count("status", "readyReplicas"))/\(row.replicas)"),
                row.age,
            ]
                + row.containers("spec", "template", "spec", "containers")
        },
        "daemonsets": TableLayout(
            "Name|Desired:integer|Current:integer|Ready:integer|Up-to-date:integer|Available:integer|Node Selector|Age"
                + "|Containers*|Images*|Selector*"
        ) { row in
            [
                .string(row.name), JSON(row.count("status", "desiredNumberScheduled")),
                JSON(row.count("status", "currentNumberScheduled")),
                JSON(row.count("status", "numberReady")),
                JSON(row.count("status", "updatedNumberScheduled")),
                JSON(row.count("status", "numberAvailable")),
                .string(TableRow.labels(row.fields("spec", "template", "spec", "nodeSelector"))), row.age,
            ] + row.containers("spec", "template", "spec", "containers") + [row.selector]
        },
        "jobs": TableLayout("Name|Status|Completions|Duration|Age|Containers*|Images*|Selector*") {
            row in
            [
                .string(row.name), .string(row.jobStatus), .string(row.jobCompletions),
                .string(row.jobDuration), row.age,
            ]
                + row.containers("spec", "template", "spec", "containers") + [row.selector]
        },
        "cronjobs": TableLayout(
            "Name|Schedule|Timezone|Suspend:boolean|Active:integer|Last Schedule|Age|Containers*|Images*|Selector*"
        ) { row in
            let last =
                row.text("status", "lastScheduleTime").map { HumanDuration.age($0, now: row.now) }
                ?? "<none>"
            let suspend =
                row.object[path: "spec", "suspend"]?.bool.map { $0 ? "True" : "False" } ?? "<unset>"
            return [
                .string(row.name), row.cell("spec", "schedule"),
                row.cell("spec", "timeZone", absent: "<none>"),
                .string(suspend), JSON(row.items("status", "active").count), .string(last), row.age,
            ] + row.containers("spec", "jobTemplate", "spec", "template", "spec", "containers")
                + [.string(TableRow.selector(row.object[path: "spec", "jobTemplate", "spec", "selector"]))]
        },
        "poddisruptionbudgets": TableLayout(
            "Name|Min Available|Max Unavailable|Allowed Disruptions:integer|Age"
        ) { row in
            [
                .string(row.name), row.limit("minAvailable"), row.limit("maxUnavailable"),
                JSON(row.count("status", "disruptionsAllowed")), row.age,
            ]
        },
        "podtemplates": TableLayout("Name|Containers|Images|Pod Labels") { row in
            [.string(row.name)] + row.containers("template", "spec", "containers")
                + [.string(TableRow.labels(row.fields("template", "metadata", "labels")))]
        },
        "controllerrevisions": TableLayout("Name|Controller|Revision|Age") { row in
            let owner = row.items("metadata", "ownerReferences").first { $0["controller"]?.bool == true }
            let controller = owner.map { owner in
                let group = (owner["apiVersion"]?.string ?? "").split(separator: "/").dropLast().first.map {
                    ".\($0)"
                }
                return
                    "\((owner["kind"]?.string ?? "").lowercased())\(group ?? "")/\(owner["name"]?.string ?? "")"
            }
            return [
                .string(row.name), .string(controller ?? "<none>"), JSON(row.count("revision")), row.age,
            ]
        },
        "horizontalpodautoscalers": TableLayout("Name|Reference|Targets|MinPods|MaxPods|Replicas|Age") {
            row in
            let kind = row.text("spec", "scaleTargetRef", "kind") ?? ""
            let reference = "\(kind)/\(row.text("spec", "scaleTargetRef", "name") ?? "")"
            let least = row.object[path: "spec", "minReplicas"]?.integer.map(String.init) ?? "<unset>"
            return [
                .string(row.name), .string(reference), .string(row.autoscalingTargets), .string(least),
                JSON(row.count("spec", "maxReplicas")), JSON(row.count("status", "currentReplicas")),
                row.age,
            ]
        },
    ]
}

extension TableRow {
    fileprivate var replicas: Int64 { object[path: "spec", "replicas"]?.integer ?? 0 }
    fileprivate var selector: JSON { .string(Self.selector(object[path: "spec", "selector"])) }
    /// Deployments show an empty selector as nothing at all.
    fileprivate var plainSelector: JSON {
        let text = Self.selector(object[path: "spec", "selector"])
        return .string(text == "<none>" ? "" : text == "<error>" ? "<invalid>" : text)
    }

    fileprivate func limit(_ field: String) -> JSON {
        switch object[path: "spec", field] {
        case .integer(let number): .string(String(number))
        case .string(let text): .string(text)
        default: "N/A"
        }
    }

    fileprivate var jobStatus: String {
        if hasCondition("Complete") { return "Complete" }
        if hasCondition("Failed") { return "Failed" }
        if text("metadata", "deletionTimestamp") != nil { return "Terminating" }
        return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].first(where: hasCondition)
            ?? "Running"
    }

    fileprivate var jobCompletions: String {
        let succeeded = count("status", "succeeded")
        if let wanted = object[path: "spec", "completions"]?.integer { return "\(succeeded)/\(wanted)" }
        let parallelism = count("spec", "parallelism")
        return parallelism > 1 ? "\(succeeded)/1 of \(parallelism)" : "\(succeeded)/1"
    }

    fileprivate var jobDuration: String {
        guard let start = text("status", "startTime").flatMap(Timestamp.parse) else { return "" }
        let end = text("status", "completionTime").flatMap(Timestamp.parse) ?? now
        return HumanDuration.text(seconds: end.timeIntervalSince(start))
    }

    fileprivate var autoscalingTargets: String {
        let metrics = items("spec", "metrics")
        if metrics.isEmpty { return "<none>" }
        let current = items("status", "currentMetrics")
        let texts = metrics.enumerated().map { place, metric in
            Self.target(metric, current.indices.contains(place) ? current[place] : nil)
        }
        let shown = texts.prefix(2).joined(separator: ", ")
        return texts.count > 2 ? "\(shown) + \(texts.count - 2) more..." : shown
    }

    private static func target(_ metric: JSON, _ status: JSON?) -> String {
        let kinds = ["Resource", "ContainerResource", "Pods", "Object", "External"]
        guard let type = metric["type"]?.string, kinds.contains(type) else { return "<unknown type>" }
        let field = type.prefix(1).lowercased() + type.dropFirst()
        let target = metric[path: field, "target"]
        let current = status?[path: field, "current"]
        let isResource = type.hasSuffix("Resource")
        let prefix = isResource ? "\(metric[path: field, "name"]?.string ?? ""): " : ""
        func quantity(_ json: JSON?) -> String? { json?.string ?? json?.integer.map(String.init) }
        if let average = quantity(target?["averageValue"]) {
            let suffix = isResource || type == "Pods" ? "" : " (avg)"
            return "\(prefix)\(quantity(current?["averageValue"]) ?? "<unknown>")/\(average)\(suffix)"
        }
        if isResource {
            let percent = { (json: JSON?) in json?["averageUtilization"]?.integer.map { "\($0)%" } }
            return "\(prefix)\(percent(current) ?? "<unknown>")/\(percent(target) ?? "<auto>")"
        }
        return "\(quantity(current?["value"]) ?? "<unknown>")/\(quantity(target?["value"]) ?? "")"
    }
}
