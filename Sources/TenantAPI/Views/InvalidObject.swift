import KubeObjects

/// A field of an object of ours that is not what the schema says. The API server refuses such objects, so this is seen
/// only where something wrote around it.
package struct InvalidObject: Error, Sendable, Hashable, CustomStringConvertible {
    /// From the object's root: `spec.networkProfile.port`.
    package let field: String
    /// What stands there, shortened; empty when nothing does or when it may be secret.
    package let value: String
    /// What should stand there.
    package let expected: String

    package init(field: String, value: JSON?, expected: String) {
        self.field = field
        self.value = value.map { Self.shortened($0.description) } ?? ""
        self.expected = expected
    }

    package var description: String {
        value.isEmpty ? "\(field): expected \(expected)" : "\(field) is \(value): expected \(expected)"
    }

    private static func shortened(_ text: String) -> String {
        text.count <= 80 ? text : "\(text.prefix(77))..."
    }
}
