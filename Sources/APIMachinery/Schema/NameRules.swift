/// What Kubernetes asks of names, label keys and label values, in its own words. Each answers with what is wrong;
/// nothing when nothing is.
package enum NameRules {
    private static let label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    private static let subdomain = "\(label)(\\.\(label))*"
    private static let startingLabel = "[a-z]([-a-z0-9]*[a-z0-9])?"
    private static let key = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

    private static let labelExpression = anchored(label)
    private static let subdomainExpression = anchored(subdomain)
    private static let startingLabelExpression = anchored(startingLabel)
    private static let keyExpression = anchored(key)

    private static func anchored(_ pattern: String) -> RegularExpression? { try? RegularExpression("^\(pattern)$") }

    package static func dns1123Label(_ name: String) -> [String] {
        var problems = tooLong(name, limit: 63)
        if !matches(labelExpression, name) {
            problems.append(
                matches(subdomainExpression, name)
                    ? "must not contain dots"
                    : mismatch(
                        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
                            + "must start and end with an alphanumeric character",
                        label, "my-name", "123-abc"))
        }
        return problems
    }

    package static func dns1123Subdomain(_ name: String) -> [String] {
        var problems = tooLong(name, limit: 253)
        if !matches(subdomainExpression, name) {
            problems.append(
                mismatch(
                    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
                        + "and must start and end with an alphanumeric character",
                    subdomain, "example.com"))
        }
        return problems
    }

    package static func dns1035Label(_ name: String) -> [String] {
        var problems = tooLong(name, limit: 63)
        if !matches(startingLabelExpression, name) {
            problems.append(
                mismatch(
                    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
                        + "alphabetic character, and end with an alphanumeric character",
                    startingLabel, "my-name", "abc-123"))
        }
        return problems
    }

    /// A label's or annotation's key, or a finalizer: `name` or `prefix/name`.
    package static func qualifiedName(_ text: String) -> [String] {
        let rule =
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
            + "character"
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2 else {
            return [
                "a valid label key \(mismatch(rule, key, "MyName", "my.name", "123-abc")) with an optional DNS "
                    + "subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ]
        }
        var problems: [String] = []
        if parts.count == 2 {
            problems += (parts[0].isEmpty ? ["must be non-empty"] : dns1123Subdomain(parts[0])).map {
                "prefix part \($0)"
            }
        }
        let name = parts.last ?? ""
        if name.isEmpty {
            problems.append("name part must be non-empty")
        } else if name.utf8.count > 63 {
            problems.append("name part must be no more than 63 bytes")
        }
        if !matches(keyExpression, name) {
            problems.append("name part \(mismatch(rule, key, "MyName", "my.name", "123-abc"))")
        }
        return problems
    }

    package static func labelValue(_ text: String) -> [String] {
        var problems = tooLong(text, limit: 63)
        if !text.isEmpty, !matches(keyExpression, text) {
            problems.append(
                mismatch(
                    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
                        + "and must start and end with an alphanumeric character",
                    "(\(key))?", "MyValue", "my_value", "12345"))
        }
        return problems
    }

    /// A prefix may end in the dash that something will follow.
    package static func maskingTrailingDash(_ name: String) -> String {
        name.count > 1 && name.hasSuffix("-") ? "\(name.dropLast(2))a" : name
    }

    private static func matches(_ expression: RegularExpression?, _ text: String) -> Bool {
        expression?.matches(text) ?? false
    }

    private static func tooLong(_ text: String, limit: Int) -> [String] {
        text.utf8.count > limit ? ["must be no more than \(limit) bytes"] : []
    }

    private static func mismatch(_ rule: String, _ pattern: String, _ examples: String...) -> String {
        let examples = examples.map { "'\($0)', " }.joined(separator: " or ")
        return "\(rule) (e.g. \(examples)regex used for validation is '\(pattern)')"
    }
}
