/// Where a field stands in an object, as Kubernetes writes it: `spec.list[0].key`, `spec.map[key]`.
package struct FieldPath: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    private var text: String

    private init(text: String) { self.text = text }

    /// The object itself. In a message it is written `<nil>`, as Kubernetes does.
    package static let root = FieldPath(text: "")

    package init(stringLiteral value: String) { text = value }

    package var isRoot: Bool { text.isEmpty }

    package var description: String { text.isEmpty ? "<nil>" : text }

    package func child(_ name: String) -> FieldPath {
        FieldPath(text: text.isEmpty || name.isEmpty ? text + name : "\(text).\(name)")
    }

    package func index(_ index: Int) -> FieldPath { FieldPath(text: "\(text)[\(index)]") }

    package func key(_ key: String) -> FieldPath { FieldPath(text: "\(text)[\(key)]") }
}
