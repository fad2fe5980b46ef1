import KubeObjects

extension TableLayout {
    static let access: [String: TableLayout] = [
        "certificatesigningrequests": TableLayout(
            "Name|Age|SignerName|Requestor|RequestedDuration|Condition"
        ) { row in
            let seconds = row.object[path: "spec", "expirationSeconds"]?.integer
            let duration = seconds.map { HumanDuration.text(seconds: Double($0)) } ?? "<none>"
            return [
                .string(row.name), row.age, row.cell("spec", "signerName", absent: "<none>"),
                row.cell("spec", "username"), .string(duration), .string(row.signingStatus),
            ]
        },
        "rolebindings": bindings, "clusterrolebindings": bindings,
        "mutatingwebhookconfigurations": webhooks, "validatingwebhookconfigurations": webhooks,
        "validatingadmissionpolicies": TableLayout("Name|Validations:integer|ParamKind|Age") { row in
            let kind = row.object[path: "spec", "paramKind"].map {
                "\($0["apiVersion"]?.string ?? "")/\($0["kind"]?.string ?? "")"
            }
            return [
                .string(row.name), JSON(row.items("spec", "validations").count), .string(kind ?? "<unset>"),
                row.age,
            ]
        },
        "validatingadmissionpolicybindings": TableLayout("Name|PolicyName|ParamRef|Age") { row in
            var parameters = "<unset>"
            if let name = row.text("spec", "paramRef", "name"), !name.isEmpty {
                parameters = "\(row.text("spec", "paramRef", "namespace") ?? "*")/\(name)"
            } else if let selector = row.object[path: "spec", "paramRef", "selector"] {
                parameters = TableRow.selector(selector)
            }
            return [.string(row.name), row.cell("spec", "policyName"), .string(parameters), row.age]
        },
    ]

    private static let webhooks = TableLayout("Name|Webhooks:integer|Age") { row in
        [.string(row.name), JSON(row.items("webhooks").count), row.age]
    }

    private static let bindings = TableLayout("Name|Role|Age|Users*|Groups*|ServiceAccounts*") {
        row in
        let subjects = { (kind: String) -> JSON in
            .string(
                row.items("subjects").filter { $0["kind"]?.string == kind }.map { subject in
                    let name = subject["name"]?.string ?? ""
                    return kind == "ServiceAccount" ? "\(subject["namespace"]?.string ?? "")/\(name)" : name
                }.joined(separator: ", "))
        }
        return [
            .string(row.name),
            .string("\(row.text("roleRef", "kind") ?? "")/\(row.text("roleRef", "name") ?? "")"),
            row.age, subjects("User"), subjects("Group"), subjects("ServiceAccount"),
        ]
    }
}

extension TableRow {
    fileprivate var signingStatus: String {
        let types = Set(items("status", "conditions").compactMap { $0["type"]?.string })
        var status =
            types.contains("Denied") ? "Denied" : types.contains("Approved") ? "Approved" : "Pending"
        if types.contains("Failed") { status += ",Failed" }
        if !(text("status", "certificate") ?? "").isEmpty { status += ",Issued" }
        return status
    }
}
