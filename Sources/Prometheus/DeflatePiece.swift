import CLibZ

/// Part of a page, compressed by itself: pieces that stand one behind the other are one stream, so what did not change
/// is compressed once and copied into every answer (RFC 1951; the pieces end in zlib's full flush).
struct DeflatePiece: Sendable {
    /// Raw deflate, ending on a byte boundary, without a final block.
    let bytes: [UInt8]
    let plainCount: Int
    let checksum: UInt

    init(compressing plain: [UInt8], level: Int32 = 6) {
        plainCount = plain.count
        checksum = Self.checksum(of: plain)
        bytes = Self.deflated(plain, level: level) ?? Self.stored(plain)
    }

    /// Without compression, for what changed a moment ago: it costs a copy.
    init(storing plain: [UInt8]) {
        plainCount = plain.count
        checksum = Self.checksum(of: plain)
        bytes = Self.stored(plain)
    }

    private static func checksum(of plain: [UInt8]) -> UInt {
        plain.withUnsafeBufferPointer { buffer in
            UInt(crc32_z(0, buffer.baseAddress, buffer.count))
        }
    }

    private static func deflated(_ plain: [UInt8], level: Int32) -> [UInt8]? {
        guard !plain.isEmpty, plain.count < 1 << 30 else { return plain.isEmpty ? [] : nil }
        var stream = z_stream()
        guard kmj_deflate_init_raw(&stream, level) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        // The bound is for one that finishes; a full flush adds an empty stored block.
        let capacity = Int(deflateBound(&stream, uLong(plain.count))) + 64
        var input = plain
        let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let code = input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(capacity)
                return deflate(&stream, Z_FULL_FLUSH)
            }
            count = code == Z_OK && stream.avail_in == 0 && stream.avail_out > 0 ? capacity - Int(stream.avail_out) : 0
        }
        return output.isEmpty ? nil : output
    }

    /// Stored blocks of at most 65,535 bytes each (RFC 1951, 3.2.4).
    private static func stored(_ plain: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(plain.count + plain.count / 65_535 * 5 + 5)
        var rest = plain[...]
        while !rest.isEmpty {
            let part = rest.prefix(65_535)
            rest = rest.dropFirst(part.count)
            let count = UInt16(part.count)
            output.append(0)
            for number in [count, ~count] {
                output.append(UInt8(truncatingIfNeeded: number))
                output.append(UInt8(truncatingIfNeeded: number >> 8))
            }
            output.append(contentsOf: part)
        }
        return output
    }
}

/// A gzip member made of pieces (RFC 1952).
struct GzipMember {
    private(set) var bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
    private var checksum: UInt = 0
    private var plainCount: UInt64 = 0

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count + 32) }

    mutating func append(_ piece: DeflatePiece) {
        bytes.append(contentsOf: piece.bytes)
        checksum = UInt(crc32_combine(uLong(checksum), uLong(piece.checksum), piece.plainCount))
        plainCount += UInt64(piece.plainCount)
    }

    /// The whole member; nothing may be appended afterwards.
    mutating func finished() -> [UInt8] {
        // An empty final block with the fixed codes.
        bytes.append(contentsOf: [0x03, 0x00])
        for number in [UInt64(checksum), plainCount] {
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
        }
        return bytes
    }
}
