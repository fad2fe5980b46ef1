import KubeObjects

extension TypeShape {
    /// The fields of a value that its shape does not have, as strict decoding names them:
    /// `spec.template.spec.containers[0].imgae`. Sorted.
    package func unknownFields(in value: JSON) -> [String] {
        var found: [String] = []
        collectUnknown(in: value, at: "", into: &found)
        return found.sorted()
    }

    private func collectUnknown(in value: JSON, at path: String, into found: inout [String]) {
        switch (resolved, value) {
        case (.structure(let structure), .object(let fields)):
            for (name, child) in fields {
                let place = path.isEmpty ? name : "\(path).\(name)"
                if let shape = structure.fields[name]?.shape ?? structure.rest {
                    shape.collectUnknown(in: child, at: place, into: &found)
                } else {
                    found.append(place)
                }
            }
        case (.map(let element, _), .object(let fields)):
            if case .scalar = element { return }
            for (name, child) in fields {
                element.collectUnknown(in: child, at: path.isEmpty ? name : "\(path).\(name)", into: &found)
            }
        case (.list(let list), .array(let items)):
            if case .scalar = list.element { return }
            for (index, item) in items.enumerated() {
                list.element.collectUnknown(in: item, at: "\(path)[\(index)]", into: &found)
            }
        default: break
        }
    }
}
