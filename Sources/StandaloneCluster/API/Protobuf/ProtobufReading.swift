import APIMachinery
import FoundationEssentials
import KubeObjects

/// Why bytes are no protobuf message of the kind they should be.
struct ProtobufError: Error, CustomStringConvertible {
    let description: String
}

/// Reads what kubectl and kubelets send as application/vnd.kubernetes.protobuf into the JSON that it stands for.
/// Answers go out as JSON, which such clients accept too.
enum ProtobufReading {
    static let mediaType = "application/vnd.kubernetes.protobuf"

    /// Every such body starts with these bytes; then comes a runtime.Unknown.
    private static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]
    private static let depthLimit = 100

    static func object(_ body: [UInt8]) throws(ProtobufError) -> JSON {
        guard body.starts(with: magic) else {
            throw ProtobufError(description: "the body does not start with the mark k8s")
        }
        var (apiVersion, kind) = ("", "")
        var raw: ArraySlice<UInt8> = []
        var envelope = ProtobufFields(body.dropFirst(magic.count))
        while let (number, value) = try envelope.next() {
            guard case .bytes(let bytes) = value else { continue }
            switch number {
            case 1:
                var type = ProtobufFields(bytes)
                while let (number, value) = try type.next() {
                    guard case .bytes(let text) = value else { continue }
                    if number == 1 { apiVersion = String(decoding: text, as: UTF8.self) }
                    if number == 2 { kind = String(decoding: text, as: UTF8.self) }
                }
            case 2: raw = bytes
            default: continue
            }
        }
        let message = "\(api(of: apiVersion, kind))/\(kind)"
        guard ProtobufShapes.messages[message] != nil else {
            throw ProtobufError(description: "no kind \"\(kind)\" is registered for version \"\(apiVersion)\"")
        }
        var json = JSON.object(try fields(raw, message, depth: 0))
        json["apiVersion"] = .string(apiVersion)
        json["kind"] = .string(kind)
        return json
    }

    private static func api(of apiVersion: String, _ kind: String) -> String {
        if kind == "DeleteOptions" { return "meta" }
        let parts = apiVersion.split(separator: "/")
        guard parts.count == 2 else { return "core" }
        let group = String(parts[0].prefix { $0 != "." })
        return group == "autoscaling" && parts[1] == "v2" ? "autoscaling2" : group
    }

    private static func fields(_ bytes: ArraySlice<UInt8>, _ message: String, depth: Int) throws(ProtobufError)
        -> [String: JSON]
    {
        guard depth < depthLimit else { throw ProtobufError(description: "nested more than \(depthLimit) levels deep") }
        let shape = ProtobufShapes.messages[message] ?? [:]
        var result: [String: JSON] = [:]
        var input = ProtobufFields(bytes)
        while let (number, raw) = try input.next() {
            guard let field = shape[number] else { continue }
            if field.isInline, case .message(let name) = field.kind, case .bytes(let bytes) = raw {
                result.merge(try fields(bytes, name, depth: depth + 1)) { $1 }
                continue
            }
            switch field.kind {
            case .list(let element):
                let item = try value(raw, element, depth) ?? .null
                result[field.name] = .array((result[field.name]?.array ?? []) + [item])
            case .map(let element):
                guard case .bytes(let bytes) = raw else { continue }
                let (key, item) = try entry(bytes, element, depth)
                var map = result[field.name]?.object ?? [:]
                map[key] = item
                result[field.name] = .object(map)
            default:
                guard let item = try value(raw, field.kind, depth) else { continue }
                if field.keepsEmpty || !isEmpty(item) { result[field.name] = item }
            }
        }
        return result
    }

    private static func isEmpty(_ json: JSON) -> Bool {
        switch json {
        case .null, "", .bool(false), .integer(0), .number(0), .array([]), .object([:]): true
        default: false
        }
    }

    private static func entry(
        _ bytes: ArraySlice<UInt8>, _ kind: ProtobufShapes.Kind, _ depth: Int
    ) throws(ProtobufError) -> (String, JSON) {
        var key = ""
        var item: JSON?
        var input = ProtobufFields(bytes)
        while let (number, raw) = try input.next() {
            if number == 1, case .bytes(let text) = raw { key = String(decoding: text, as: UTF8.self) }
            if number == 2 { item = try value(raw, kind, depth) }
        }
        if case .bytes = kind { return (key, item ?? "") }
        return (key, item ?? "")
    }

    /// Nil for a time that is not set.
    private static func value(
        _ raw: ProtobufFields.Value, _ kind: ProtobufShapes.Kind, _ depth: Int
    ) throws(ProtobufError) -> JSON? {
        switch (kind, raw) {
        case (.integer, .varint(let number)): return .integer(Int64(bitPattern: number))
        case (.boolean, .varint(let number)): return .bool(number != 0)
        case (.double, .fixed64(let bits)): return .number(Double(bitPattern: bits))
        case (.string, .bytes(let text)): return .string(String(decoding: text, as: UTF8.self))
        case (.bytes, .bytes(let bytes)): return .string(Base64.encode(bytes))
        case (.time, .bytes(let bytes)): return try time(bytes).map { .string(Timestamp.format($0)) }
        case (.microTime, .bytes(let bytes)): return try time(bytes).map { .string(Timestamp.formatMicroseconds($0)) }
        case (.quantity, .bytes(let bytes)): return try strings(bytes).first.map { .string($0) }
        case (.wrappedStrings, .bytes(let bytes)): return JSON(try strings(bytes))
        case (.raw, .bytes(let bytes)):
            var input = ProtobufFields(bytes)
            while let (number, raw) = try input.next() {
                guard number == 1, case .bytes(let text) = raw else { continue }
                return try? JSON(parsing: text)
            }
            return nil
        case (.intOrString, .bytes(let bytes)): return try intOrString(bytes)
        case (.message(let name), .bytes(let bytes)): return .object(try fields(bytes, name, depth: depth + 1))
        default: throw ProtobufError(description: "a field has another wire type than its kind")
        }
    }

    private static func time(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> Date? {
        var (seconds, nanoseconds) = (Int64(0), Int64(0))
        var input = ProtobufFields(bytes)
        while let (number, raw) = try input.next() {
            guard case .varint(let value) = raw else { continue }
            if number == 1 { seconds = Int64(bitPattern: value) }
            if number == 2 { nanoseconds = Int64(bitPattern: value) }
        }
        if seconds == 0 && nanoseconds == 0 { return nil }
        return Date(timeIntervalSince1970: Double(seconds) + Double(nanoseconds) / 1e9)
    }

    private static func strings(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> [String] {
        var found: [String] = []
        var input = ProtobufFields(bytes)
        while let (number, raw) = try input.next() {
            if number == 1, case .bytes(let text) = raw { found.append(String(decoding: text, as: UTF8.self)) }
        }
        return found
    }

    private static func intOrString(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> JSON {
        var isString = false
        var (number, text) = (Int64(0), "")
        var input = ProtobufFields(bytes)
        while let (field, raw) = try input.next() {
            switch (field, raw) {
            case (1, .varint(let value)): isString = value == 1
            case (2, .varint(let value)): number = Int64(bitPattern: value)
            case (3, .bytes(let value)): text = String(decoding: value, as: UTF8.self)
            default: continue
            }
        }
        return isString ? .string(text) : .integer(number)
    }
}

/// The fields of one message on the wire, in order.
struct ProtobufFields {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// Nil at the end.
    mutating func next() throws(ProtobufError) -> (number: Int, value: Value)? {
        if rest.isEmpty { return nil }
        let tag = try varint()
        let number = Int(truncatingIfNeeded: tag >> 3)
        switch tag & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }))
        case 2:
            guard let length = Int(exactly: try varint()) else { throw Self.truncated }
            return (number, .bytes(try take(length)))
        case 5: return (number, .fixed32(try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }))
        default: throw ProtobufError(description: "unknown wire type \(tag & 7)")
        }
    }

    private static let truncated = ProtobufError(description: "the message ends inside a field")

    private mutating func varint() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw Self.truncated }
            if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
            if byte < 0x80 { return value }
        }
        throw ProtobufError(description: "a number is longer than ten bytes")
    }

    private mutating func take(_ count: Int) throws(ProtobufError) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw Self.truncated }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
