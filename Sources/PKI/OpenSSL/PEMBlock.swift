import CLibSSL

/// One armoured block. Text before, between and after blocks is not looked at; line ends may be of any kind.
struct PEMBlock {
    let label: String
    let isEncrypted: Bool
    let der: [UInt8]

    /// All blocks of `pem`, in order.
    /// - Parameter subject: what is read, for the message ("the CA certificate").
    static func all(in pem: [UInt8], reading subject: String) throws(PKIError) -> [PEMBlock] {
        guard let length = Int32(exactly: pem.count) else {
            throw PKIError(.malformedPEM, "cannot read \(subject): \(pem.count) bytes are too many for PEM")
        }
        ErrorQueue.clear()
        return try pem.withUnsafeBufferPointer { bytes throws(PKIError) in
            guard
                let input = BIO_new_mem_buf(
                    bytes.baseAddress.map { UnsafeRawPointer($0) } ?? UnsafeRawPointer(bitPattern: 1), length)
            else {
                throw .library("read \(subject)")
            }
            defer { BIO_free(input) }
            var blocks: [PEMBlock] = []
            while let block = try next(from: input, index: blocks.count, reading: subject) { blocks.append(block) }
            return blocks
        }
    }

    private static func next(
        from input: OpaquePointer, index: Int, reading subject: String
    ) throws(PKIError) -> PEMBlock? {
        var name: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard PEM_read_bio(input, &name, &header, &data, &length) == 1, let name, let header, let data else {
            if ErrorQueue.endsWithNoStartLine {
                ErrorQueue.clear()
                return nil
            }
            throw .library("read \(subject), PEM block \(index + 1)", code: .malformedPEM)
        }
        defer {
            kmj_free(name)
            kmj_free(header)
            kmj_clear_free(data, length)
        }
        return PEMBlock(
            label: String(cString: name), isEncrypted: String(cString: header).contains("ENCRYPTED"),
            der: Array(UnsafeBufferPointer(start: data, count: length)))
    }

    /// The error for PEM that is fine but holds nothing of the wanted kind.
    static func missing(_ wanted: String, among blocks: [PEMBlock], reading subject: String) -> PKIError {
        let found =
            blocks.isEmpty ? "no PEM block at all" : "only " + blocks.map { "\"\($0.label)\"" }.joined(separator: ", ")
        return PKIError(.malformedPEM, "cannot read \(subject): expected a \"\(wanted)\" PEM block, found \(found)")
    }
}

extension Array<UInt8> {
    /// Hands the bytes to a `d2i_…` function and insists that it consumes all of them.
    func decodeDER(
        as subject: String, _ decode: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?,
        discardedBy free: (OpaquePointer) -> Void
    ) throws(PKIError) -> OpaquePointer {
        ErrorQueue.clear()
        return try withUnsafeBufferPointer { bytes throws(PKIError) in
            var cursor = bytes.baseAddress
            guard let object = decode(&cursor, bytes.count) else {
                throw .library("read \(subject)", code: .malformedContent)
            }
            let consumed = bytes.baseAddress.map { start in cursor.map { $0 - start } ?? 0 } ?? 0
            guard consumed == bytes.count else {
                free(object)
                throw PKIError(
                    .malformedContent,
                    "cannot read \(subject): \(bytes.count - consumed) bytes follow the end of its DER")
            }
            return object
        }
    }
}
