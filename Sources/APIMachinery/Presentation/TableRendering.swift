import FoundationEssentials
import KubeObjects

/// Objects as a meta.k8s.io Table: what `kubectl get` shows.
package struct TableRendering: Sendable {
    /// What a row carries of its object.
    package enum IncludedObject: String, Sendable {
        case none = "None"
        case metadata = "Metadata"
        case object = "Object"
    }

    /// What a list says of itself.
    package struct ListInfo: Sendable, Hashable {
        package var resourceVersion: String
        package var continueToken: String
        package var remainingItemCount: Int?

        package init(
            resourceVersion: String, continueToken: String = "", remainingItemCount: Int? = nil
        ) {
            self.resourceVersion = resourceVersion
            self.continueToken = continueToken
            self.remainingItemCount = remainingItemCount
        }
    }

    let columns: [TableColumn]
    let cells: @Sendable (TableRow) -> [JSON]

    package init(_ resource: ServedResource) {
        if let layout = TableLayout.builtIn(resource.type) {
            columns = layout.columns
            cells = layout.cells
        } else if resource.isCustom {
            (columns, cells) = Self.custom(resource.printerColumns ?? [])
        } else {
            columns = [.name, TableColumn(name: "Created At", type: "date")]
            cells = {
                [.string($0.name), $0.text("metadata", "creationTimestamp").map(JSON.string) ?? .null]
            }
        }
    }

    /// The Table, in version `v1` or `v1beta1`.
    ///
    /// - Parameters:
    ///   - list: nil for a single object, whose own resourceVersion is then the table's.
    ///   - showsColumns: false for all but the first event of a watch.
    package func table(
        _ objects: [KubeObject], list: ListInfo? = nil, including included: IncludedObject = .metadata,
        showsColumns: Bool = true, version: String = "v1", now: Date
    ) -> JSON {
        var metadata: JSON = [:]
        if let list {
            metadata["resourceVersion"] = .string(list.resourceVersion)
            if !list.continueToken.isEmpty { metadata["continue"] = .string(list.continueToken) }
            if let remaining = list.remainingItemCount {
                metadata["remainingItemCount"] = JSON(remaining)
            }
        } else if let version = objects.first?.resourceVersion, !version.isEmpty {
            metadata["resourceVersion"] = .string(version)
        }
        return [
            "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": metadata,
            "columnDefinitions": showsColumns ? .array(columns.map(\.json)) : .null,
            "rows": .array(objects.map { row($0, included, version, now) }),
        ]
    }

    private func row(_ object: KubeObject, _ included: IncludedObject, _ version: String, _ now: Date)
        -> JSON
    {
        let source = TableRow(object: object.json, now: now)
        var row: JSON = ["cells": .array(cells(source))]
        switch included {
        case .none: row["object"] = .null
        case .metadata:
            row["object"] = [
                "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
                "metadata": object["metadata"] ?? [:],
            ]
        case .object: row["object"] = object.json
        }
        if object.kind == "Pod", let phase = object[path: "status", "phase"]?.string,
            phase == "Succeeded" || phase == "Failed"
        {
            let message = phase == "Succeeded" ? "The pod has completed successfully." : "The pod failed."
            row["conditions"] = [
                [
                    "type": "Completed", "status": "True", "reason": .string(phase),
                    "message": .string(message),
                ]
            ]
        }
        return row
    }
}

// MARK: - Custom resources

extension TableRendering {
    private static let age = PrinterColumn(
        name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp")

    private static func custom(
        _ printerColumns: [PrinterColumn]
    ) -> (columns: [TableColumn], cells: @Sendable (TableRow) -> [JSON]) {
        let printerColumns = printerColumns.isEmpty ? [age] : printerColumns
        let columns = printerColumns.map {
            TableColumn(
                name: $0.name, type: $0.type, format: $0.format,
                description: $0.description.isEmpty
                    ? "Custom resource definition column (in JSONPath format): \($0.jsonPath)"
                    : $0.description,
                priority: $0.priority)
        }
        let paths = printerColumns.map { ($0.type, JSONPath($0.jsonPath)) }
        return (
            [.name] + columns,
            { row in
                [.string(row.name)]
                    + paths.map { type, path in
                        path?.values(in: row.object).first.map { cell($0, type: type, now: row.now) } ?? .null
                    }
            }
        )
    }

    /// A value as a column of that type takes it; null, which shows as `<none>`, where it does not fit.
    private static func cell(_ value: JSON, type: String, now: Date) -> JSON {
        switch (type, value) {
        case (_, .null): .null
        case ("string", .string): value
        case ("string", .number(let number)): .string(GoText.double(number))
        case ("string", _): .string(GoText.marshaled(value))
        case ("integer", .integer): value
        case ("integer", .number(let number)):
            Int64(exactly: number.rounded(.towardZero)).map(JSON.integer) ?? .null
        case ("number", .integer), ("number", .number): value
        case ("boolean", .bool): value
        case ("date", .string(let text)):
            .string(Timestamp.parse(text) == nil ? "<invalid>" : HumanDuration.age(text, now: now))
        default: .null
        }
    }
}
