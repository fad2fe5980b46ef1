/// Base 64 in either alphabet, with padding.
enum Base64 {
    static func decode(_ text: String) -> [UInt8]? {
        let input = Array(text.utf8)
        guard input.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(input.count / 4 * 3)
        var accumulator: UInt32 = 0
        var padding = 0
        for (index, byte) in input.enumerated() {
            var value: UInt32 = 0
            if byte == UInt8(ascii: "=") {
                guard index >= input.count - 2 else { return nil }
                padding += 1
            } else {
                guard padding == 0, let digit = digit(byte) else { return nil }
                value = digit
            }
            accumulator = accumulator << 6 | value
            if index % 4 == 3 {
                bytes.append(UInt8(accumulator >> 16 & 0xFF))
                if padding < 2 { bytes.append(UInt8(accumulator >> 8 & 0xFF)) }
                if padding < 1 { bytes.append(UInt8(accumulator & 0xFF)) }
                accumulator = 0
            }
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
