import KubeObjects

/// v1 Event and events.k8s.io/v1 Event are one object under two sets of names. It is kept as v1.
enum EventForms {
    /// Core name and new name of the same field.
    private static let names: [(core: String, new: String)] = [
        ("involvedObject", "regarding"), ("message", "note"), ("reportingComponent", "reportingController"),
        ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"),
    ]

    static func presented(_ event: KubeObject) -> KubeObject {
        renamed(event, apiVersion: "events.k8s.io/v1", from: \.core, to: \.new)
    }

    static func stored(_ event: KubeObject) -> KubeObject {
        var stored = renamed(event, apiVersion: "v1", from: \.new, to: \.core)
        // v1 always shows these two, empty or not.
        if stored["source"] == nil { stored["source"] = [:] }
        if stored["involvedObject"] == nil { stored["involvedObject"] = [:] }
        return stored
    }

    private static func renamed(
        _ event: KubeObject, apiVersion: String, from: KeyPath<(core: String, new: String), String>,
        to: KeyPath<(core: String, new: String), String>
    ) -> KubeObject {
        guard event.apiVersion != apiVersion, var fields = event.json.object else { return event }
        for name in names {
            if let value = fields.removeValue(forKey: name[keyPath: from]) { fields[name[keyPath: to]] = value }
        }
        fields["apiVersion"] = .string(apiVersion)
        return KubeObject(.object(fields))
    }
}
