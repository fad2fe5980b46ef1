import KubeObjects

/// The `format` of a string schema, as the API server checks it. Formats it does not know it ignores.
enum SchemaFormat {
    private static let names: Set<String> = [
        "bsonobjectid", "uri", "email", "hostname", "ipv4", "ipv6", "cidr", "mac", "uuid", "uuid3", "uuid4", "uuid5",
        "isbn", "isbn10", "isbn13", "creditcard", "ssn", "hexcolor", "rgbcolor", "byte", "password", "date",
        "duration", "datetime", "k8sshortname", "k8slongname",
    ]

    /// The format, or nothing when the API server ignores it on values of this type.
    static func supported(_ format: String, type: String) -> String {
        switch type {
        case "", "string": names.contains(normalized(format)) ? format : ""
        case "integer": ["int32", "int64"].contains(format) ? format : ""
        case "number": ["float", "double"].contains(format) ? format : ""
        default: ""
        }
    }

    private static func normalized(_ format: String) -> String { String(format.filter { $0 != "-" }) }

    /// Whether a string is of the format. A format that is no string's says yes.
    static func accepts(_ text: String, format: String) -> Bool {
        let name = normalized(format)
        if let expression = expressions[name] {
            guard text.utf8.count <= (lengthLimits[name] ?? .max), expression.matches(text) else { return false }
            return name != "hostname" || text.split(separator: ".").allSatisfy { $0.utf8.count <= 63 }
        }
        return switch name {
        case "ipv4": text.contains(".") && IPAddress(withoutPadding(text)) != nil
        case "ipv6": text.contains(":") && IPAddress(text) != nil
        case "cidr": CIDR(withoutPadding(text)) != nil
        case "date": CELTimestamp(date: text) != nil
        case "datetime": isDateTime(text)
        case "duration": CELDuration(schemaText: text) != nil
        case "isbn10": isISBN10(text)
        case "isbn13": isISBN13(text)
        case "isbn": isISBN10(text) || isISBN13(text)
        case "creditcard": isCreditCard(text)
        default: true
        }
    }

    /// These formats forgive zeros in front of decimal numbers, as Kubernetes does for what it accepted once.
    private static func withoutPadding(_ text: String) -> String {
        guard !text.contains(":") else { return text }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { number in
            let trimmed = number.drop { $0 == "0" }
            return trimmed.isEmpty && !number.isEmpty ? "0" : trimmed
        }
        return ([numbers.joined(separator: ".")] + parts.dropFirst().map(String.init)).joined(separator: "/")
    }

    private static let lengthLimits = ["hostname": 255, "k8sshortname": 63, "k8slongname": 253, "email": 320]

    /// Formats that a regular expression decides.
    private static let expressions: [String: RegularExpression] = {
        let label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
        let hexadecimal = "[0-9a-f]"
        func uuid(_ third: String, _ fourth: String) -> String {
            "(?i)^\(hexadecimal){8}-?\(hexadecimal){4}-?\(third)-?\(fourth)-?\(hexadecimal){12}$"
        }
        let patterns = [
            "bsonobjectid": "^[0-9a-fA-F]{24}$",
            // A request URI: absolute, or a path from the root; no spaces or control characters.
            "uri": #"^([a-zA-Z][a-zA-Z0-9+.-]*:[^\s\x00-\x1f\x7f]+|/[^\s\x00-\x1f\x7f]*)$"#,
            "email": #"^([^<>]*<)?[^\s@<>()\[\],;:\\"]+@[^\s@<>()\[\],;:\\"]+>?$"#,
            "hostname": #"^([a-zA-Z0-9\pS\pL]((-?[a-zA-Z0-9\pS\pL]{0,62})?)"#
                + #"|([a-zA-Z0-9\pS\pL](([a-zA-Z0-9\pS\pL-]{0,61}[a-zA-Z0-9\pS\pL])?)(\.)){1,}([a-zA-Z\pL]){2,63})$"#,
            "mac": "^([0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}|[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){7}"
                + #"|[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){2,3}|[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){19})$"#,
            "uuid": uuid("\(hexadecimal){4}", "\(hexadecimal){4}"),
            "uuid3": uuid("3\(hexadecimal){3}", "\(hexadecimal){4}"),
            "uuid4": uuid("4\(hexadecimal){3}", "[89ab]\(hexadecimal){3}"),
            "uuid5": uuid("5\(hexadecimal){3}", "[89ab]\(hexadecimal){3}"),
            "ssn": "^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$",
            "hexcolor": "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$",
            "rgbcolor": #"^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,"#
                + #"\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$"#,
            "byte": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$",
            "k8sshortname": "^\(label)$",
            "k8slongname": "^\(label)(\\.\(label))*$",
        ]
        return patterns.compactMapValues { try? RegularExpression($0) }
    }()

    private static let dateTimeTail = try? RegularExpression(
        "^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$")

    private static func isDateTime(_ text: String) -> Bool {
        let parts = text.lowercased().split(separator: "t", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, CELTimestamp(date: String(parts[0])) != nil, let dateTimeTail,
            dateTimeTail.matches(String(parts[1]))
        else { return false }
        let numbers = parts[1].split(separator: ":").prefix(3).compactMap { Int($0.prefix(2)) }
        return numbers.count == 3 && numbers[0] <= 23 && numbers[1] <= 59 && numbers[2] <= 59
    }

    private static func isISBN10(_ text: String) -> Bool {
        let characters = text.filter { $0 != "-" && $0 != " " }
        guard characters.count == 10 else { return false }
        var sum = 0
        for (index, character) in characters.enumerated() {
            let isCheck = index == 9 && (character == "X" || character == "x")
            guard let digit = isCheck ? 10 : decimal(character) else { return false }
            sum += digit * (10 - index)
        }
        return sum % 11 == 0
    }

    private static func isISBN13(_ text: String) -> Bool {
        let digits = text.filter { $0 != "-" && $0 != " " }.map(decimal)
        guard digits.count == 13, !digits.contains(nil) else { return false }
        var sum = 0
        for (index, digit) in digits.enumerated() { sum += (digit ?? 0) * (index % 2 == 0 ? 1 : 3) }
        return sum % 10 == 0
    }

    private static func isCreditCard(_ text: String) -> Bool {
        let digits = text.compactMap(decimal)
        guard (13...19).contains(digits.count) else { return false }
        var sum = 0
        for (index, digit) in digits.reversed().enumerated() {
            let doubled = index % 2 == 1 ? digit * 2 : digit
            sum += doubled > 9 ? doubled - 9 : doubled
        }
        return sum % 10 == 0
    }

    private static func decimal(_ character: Character) -> Int? {
        character.isASCII ? character.wholeNumberValue : nil
    }
}
