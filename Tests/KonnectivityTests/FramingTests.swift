import Testing

@testable import Konnectivity

@Suite struct FramingTests {
    private func messages(_ bytes: [UInt8], pieces size: Int, limit: Int = 1000) throws -> [[UInt8]] {
        var assembler = MessageAssembler(limit: limit)
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            try Array(bytes[start..<min(start + size, bytes.count)]).withUnsafeBufferPointer {
                try assembler.take($0) { message in found.append(Array(message)) }
            }
        }
        #expect(assembler.held == 0)
        return found
    }

    @Test func `messages come out whole, whatever the pieces they came in`() throws {
        let wanted: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 4, count: 300), [], [5]]
        let bytes = wanted.flatMap { MessagePrefix.bytes(for: $0.count) + $0 }
        for size in [1, 2, 3, 5, 7, 64, 1000] { #expect(try messages(bytes, pieces: size) == wanted) }
    }

    @Test(arguments: [
        ([1, 0, 0, 0, 1, 9], WireError.Code.compressed), ([2, 0, 0, 0, 1, 9], .illegalFlag),
        ([0, 0, 0, 4, 0, 9], .oversized), ([0, 0xFF, 0xFF, 0xFF, 0xFF], .oversized),
    ])
    func `a prefix that no message of ours has is refused`(bytes: [UInt8], code: WireError.Code) throws {
        let error = #expect(throws: WireError.self) { try messages(bytes, pieces: 100) }
        #expect(error?.code == code)
    }

    @Test func `a length is no reason to set memory aside`() throws {
        var assembler = MessageAssembler()
        try ([0, 0, 0x3F, 0xFF, 0xFF] as [UInt8]).withUnsafeBufferPointer { try assembler.take($0) { _ in } }
        #expect(assembler.held == 5)
    }

    @Test func `a stream's end is told by gRPC's name for it and its message decoded`() {
        #expect(StreamStatus(code: "2", message: "a%20b%zz%").description == "UNKNOWN: a b%zz%")
        #expect(StreamStatus(code: "16", message: nil).description == "UNAUTHENTICATED")
        #expect(StreamStatus(code: "99", message: nil).description == "code 99")
        #expect(StreamStatus(code: "x", message: nil).code == nil)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n", ProxyAnswer.accepted),
        ("HTTP/1.1 200 OK\r\n", .incomplete), ("", .incomplete),
        ("HTTP/1.0 407 Proxy Authentication Required\r\n\r\n", .refused("HTTP/1.0 407 Proxy Authentication Required")),
        ("SSH-2.0-x y\r\n\r\n", .refused("its answer is not HTTP")),
    ])
    func `a proxy's answer is read to its end`(text: String, answer: ProxyAnswer) {
        #expect(ProxyAnswer.read(Array(text.utf8)) == answer)
    }

    @Test func `a proxy that never ends its answer is given up`() {
        #expect(ProxyAnswer.read([UInt8](repeating: 65, count: 9000)) == .refused("its answer has no end"))
    }
}
