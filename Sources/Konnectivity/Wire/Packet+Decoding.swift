extension Packet {
    /// Reads one message. Fields that are not known are skipped; a repeated one counts as its last.
    ///
    /// Type and payload are two fields that the format does not tie together: both are checked.
    package init(decoding message: ArraySlice<UInt8>) throws(WireError) {
        var type: Int64 = 0
        var payload: (field: Int, bytes: ArraySlice<UInt8>)?
        var reader = ProtobufReader(message, subject: "packet")
        while let (field, value) = try reader.next() {
            switch field {
            case 1: type = try value.int64("packet.type")
            case 2...8: payload = (field, try value.bytes("packet's payload \(field)"))
            default: continue
            }
        }
        guard let kind = Kind(rawValue: type) else {
            self = .unknown(type: type)
            return
        }
        guard let payload else {
            throw WireError(.missingPayload, "a packet of type \(kind.label) has no payload")
        }
        guard payload.field == kind.payloadField else {
            throw WireError(
                .payloadMismatch,
                "a packet of type \(kind.label) has the payload \(payload.field), not \(kind.payloadField)")
        }
        self = try Self.decode(kind, payload.bytes)
    }

    private static func decode(_ kind: Kind, _ bytes: ArraySlice<UInt8>) throws(WireError) -> Packet {
        switch kind {
        case .dialRequest: return .dialRequest(try DialRequest(decoding: bytes))
        case .dialResponse:
            let fields = try Fields(bytes, of: kind, text: 1, first: 2, second: 3)
            return .dialResponse(random: fields.second, connection: fields.first, error: fields.text)
        case .closeRequest: return .closeRequest(try Fields(bytes, of: kind, first: 1).first)
        case .closeResponse:
            let fields = try Fields(bytes, of: kind, text: 1, first: 2)
            return .closeResponse(fields.first, error: fields.text)
        case .data:
            let fields = try Fields(bytes, of: kind, text: 2, content: 3, first: 1)
            return .data(fields.first, fields.content)
        case .closeDial: return .closeDial(random: try Fields(bytes, of: kind, first: 1).first)
        case .drain:
            _ = try Fields(bytes, of: kind)
            return .drain
        }
    }

    /// What payloads are made of: at most one string, one byte string and two numbers, each with the field given.
    private struct Fields {
        var text = ""
        var content: ArraySlice<UInt8> = []
        var first: Int64 = 0
        var second: Int64 = 0

        init(
            _ bytes: ArraySlice<UInt8>, of kind: Kind, text: Int? = nil, content: Int? = nil, first: Int? = nil,
            second: Int? = nil
        ) throws(WireError) {
            var reader = ProtobufReader(bytes, subject: kind.label)
            while let (field, value) = try reader.next() {
                switch field {
                case text: self.text = try value.string("\(kind.label).error")
                case content: self.content = try value.bytes("\(kind.label).data")
                case first: self.first = try value.int64("field \(field) of \(kind.label)")
                case second: self.second = try value.int64("field \(field) of \(kind.label)")
                default: continue
                }
            }
        }
    }
}

extension Packet.DialRequest {
    fileprivate init(decoding bytes: ArraySlice<UInt8>) throws(WireError) {
        self.init(network: "", address: "", random: 0)
        var reader = ProtobufReader(bytes, subject: "DIAL_REQ")
        while let (field, value) = try reader.next() {
            switch field {
            case 1: network = try value.string("DIAL_REQ.protocol")
            case 2: address = try value.string("DIAL_REQ.address")
            case 3: random = try value.int64("DIAL_REQ.random")
            default: continue
            }
        }
    }
}
