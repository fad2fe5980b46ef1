import KubeObjects

extension TableLayout {
    static let storage: [String: TableLayout] = [
        "persistentvolumes": TableLayout(
            "Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age"
                + "|VolumeMode*"
        ) { row in
            let claim = row.object[path: "spec", "claimRef"].map {
                "\($0["namespace"]?.string ?? "")/\($0["name"]?.string ?? "")"
            }
            return [
                .string(row.name),
                .string(TableRow.quantity(row.object[path: "spec", "capacity", "storage"])),
                row.accessModes("spec"), row.cell("spec", "persistentVolumeReclaimPolicy"), row.volumePhase,
                .string(claim ?? ""), row.storageClass,
                row.cell("spec", "volumeAttributesClassName", absent: "<unset>"),
                row.cell("status", "reason"),
                row.age, row.cell("spec", "volumeMode", absent: "<unset>"),
            ]
        },
        "persistentvolumeclaims": TableLayout(
            "Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|VolumeMode*"
        ) { row in
            let isBound = !(row.text("spec", "volumeName") ?? "").isEmpty
            return [
                .string(row.name), row.volumePhase, row.cell("spec", "volumeName"),
                isBound
                    ? .string(TableRow.quantity(row.object[path: "status", "capacity", "storage"])) : "",
                isBound ? row.accessModes("status") : "", row.storageClass,
                row.cell("spec", "volumeAttributesClassName", absent: "<unset>"), row.age,
                row.cell("spec", "volumeMode", absent: "<unset>"),
            ]
        },
        "storageclasses": TableLayout(
            "Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age"
        ) { row in
            [
                .string(row.name(markedBy: "storageclass.kubernetes.io/is-default-class")),
                row.cell("provisioner"),
                row.cell("reclaimPolicy", absent: "Delete"),
                row.cell("volumeBindingMode", absent: "Immediate"),
                .bool(row.object["allowVolumeExpansion"]?.bool ?? false), row.age,
            ]
        },
        "csidrivers": TableLayout(
            "Name|AttachRequired:boolean|PodInfoOnMount:boolean|StorageCapacity:boolean|TokenRequests"
                + "|RequiresRepublish:boolean|Modes|Age"
        ) { row in
            let flag = { (name: String, fallback: Bool) -> JSON in
                .bool(row.object[path: "spec", name]?.bool ?? fallback)
            }
            let requests = row.object[path: "spec", "tokenRequests"]?.array
            let audiences = requests?.map { $0["audience"]?.string ?? "" }.joined(separator: ",")
            let modes = (row.object[path: "spec", "volumeLifecycleModes"]?.strings ?? []).joined(
                separator: ",")
            return [
                .string(row.name), flag("attachRequired", true), flag("podInfoOnMount", false),
                flag("storageCapacity", false), .string(audiences ?? "<unset>"),
                flag("requiresRepublish", false),
                .string(modes.isEmpty ? "<none>" : modes), row.age,
            ]
        },
        "csinodes": TableLayout("Name|Drivers:integer|Age") { row in
            [.string(row.name), JSON(row.items("spec", "drivers").count), row.age]
        },
        "volumeattachments": TableLayout("Name|Attacher|PV|Node|Attached:boolean|Age") { row in
            [
                .string(row.name), row.cell("spec", "attacher"),
                row.cell("spec", "source", "persistentVolumeName"),
                row.cell("spec", "nodeName"), .bool(row.object[path: "status", "attached"]?.bool ?? false),
                row.age,
            ]
        },
    ]
}

extension TableRow {
    fileprivate var volumePhase: JSON {
        text("metadata", "deletionTimestamp") == nil ? cell("status", "phase") : "Terminating"
    }

    /// Once an annotation, now a field.
    fileprivate var storageClass: JSON {
        if let old = fields("metadata", "annotations")["volume.beta.kubernetes.io/storage-class"]?
            .string
        {
            return .string(old)
        }
        return cell("spec", "storageClassName")
    }

    fileprivate func accessModes(_ part: String) -> JSON {
        let modes = object[path: part, "accessModes"]?.strings ?? []
        let short = [
            ("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"),
            ("ReadWriteOncePod", "RWOP"),
        ]
        return .string(short.filter { modes.contains($0.0) }.map(\.1).joined(separator: ","))
    }
}
