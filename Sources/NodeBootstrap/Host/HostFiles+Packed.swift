import CLibZ

extension HostFiles {
    /// The text of a file that gzip has packed; nil when there is none, or none that can be unpacked to `limit` bytes. A
    /// file that nobody has packed is read as it is.
    func unpackedText(_ path: String) -> String? {
        guard let file = gzopen(place(path), "rb") else { return nil }
        defer { gzclose(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while content.count <= Self.limit {
            let count = gzread(file, &buffer, UInt32(buffer.count))
            guard count >= 0 else { return nil }
            if count == 0 {
                var code: Int32 = 0
                gzerror(file, &code)
                // Else it was cut before its end.
                return code == Z_OK ? String(decoding: content, as: UTF8.self) : nil
            }
            content += buffer[..<Int(count)]
        }
        return nil
    }
}
