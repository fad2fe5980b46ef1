import CLibNGHTTP2

/// A header field as it is handed to libnghttp2.
package struct HeaderField: Sendable {
    /// In lower case (RFC 9113, 8.2).
    package var name: String
    package var value: String
    /// Kept out of the connection's compression table.
    package var isSecret: Bool

    package init(_ name: String, _ value: String, isSecret: Bool = false) {
        self.name = name
        self.value = value
        self.isSecret = isSecret
    }

    /// Fields in libnghttp2's form, good for the time of the call: it copies names and values.
    package static func withVector<Result>(
        of fields: [HeaderField], _ body: (UnsafeBufferPointer<nghttp2_nv>) -> Result
    ) -> Result {
        // One buffer holds them all.
        var bytes: [UInt8] = []
        for field in fields { bytes += Array(field.name.utf8) + Array(field.value.utf8) }
        return bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return body(UnsafeBufferPointer(start: nil, count: 0)) }
            var offset = 0
            let vector = fields.map { field in
                let name = base + offset
                let value = name + field.name.utf8.count
                offset += field.name.utf8.count + field.value.utf8.count
                return nghttp2_nv(
                    name: name, value: value, namelen: field.name.utf8.count, valuelen: field.value.utf8.count,
                    flags: field.isSecret ? UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue) : 0)
            }
            return vector.withUnsafeBufferPointer(body)
        }
    }
}
