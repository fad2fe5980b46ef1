/// String functions, regular expressions among them. Positions are in Unicode code points.
enum CELStrings {
    static let functions: [CELFunction] = [
        CELFunction("strings.quote", 1) { arguments throws(CELError) in
            .string(GoText.quoted(try string(arguments, 0)))
        },
        CELFunction("matches", 2) { arguments throws(CELError) in try matches(arguments) },
    ]

    static let members: [CELFunction] = [
        CELFunction("contains", 2) { arguments throws(CELError) in
            let part = try string(arguments, 1)
            let content = scalars(try string(arguments, 0))
            return .bool(find(part, in: content, from: 0) != nil)
        },
        CELFunction("startsWith", 2) { arguments throws(CELError) in
            .bool(try string(arguments, 0).utf8.starts(with: try string(arguments, 1).utf8))
        },
        CELFunction("endsWith", 2) { arguments throws(CELError) in
            .bool(try string(arguments, 0).utf8.reversed().starts(with: try string(arguments, 1).utf8.reversed()))
        },
        CELFunction("matches", 2) { arguments throws(CELError) in try matches(arguments) },
        CELFunction("find", 2) { arguments throws(CELError) in
            .string(try expression(arguments[1], "Illegal regex: ").firstMatch(in: try string(arguments, 0)) ?? "")
        },
        CELFunction("findAll", 2...3) { arguments throws(CELError) in
            let limit = arguments.count > 2 ? try int(arguments, 2) : -1
            let found = try expression(arguments[1], "Illegal regex: ").allMatches(
                in: try string(arguments, 0), limit: limit < 0 ? .max : Int(clamping: limit))
            return .list(found.map { .string($0) })
        },
        CELFunction("lowerAscii", 1) { arguments throws(CELError) in
            .string(mapASCII(try string(arguments, 0)) { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 })
        },
        CELFunction("upperAscii", 1) { arguments throws(CELError) in
            .string(mapASCII(try string(arguments, 0)) { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 })
        },
        CELFunction("trim", 1) { arguments throws(CELError) in
            var view = scalars(try string(arguments, 0))[...]
            while let first = view.first, first.properties.isWhitespace { view.removeFirst() }
            while let last = view.last, last.properties.isWhitespace { view.removeLast() }
            return .string(text(view))
        },
        CELFunction("reverse", 1) { arguments throws(CELError) in
            .string(text(scalars(try string(arguments, 0)).reversed()[...]))
        },
        CELFunction("charAt", 2) { arguments throws(CELError) in
            let content = scalars(try string(arguments, 0))
            let index = Int(clamping: try int(arguments, 1))
            guard (0...content.count).contains(index) else { throw CELError("index out of range: \(index)") }
            return .string(index == content.count ? "" : String(content[index]))
        },
        CELFunction("indexOf", 2...3) { arguments throws(CELError) in
            let content = scalars(try string(arguments, 0))
            let start = arguments.count > 2 ? Int(clamping: try int(arguments, 2)) : 0
            let part = try string(arguments, 1)
            if part.isEmpty { return .int(Int64(start)) }
            guard start >= 0 else { throw CELError("index out of range: \(start)") }
            return .int(Int64(find(part, in: content, from: start) ?? -1))
        },
        CELFunction("lastIndexOf", 2...3) { arguments throws(CELError) in
            let content = scalars(try string(arguments, 0))
            let part = scalars(try string(arguments, 1))
            var start = content.count - part.count
            if arguments.count > 2 {
                let limit = Int(clamping: try int(arguments, 2))
                if part.isEmpty { return .int(Int64(limit)) }
                guard limit >= 0 else { throw CELError("index out of range: \(limit)") }
                guard limit < content.count else { return .int(-1) }
                start = min(start, limit)
            } else if part.isEmpty {
                return .int(Int64(content.count))
            }
            while start >= 0 {
                if content[start...].starts(with: part) { return .int(Int64(start)) }
                start -= 1
            }
            return .int(-1)
        },
        CELFunction("substring", 2...3) { arguments throws(CELError) in
            let content = scalars(try string(arguments, 0))
            let start = Int(clamping: try int(arguments, 1))
            let end = arguments.count > 2 ? Int(clamping: try int(arguments, 2)) : content.count
            guard start <= end || arguments.count == 2 else {
                throw CELError("invalid substring range. start: \(start), end: \(end)")
            }
            guard (0...content.count).contains(start) else { throw CELError("index out of range: \(start)") }
            guard end <= content.count else { throw CELError("index out of range: \(end)") }
            return .string(text(content[start..<end]))
        },
        CELFunction("replace", 3...4) { arguments throws(CELError) in
            let limit = arguments.count > 3 ? try int(arguments, 3) : -1
            let content = try string(arguments, 0)
            let replacement = try string(arguments, 2)
            try refuseLong(repeating: replacement, atMost: content.utf8.count + 1)
            return .string(
                replace(
                    try string(arguments, 1), in: content, with: replacement,
                    limit: limit < 0 ? .max : Int(clamping: limit)))
        },
        CELFunction("split", 2...3) { arguments throws(CELError) in
            let limit = arguments.count > 2 ? try int(arguments, 2) : -1
            let parts = split(
                try string(arguments, 0), at: try string(arguments, 1),
                limit: limit < 0 ? .max : Int(clamping: limit))
            return .list(parts.map { .string($0) })
        },
        CELFunction("join", 1...2) { arguments throws(CELError) in
            let separator = arguments.count > 1 ? try string(arguments, 1) : ""
            guard case .some(let items) = try arguments[0].elements(), !arguments[0].isMap else {
                throw CELError.noSuchOverload
            }
            try refuseLong(repeating: separator, atMost: items.count)
            var parts: [String] = []
            for item in items {
                guard case .string(let part) = item else { throw CELError.noSuchOverload }
                parts.append(part)
            }
            return .string(parts.joined(separator: separator))
        },
        CELFunction("format", 2) { arguments throws(CELError) in
            guard let values = try arguments[1].elements(), !arguments[1].isMap else { throw CELError.noSuchOverload }
            return .string(try CELFormatting.format(try string(arguments, 0), values))
        },
    ]

