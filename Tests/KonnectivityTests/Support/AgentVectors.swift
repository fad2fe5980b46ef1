import KubeObjects
import Testing

/// Vectors of the konnectivity protocol. The packets were made with `protoc --encode=Packet` from upstream's
/// client.proto, the rest follows upstream's agent.
enum AgentVectors {
    static let json = Result { try JSON(parsing: text) }

    static func section(_ name: String) throws -> [JSON] { try #require(try json.get()[name]?.array) }

    static func bytes(_ hex: String) throws -> [UInt8] {
        let digits = Array(hex)
        try #require(digits.count % 2 == 0)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(digits[$0...$0 + 1]), radix: 16))
        }
    }

    // swift-format-ignore
    private static let text = #"""
        {
          "packets": [
            {"name": "dial kubelet", "type": "DIAL_REQ", "typeNumber": 0, "payloadFieldNumber": 2, "payload": {"protocol": "tcp", "address": "10.10.0.21:10250", "random": "6129484611666145821"}, "messageHex": "12210a03746370121031302e31302e302e32313a3130323530189de4d5b4f6b8938855", "grpcFrameHex": "000000002312210a03746370121031302e31302e302e32313a3130323530189de4d5b4f6b8938855", "note": "type is the zero enum value so field 1 is absent on the wire"},
            {"name": "dial by node name", "type": "DIAL_REQ", "typeNumber": 0, "payloadFieldNumber": 2, "payload": {"protocol": "tcp", "address": "edge-0001:10250", "random": "1"}, "messageHex": "12180a03746370120f656467652d303030313a31303235301801", "grpcFrameHex": "000000001a12180a03746370120f656467652d303030313a31303235301801", "note": ""},
            {"name": "dial ok", "type": "DIAL_RSP", "typeNumber": 1, "payloadFieldNumber": 3, "payload": {"connectID": "1", "random": "6129484611666145821"}, "messageHex": "08011a0c1001189de4d5b4f6b8938855", "grpcFrameHex": "000000001008011a0c1001189de4d5b4f6b8938855", "note": ""},
            {"name": "dial error", "type": "DIAL_RSP", "typeNumber": 1, "payloadFieldNumber": 3, "payload": {"error": "dial tcp 10.10.0.21:10250: connect: connection refused", "random": "6129484611666145821"}, "messageHex": "08011a420a366469616c207463702031302e31302e302e32313a31303235303a20636f6e6e6563743a20636f6e6e656374696f6e2072656675736564189de4d5b4f6b8938855", "grpcFrameHex": "000000004608011a420a366469616c207463702031302e31302e302e32313a31303235303a20636f6e6e6563743a20636f6e6e656374696f6e2072656675736564189de4d5b4f6b8938855", "note": "connectID absent (0) on error"},
            {"name": "data to agent", "type": "DATA", "typeNumber": 4, "payloadFieldNumber": 4, "payload": {"connectID": "1", "data": "474554202f20485454502f312e310d0a0d0a"}, "messageHex": "0804221608011a12474554202f20485454502f312e310d0a0d0a", "grpcFrameHex": "000000001a0804221608011a12474554202f20485454502f312e310d0a0d0a", "note": ""},
            {"name": "data empty", "type": "DATA", "typeNumber": 4, "payloadFieldNumber": 4, "payload": {"connectID": "300", "data": ""}, "messageHex": "0804220308ac02", "grpcFrameHex": "00000000070804220308ac02", "note": "legal: no bytes; must not be treated as EOF"},
            {"name": "close request", "type": "CLOSE_REQ", "typeNumber": 2, "payloadFieldNumber": 5, "payload": {"connectID": "1"}, "messageHex": "08022a020801", "grpcFrameHex": "000000000608022a020801", "note": ""},
            {"name": "close request for id 0", "type": "CLOSE_REQ", "typeNumber": 2, "payloadFieldNumber": 5, "payload": {"connectID": "0"}, "messageHex": "08022a00", "grpcFrameHex": "000000000408022a00", "note": "server sends this after a failed dial; payload submessage is empty but present"},
            {"name": "close response", "type": "CLOSE_RSP", "typeNumber": 3, "payloadFieldNumber": 6, "payload": {"connectID": "1"}, "messageHex": "080332021001", "grpcFrameHex": "0000000006080332021001", "note": ""},
            {"name": "close response unknown", "type": "CLOSE_RSP", "typeNumber": 3, "payloadFieldNumber": 6, "payload": {"connectID": "9", "error": "Unknown connectID"}, "messageHex": "080332150a11556e6b6e6f776e20636f6e6e65637449441009", "grpcFrameHex": "0000000019080332150a11556e6b6e6f776e20636f6e6e65637449441009", "note": ""},
            {"name": "close dial", "type": "DIAL_CLS", "typeNumber": 5, "payloadFieldNumber": 7, "payload": {"random": "6129484611666145821"}, "messageHex": "08053a0a089de4d5b4f6b8938855", "grpcFrameHex": "000000000e08053a0a089de4d5b4f6b8938855", "note": ""},
            {"name": "drain", "type": "DRAIN", "typeNumber": 6, "payloadFieldNumber": 8, "payload": {}, "messageHex": "08064200", "grpcFrameHex": "000000000408064200", "note": ""},
            {"name": "negative random", "type": "DIAL_REQ", "typeNumber": 0, "payloadFieldNumber": 2, "payload": {"protocol": "tcp", "address": "a:1", "random": "-1"}, "messageHex": "12150a037463701203613a3118ffffffffffffffffff01", "grpcFrameHex": "000000001712150a037463701203613a3118ffffffffffffffffff01", "note": "int64 (not sint64): ten byte varint"}
          ],
          "unknownPacketHex": "08097a0178",
          "agentIdentifiers": [
            {"input": "host=edge-0001&ipv4=10.10.0.21&default-route=true", "ipv4": ["10.10.0.21"], "ipv6": [], "host": ["edge-0001"], "cidr": [], "defaultRoute": true},
            {"input": "ipv4=1.2.3.4&ipv4=5.6.7.8&ipv6=fd00%3A%3A1", "ipv4": ["1.2.3.4", "5.6.7.8"], "ipv6": ["fd00::1"], "host": [], "cidr": [], "defaultRoute": false},
            {"input": "cidr=10.0.0.0%2F8&default-route=no", "ipv4": [], "ipv6": [], "host": [], "cidr": ["10.0.0.0/8"], "defaultRoute": false, "note": "'no' is not a Go ParseBool value, so it is ignored"},
            {"input": "", "ipv4": [], "ipv6": [], "host": [], "cidr": [], "defaultRoute": false},
            {"input": "zone=a&ipv4=1.2.3.4", "ipv4": ["1.2.3.4"], "ipv6": [], "host": [], "cidr": [], "defaultRoute": false, "note": "server ignores unknown types; the stock agent refuses them at start"}
          ],
          "destHostFromAddress": [
            {"input": "10.0.0.1:10250", "destHost": "10.0.0.1"},
            {"input": "10.0.0.1", "destHost": "10.0.0.1"},
            {"input": "edge-0001:10250", "destHost": "edge-0001"},
            {"input": "[fd00::1]:10250", "destHost": "fd00::1"},
            {"input": "fd00::1", "destHost": "fd00::1"},
            {"input": "[fd00::1]", "destHost": "fd00:"},
            {"input": "kube-dns.kube-system.svc:53", "destHost": "kube-dns.kube-system.svc"}
          ],
          "reconnectBackoff": {"initialSeconds": 1, "factor": 1.5, "capSeconds": 10, "baseSequenceSeconds": [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10.0, 10.0, 10.0], "jitter": "actual = base * (1 + u*0.1), u in [0,1)"},
          "serverCount": [
            {"leases": null, "responses": null, "source": "default", "result": 1},
            {"leases": null, "responses": 3, "source": "default", "result": 3},
            {"leases": 2, "responses": 3, "source": "default", "result": 2},
            {"leases": 2, "responses": 3, "source": "max", "result": 3},
            {"leases": 0, "responses": 3, "source": "default", "result": 1},
            {"leases": 5, "responses": 3, "source": "max", "result": 5}
          ],
          "leaseValidity": [
            {"renewTime": "2026-01-01T00:00:00Z", "durationSeconds": 30, "now": "2026-01-01T00:00:29Z", "valid": true},
            {"renewTime": "2026-01-01T00:00:00Z", "durationSeconds": 30, "now": "2026-01-01T00:00:30Z", "valid": false},
            {"renewTime": "2026-01-01T00:00:00Z", "durationSeconds": 30, "now": "2025-12-31T23:00:00Z", "valid": true}
          ]
        }
        """#
}
