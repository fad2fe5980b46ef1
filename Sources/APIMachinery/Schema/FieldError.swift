import KubeObjects

/// One thing that is wrong with one field, in Kubernetes' words.
package struct FieldError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of wrong it is. The raw value is the `reason` of a Status cause.
    package enum Kind: String, Sendable, Hashable {
        case notFound = "FieldValueNotFound"
        case required = "FieldValueRequired"
        case duplicate = "FieldValueDuplicate"
        case invalid = "FieldValueInvalid"
        case typeInvalid = "FieldValueTypeInvalid"
        case notSupported = "FieldValueNotSupported"
        case forbidden = "FieldValueForbidden"
        case tooLong = "FieldValueTooLong"
        case tooShort = "FieldValueTooShort"
        case tooMany = "FieldValueTooMany"
        case tooFew = "FieldValueTooFew"
        case internalError = "InternalError"

        var words: String {
            switch self {
            case .notFound: "Not found"
            case .required: "Required value"
            case .duplicate: "Duplicate value"
            case .invalid, .typeInvalid: "Invalid value"
            case .notSupported: "Unsupported value"
            case .forbidden: "Forbidden"
            case .tooLong: "Too long"
            case .tooShort: "Too short"
            case .tooMany: "Too many"
            case .tooFew: "Too few"
            case .internalError: "Internal error"
            }
        }

        fileprivate var showsValue: Bool {
            switch self {
            case .required, .forbidden, .tooLong, .tooShort, .internalError: false
            default: true
            }
        }
    }

    package var path: FieldPath
    package var kind: Kind
    /// What stands in the field; nil leaves it out of the message, as Kubernetes does for objects and lists that a
    /// rule refused.
    package var value: JSON?
    package var detail: String

    package init(path: FieldPath, kind: Kind, value: JSON?, detail: String = "") {
        self.path = path
        self.kind = kind
        self.value = value
        self.detail = detail
    }

    /// The message without the field's name.
    package var body: String {
        var text = kind.words
        if kind.showsValue, let value {
            switch value {
            case .string(let string): text += ": \(GoText.quoted(string))"
            case .number(let number): text += ": \(GoText.double(number))"
            default: text += ": \(GoText.marshaled(value))"
            }
        }
        return detail.isEmpty ? text : "\(text): \(detail)"
    }

    package var description: String { "\(path): \(body)" }
}

extension FieldError {
    package static func invalid(_ path: FieldPath, _ value: JSON?, _ detail: String) -> FieldError {
        FieldError(path: path, kind: .invalid, value: value, detail: detail)
    }

    package static func typeInvalid(_ path: FieldPath, _ value: JSON?, _ detail: String) -> FieldError {
        FieldError(path: path, kind: .typeInvalid, value: value, detail: detail)
    }

    package static func required(_ path: FieldPath, _ detail: String = "") -> FieldError {
        FieldError(path: path, kind: .required, value: "", detail: detail)
    }

    package static func forbidden(_ path: FieldPath, _ detail: String) -> FieldError {
        FieldError(path: path, kind: .forbidden, value: "", detail: detail)
    }

    package static func duplicate(_ path: FieldPath, _ value: JSON?) -> FieldError {
        FieldError(path: path, kind: .duplicate, value: value)
    }

    package static func notFound(_ path: FieldPath, _ value: JSON?) -> FieldError {
        FieldError(path: path, kind: .notFound, value: value)
    }

    package static func notSupported(_ path: FieldPath, _ value: JSON?, supported: [String]) -> FieldError {
        let detail =
            supported.isEmpty ? "" : "supported values: " + supported.map(GoText.quoted).joined(separator: ", ")
        return FieldError(path: path, kind: .notSupported, value: value, detail: detail)
    }

    /// More bytes than `limit`.
    package static func tooLong(_ path: FieldPath, limit: Int) -> FieldError {
        FieldError(
            path: path, kind: .tooLong, value: "<value omitted>",
            detail: "may not be more than \(limit) \(limit == 1 ? "byte" : "bytes")")
    }

    package static func tooMany(_ path: FieldPath, count: Int, limit: Int) -> FieldError {
        FieldError(
            path: path, kind: .tooMany, value: JSON(count),
            detail: "must have at most \(limit) \(limit == 1 ? "item" : "items")")
    }

    package static func internalError(_ path: FieldPath, _ detail: String) -> FieldError {
        FieldError(path: path, kind: .internalError, value: nil, detail: detail)
    }
}
