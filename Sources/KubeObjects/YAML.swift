import CLibYAML

/// Why a text is not YAML, and where. Lines and columns count from 1.
package struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
    package let reason: String
    package let line: Int
    package let column: Int

    package var description: String { "invalid YAML at line \(line), column \(column): \(reason)" }
}

/// YAML as Kubernetes takes it: the documents become JSON, by the rules of YAML 1.1 that sigs.k8s.io/yaml goes by.
package enum YAML {
    /// Deeper nesting is refused.
    static let depthLimit = 200
    /// A text may not grow beyond this many values by its aliases (the "billion laughs").
    static let valueLimit = 1_000_000

    /// Every document of the text; empty documents are left out. JSON is YAML and parses too.
    package static func parse(_ text: String) throws(YAMLError) -> [JSON] {
        var reader = try YAMLReader(text)
        defer { reader.close() }
        return try reader.documents()
    }
}

/// Composes values from libyaml's events.
private struct YAMLReader {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var anchors: [String: JSON] = [:]
    private var count = 0

    init(_ text: String) throws(YAMLError) {
        let bytes = Array(text.utf8)
        input = .allocate(capacity: max(bytes.count, 1))
        _ = input.update(fromContentsOf: bytes)
        parser = .allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            input.deallocate()
            throw YAMLError(reason: "out of memory", line: 1, column: 1)
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    func close() {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    mutating func documents() throws(YAMLError) -> [JSON] {
        var documents: [JSON] = []
        while true {
            let event = try next()
            switch event.kind {
            case .streamStart, .documentEnd: continue
            case .documentStart:
                anchors = [:]
                let first = try next()
                let value = try self.value(first, depth: 0)
                // `---` with nothing after it is no document of anybody's.
                if !value.isNull { documents.append(value) }
            case .streamEnd: return documents
            default: throw error("unexpected \(event.kind)", event)
            }
        }
    }

    private mutating func value(_ event: Event, depth: Int) throws(YAMLError) -> JSON {
        guard depth < YAML.depthLimit else { throw error("nested more than \(YAML.depthLimit) levels deep", event) }
        try charge(1, event)
        let value: JSON
        switch event.kind {
        case .scalar(let text, let isPlain, let tag):
            value = YAMLScalar.resolve(text, isPlain: isPlain, tag: tag)
        case .alias(let name):
            guard let known = anchors[name] else { throw error("no anchor is called &\(name)", event) }
            try charge(known.valueCount, event)
            return known
        case .sequenceStart:
            var items: [JSON] = []
            while true {
                let item = try next()
                if case .sequenceEnd = item.kind { break }
                items.append(try self.value(item, depth: depth + 1))
            }
            value = .array(items)
        case .mappingStart: value = try mapping(depth: depth)
        default: throw error("unexpected \(event.kind)", event)
        }
        if let anchor = event.anchor { anchors[anchor] = value }
        return value
    }

    private mutating func mapping(depth: Int) throws(YAMLError) -> JSON {
        var fields: [String: JSON] = [:]
        var merged: [String: JSON] = [:]
        while true {
            let event = try next()
            if case .mappingEnd = event.kind { break }
            let isMerge = event.kind == .scalar("<<", isPlain: true, tag: nil)
            let keyValue = try value(event, depth: depth + 1)
            let content = try value(try next(), depth: depth + 1)
            if isMerge {
                let sources = content.array ?? [content]
                for source in sources {
                    guard let others = source.object else { throw error("<< takes a mapping or a list of them", event) }
                    merged.merge(others) { first, _ in first }
                }
                continue
            }
            let key: String
            switch keyValue {
            case .string(let text): key = text
            case .integer, .number, .bool: key = keyValue.description
            default: throw error("a key must be a string, a number or a boolean", event)
            }
            guard fields.updateValue(content, forKey: key) == nil else {
                throw error("key \"\(key)\" is given twice", event)
            }
        }
        return .object(merged.merging(fields) { _, own in own })
    }

    private mutating func charge(_ values: Int, _ event: Event) throws(YAMLError) {
        count += values
        if count > YAML.valueLimit { throw error("its aliases unfold to more than \(YAML.valueLimit) values", event) }
    }

    private func error(_ reason: String, _ event: Event) -> YAMLError {
        YAMLError(reason: reason, line: event.line, column: event.column)
    }

    // MARK: Events

    private struct Event {
        enum Kind: Equatable {
            case streamStart, streamEnd, documentStart, documentEnd
            case sequenceStart, sequenceEnd, mappingStart, mappingEnd
            case alias(String)
            case scalar(String, isPlain: Bool, tag: String?)
        }

        var kind: Kind
        var anchor: String?
        var line: Int
        var column: Int
    }

    private func next() throws(YAMLError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
            let problem = parser.pointee.problem.map { String(cString: $0) } ?? "out of memory"
            let mark = parser.pointee.problem_mark
            throw YAMLError(reason: problem, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
        }
        defer { yaml_event_delete(&event) }
        func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
            pointer.map { String(cString: UnsafePointer($0)) }
        }
        var anchor: String?
        let kind: Event.Kind
        switch event.type {
        case YAML_STREAM_START_EVENT, YAML_NO_EVENT: kind = .streamStart
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_SEQUENCE_START_EVENT:
            anchor = text(event.data.sequence_start.anchor)
            kind = .sequenceStart
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            anchor = text(event.data.mapping_start.anchor)
            kind = .mappingStart
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        case YAML_ALIAS_EVENT: kind = .alias(text(event.data.alias.anchor) ?? "")
        default:
            let scalar = event.data.scalar
            anchor = text(scalar.anchor)
            // The text may hold zero bytes, so its length is the library's word.
            let content = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            kind = .scalar(
                content, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, tag: text(scalar.tag))
        }
        let mark = event.start_mark
        return Event(kind: kind, anchor: anchor, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}

extension JSON {
    fileprivate var valueCount: Int {
        switch self {
        case .array(let items): items.reduce(1) { $0 + $1.valueCount }
        case .object(let fields): fields.values.reduce(1) { $0 + $1.valueCount }
        default: 1
        }
    }
}
