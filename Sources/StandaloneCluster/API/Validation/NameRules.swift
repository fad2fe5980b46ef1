import APIMachinery
import KubeObjects

/// What names, labels and annotations may look like, with Kubernetes' own complaints.
enum NameRules {
    enum Form {
        case subdomain
        case label
        case serviceLabel
        /// Anything that fits between two slashes of a path: RBAC objects have colons in their names.
        case pathSegment
    }

    static func form(of type: ResourceType) -> Form {
        switch (type.group, type.plural) {
        case ("", "services"): .serviceLabel
        case ("", "namespaces"): .label
        case ("rbac.authorization.k8s.io", _), ("certificates.k8s.io", _), ("flowcontrol.apiserver.k8s.io", _):
            .pathSegment
        default: .subdomain
        }
    }

    static func problems(_ name: String, _ form: Form) -> [String] {
        switch form {
        case .pathSegment:
            if name == "." || name == ".." { return ["may not be '\(name)'"] }
            return ["/", "%"].filter { name.contains($0) }.map { "may not contain '\($0)'" }
        case .label: return bounded(name, 63) + (isLabel(name) ? [] : [labelText])
        case .serviceLabel:
            let startsWithLetter = name.utf8.first.map(isLowerLetter) ?? false
            return bounded(name, 63) + (isLabel(name) && startsWithLetter ? [] : [serviceText])
        case .subdomain: return bounded(name, 253) + (isSubdomain(name) ? [] : [subdomainText])
        }
    }

    private static let subdomainText =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        + "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        + #"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#
    private static let labelText =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        + "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    private static let serviceText =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        + "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation "
        + "is '[a-z]([-a-z0-9]*[a-z0-9])?')"
    private static let qualifiedText =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    private static let labelValueText =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
        + "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
        + "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

    private static func bounded(_ text: String, _ limit: Int) -> [String] {
        text.utf8.count > limit ? ["must be no more than \(limit) bytes"] : []
    }

    private static func isLowerLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isLabel(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, let last = Array(bytes).last else { return false }
        let isEdge = { (byte: UInt8) in isLowerLetter(byte) || isDigit(byte) }
        return isEdge(first) && isEdge(last) && bytes.allSatisfy { isEdge($0) || $0 == UInt8(ascii: "-") }
    }

    static func isSubdomain(_ text: some StringProtocol) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
    }

    private static func isQualified(_ text: some StringProtocol) -> Bool {
        let isEdge = { (byte: UInt8) in isLowerLetter(byte | 0x20) && byte != 0x40 || isDigit(byte) }
        guard let first = text.utf8.first, let last = Array(text.utf8).last else { return false }
        let middle = Set("-_.".utf8)
        return isEdge(first) && isEdge(last) && text.utf8.allSatisfy { isEdge($0) || middle.contains($0) }
    }

    /// What is wrong with a label's or annotation's key, `prefix/name` or `name`.
    static func keyProblems(_ key: String) -> [String] {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        var problems: [String] = []
        switch parts.count {
        case 1: break
        case 2:
            if parts[0].isEmpty {
                problems.append("prefix part must be non-empty")
            } else if !isSubdomain(parts[0]) {
                problems.append("prefix part " + subdomainText)
            }
        default:
            return [
                "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
                    + "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
                    + "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix "
                    + "and '/' (e.g. 'example.com/MyName')"
            ]
        }
        let name = parts[parts.count - 1]
        if name.isEmpty {
            problems.append("name part must be non-empty")
        } else if name.utf8.count > 63 {
            problems.append("name part must be no more than 63 bytes")
        }
        if !isQualified(name) { problems.append(qualifiedText) }
        return problems
    }

    static func labelValueProblems(_ value: String) -> [String] {
        if value.isEmpty { return [] }
        return bounded(value, 63) + (isQualified(value) ? [] : [labelValueText])
    }
}