    static func string(_ arguments: [CELValue], _ index: Int) throws(CELError) -> String {
        guard case .string(let text) = arguments[index] else { throw CELError.noSuchOverload }
        return text
    }

    static func int(_ arguments: [CELValue], _ index: Int) throws(CELError) -> Int64 {
        guard case .int(let number) = arguments[index] else { throw CELError.noSuchOverload }
        return number
    }

    private static func expression(
        _ value: CELValue, _ problemPrefix: String = ""
    ) throws(CELError) -> RegularExpression {
        switch value {
        case .expression(let expression): return expression
        case .string(let pattern):
            do throws(RegularExpressionError) {
                return try RegularExpression(pattern)
            } catch {
                throw CELError("\(problemPrefix)\(error)")
            }
        default: throw CELError.noSuchOverload
        }
    }

    private static func matches(_ arguments: [CELValue]) throws(CELError) -> CELValue {
        .bool(try expression(arguments[1]).matches(try string(arguments, 0)))
    }

    private static func scalars(_ text: String) -> [Unicode.Scalar] { Array(text.unicodeScalars) }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// More bytes than this no function makes at once: what they cost would be known too late.
    private static let lengthLimit = 10_000_000

    private static func refuseLong(repeating text: String, atMost count: Int) throws(CELError) {
        let (length, overflow) = text.utf8.count.multipliedReportingOverflow(by: count)
        if overflow || length > lengthLimit { throw CELError.costLimit }
    }

    private static func mapASCII(_ text: String, _ change: (UInt8) -> UInt8) -> String {
        String(decoding: text.utf8.map { $0 < 0x80 ? change($0) : $0 }, as: UTF8.self)
    }

    private static func find(_ part: String, in content: [Unicode.Scalar], from start: Int) -> Int? {
        let wanted = scalars(part)
        guard start >= 0, content.count - wanted.count >= start else { return nil }
        return (start...(content.count - wanted.count)).first { content[$0...].starts(with: wanted) }
    }

    /// As Go's `strings.Split`: an empty separator cuts between code points.
    private static func split(_ text: String, at separator: String, limit: Int) -> [String] {
        guard limit > 0 else { return [] }
        var parts: [String] = []
        var rest = scalars(text)[...]
        let length = separator.unicodeScalars.count
        if length == 0 {
            while rest.count > 1, parts.count < limit - 1 { parts.append(String(rest.removeFirst())) }
            return text.isEmpty ? [] : parts + [Self.text(rest)]
        }
        while parts.count < limit - 1, let index = find(separator, in: Array(rest), from: 0) {
            parts.append(Self.text(rest.prefix(index)))
            rest = rest.dropFirst(index + length)
        }
        return parts + [Self.text(rest)]
    }

    private static func replace(_ part: String, in text: String, with replacement: String, limit: Int) -> String {
        guard !part.isEmpty else {
            let content = scalars(text)
            var result = ""
            for (index, scalar) in content.enumerated() {
                if index < limit { result += replacement }
                result.unicodeScalars.append(scalar)
            }
            return content.count < limit ? result + replacement : result
        }
        return split(text, at: part, limit: limit == .max ? .max : limit + 1).joined(separator: replacement)
    }
}
