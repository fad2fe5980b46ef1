import KubeObjects

/// Type conversions and `size`.
enum CELConversions {
    static let functions: [CELFunction] = [
        CELFunction("size", 1) { arguments throws(CELError) in try size(arguments[0]) },
        CELFunction("type", 1) { arguments in .type(arguments[0].typeName) },
        CELFunction("dyn", 1) { arguments in arguments[0] },
        CELFunction("string", 1) { arguments throws(CELError) in
            guard let text = arguments[0].text else { throw CELError.noSuchOverload }
            return .string(text)
        },
        CELFunction("int", 1) { arguments throws(CELError) in .int(try int(arguments[0])) },
        CELFunction("uint", 1) { arguments throws(CELError) in .uint(try uint(arguments[0])) },
        CELFunction("double", 1) { arguments throws(CELError) in .double(try double(arguments[0])) },
        CELFunction("bool", 1) { arguments throws(CELError) in .bool(try bool(arguments[0])) },
        CELFunction("bytes", 1) { arguments throws(CELError) in
            switch arguments[0] {
            case .bytes: return arguments[0]
            case .string(let text): return .bytes(Array(text.utf8))
            default: throw CELError.noSuchOverload
            }
        },
        CELFunction("duration", 1) { arguments throws(CELError) in
            switch arguments[0] {
            case .duration: return arguments[0]
            case .int(let nanoseconds): return .duration(CELDuration(nanoseconds: nanoseconds))
            case .string(let text):
                guard let span = CELDuration(text) else {
                    throw CELError("time: invalid duration \(GoText.quoted(text))")
                }
                return .duration(span)
            default: throw CELError.noSuchOverload
            }
        },
        CELFunction("timestamp", 1) { arguments throws(CELError) in
            switch arguments[0] {
            case .timestamp: return arguments[0]
            case .int(let seconds):
                guard let moment = CELTimestamp(seconds: seconds) else { throw CELError("timestamp overflow") }
                return .timestamp(moment)
            case .string(let text):
                guard let moment = CELTimestamp(text) else {
                    throw CELError("parsing time \(GoText.quoted(text)): not in the form of RFC 3339")
                }
                return .timestamp(moment)
            default: throw CELError.noSuchOverload
            }
        },
    ]

    static let members: [CELFunction] = [
        CELFunction("size", 1) { arguments throws(CELError) in try size(arguments[0]) }
    ]

    private static func size(_ value: CELValue) throws(CELError) -> CELValue {
        switch value {
        case .string(let text): .int(Int64(text.unicodeScalars.count))
        case .bytes, .list, .array, .map, .object: .int(Int64(value.size))
        default: throw CELError.noSuchOverload
        }
    }

    private static func number(_ text: String, _ function: String) -> CELError {
        CELError("strconv.\(function): parsing \(GoText.quoted(text)): invalid syntax")
    }

    private static func int(_ value: CELValue) throws(CELError) -> Int64 {
        switch value {
        case .int(let number): return number
        case .uint(let number):
            guard let exact = Int64(exactly: number) else { throw CELError("integer overflow") }
            return exact
        case .double(let double):
            guard let exact = Int64(exactly: double.rounded(.towardZero)) else { throw CELError("integer overflow") }
            return exact
        case .string(let text):
            guard let parsed = Int64(text) else { throw number(text, "ParseInt") }
            return parsed
        case .timestamp(let moment): return moment.seconds
        case .duration(let span): return span.nanoseconds
        default: throw CELError.noSuchOverload
        }
    }

    private static func uint(_ value: CELValue) throws(CELError) -> UInt64 {
        switch value {
        case .uint(let number): return number
        case .int(let number):
            guard let exact = UInt64(exactly: number) else { throw CELError("unsigned integer overflow") }
            return exact
        case .double(let double):
            guard let exact = UInt64(exactly: double.rounded(.towardZero)) else {
                throw CELError("unsigned integer overflow")
            }
            return exact
        case .string(let text):
            guard let parsed = UInt64(text) else { throw number(text, "ParseUint") }
            return parsed
        default: throw CELError.noSuchOverload
        }
    }

    private static func double(_ value: CELValue) throws(CELError) -> Double {
        switch value {
        case .double(let number): return number
        case .int(let number): return Double(number)
        case .uint(let number): return Double(number)
        case .string(let text):
            guard let parsed = Double(text) else { throw number(text, "ParseFloat") }
            return parsed
        default: throw CELError.noSuchOverload
        }
    }

    private static func bool(_ value: CELValue) throws(CELError) -> Bool {
        switch value {
        case .bool(let flag): return flag
        case .string(let text):
            if ["1", "t", "T", "true", "TRUE", "True"].contains(text) { return true }
            if ["0", "f", "F", "false", "FALSE", "False"].contains(text) { return false }
            throw CELError("type conversion error from 'string' to 'bool'")
        default: throw CELError.noSuchOverload
        }
    }
}

extension CELValue {
    /// What `string()` makes of the value; nil for what it does not take.
    var text: String? {
        switch self {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .uint(let number): String(number)
        case .double(let number): GoText.double(number)
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        case .timestamp(let moment): moment.text
        case .duration(let span): span.text
        case .ip(let address): address.description
        case .cidr(let prefix): prefix.description
        case .url(let url): url.text
        default: nil
        }
    }
}
