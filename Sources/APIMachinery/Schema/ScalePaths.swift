import KubeObjects

/// Where a custom resource keeps what its scale subresource shows: `subresources.scale` of a CRD's version.
package struct ScalePaths: Sendable, Hashable {
    /// With a dot in front, as the CRD writes it.
    package let specReplicas: String
    package let statusReplicas: String
    package let labelSelector: String?

    /// Nil when a path of replicas is missing.
    package init?(_ scale: JSON) {
        guard let spec = scale["specReplicasPath"]?.string, let status = scale["statusReplicasPath"]?.string else {
            return nil
        }
        specReplicas = spec
        statusReplicas = status
        labelSelector = scale["labelSelectorPath"]?.string
    }

    /// The field names of a path such as `.spec.replicas`.
    package static func fields(_ path: String) -> [String] {
        (path.hasPrefix(".") ? path.dropFirst() : path[...]).split(separator: ".").map(String.init)
    }

    func specErrors(in object: JSON) -> [FieldError] { replicaErrors(specReplicas, in: object) }

    func statusErrors(in object: JSON) -> [FieldError] {
        var errors = replicaErrors(statusReplicas, in: object)
        guard let labelSelector else { return errors }
        switch value(labelSelector, in: object) {
        case .success(.some(.string)), .success(nil): break
        case .success(.some(let other)):
            errors.append(invalid(labelSelector, "", mismatch(labelSelector, other, expected: "string")))
        case .failure(let problem): errors.append(invalid(labelSelector, "", problem.text))
        }
        return errors
    }

    private func replicaErrors(_ path: String, in object: JSON) -> [FieldError] {
        switch value(path, in: object) {
        case .success(nil): []
        case .success(.some(.integer(let count))) where count < 0:
            [invalid(path, .integer(count), "should be a non-negative integer")]
        case .success(.some(.integer(let count))) where count > Int64(Int32.max):
            [invalid(path, .integer(count), "should be less than or equal to \(Int32.max)")]
        case .success(.some(.integer)): []
        case .success(.some(let other)): [invalid(path, 0, mismatch(path, other, expected: "int64"))]
        case .failure(let problem): [invalid(path, 0, problem.text)]
        }
    }

    private struct Problem: Error {
        let text: String
    }

    private func value(_ path: String, in object: JSON) -> Result<JSON?, Problem> {
        var here = object
        for name in Self.fields(path) {
            guard case .object(let fields) = here else {
                return .failure(Problem(text: mismatch(path, here, expected: "map[string]interface{}")))
            }
            guard let next = fields[name] else { return .success(JSON?.none) }
            here = next
        }
        return .success(here)
    }

    private func invalid(_ path: String, _ value: JSON, _ detail: String) -> FieldError {
        .invalid(FieldPath(stringLiteral: path), value, detail)
    }

    private func mismatch(_ path: String, _ value: JSON, expected: String) -> String {
        let type =
            switch value {
            case .null: "<nil>"
            case .bool: "bool"
            case .integer: "int64"
            case .number: "float64"
            case .string: "string"
            case .array: "[]interface {}"
            case .object: "map[string]interface {}"
            }
        let shown = value.isNull ? "<nil>" : value.string ?? GoText.marshaled(value)
        let path = ".\(Self.fields(path).joined(separator: "."))"
        return "\(path) accessor error: \(shown) is of the type \(type), expected \(expected)"
    }
}
