/// One of the formats of CEL's `format` library.
enum CELNamedFormat: String, Sendable, CaseIterable {
    case dns1123Label
    case dns1123Subdomain
    case dns1035Label
    case qualifiedName
    case dns1123LabelPrefix
    case dns1123SubdomainPrefix
    case dns1035LabelPrefix
    case labelValue
    case uri
    case uuid
    case byte
    case date
    case datetime

    /// What is wrong with a text; nothing when it is of the format.
    func problems(of text: String) -> [String] {
        switch self {
        case .dns1123Label: NameRules.dns1123Label(text)
        case .dns1123Subdomain: NameRules.dns1123Subdomain(text)
        case .dns1035Label: NameRules.dns1035Label(text)
        case .dns1123LabelPrefix: NameRules.dns1123Label(NameRules.maskingTrailingDash(text))
        case .dns1123SubdomainPrefix: NameRules.dns1123Subdomain(NameRules.maskingTrailingDash(text))
        case .dns1035LabelPrefix: NameRules.dns1035Label(NameRules.maskingTrailingDash(text))
        case .qualifiedName: NameRules.qualifiedName(text)
        case .labelValue: NameRules.labelValue(text)
        case .uri: CELURL(text) == nil ? ["parse \(GoText.quoted(text)): invalid URI for request"] : []
        case .uuid: accepted(text, "does not match the UUID format")
        case .byte: accepted(text, "invalid base64")
        case .date: accepted(text, "invalid date")
        case .datetime: accepted(text, "invalid datetime")
        }
    }

    private func accepted(_ text: String, _ problem: String) -> [String] {
        SchemaFormat.accepts(text, format: rawValue) ? [] : [problem]
    }
}
