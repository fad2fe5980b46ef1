/// Standard base64 with padding (RFC 4648, section 4), as Secrets and kubeconfigs carry bytes.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        var group: UInt32 = 0
        var held = 0
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            held += 1
            if held == 3 {
                for shift in [18, 12, 6, 0] { output.append(alphabet[Int(group >> UInt32(shift) & 63)]) }
                group = 0
                held = 0
            }
        }
        if held > 0 {
            group <<= UInt32(8 * (3 - held))
            for place in 0...held { output.append(alphabet[Int(group >> UInt32(18 - 6 * place) & 63)]) }
            output.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - held))
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes; nil when the text is not base64. Line breaks are skipped, as encoding/json and kubectl do.
    package static func decode(_ text: String) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count / 4 * 3)
        var group: UInt32 = 0
        var held = 0
        var padding = 0
        for letter in text.utf8 where letter != 0x0A && letter != 0x0D {
            if letter == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let value = values[Int(letter)]
            guard value != 0xFF, padding == 0 else { return nil }
            group = group << 6 | UInt32(value)
            held += 1
            if held == 4 {
                output.append(UInt8(truncatingIfNeeded: group >> 16))
                output.append(UInt8(truncatingIfNeeded: group >> 8))
                output.append(UInt8(truncatingIfNeeded: group))
                group = 0
                held = 0
            }
        }
        switch (held, padding) {
        case (0, 0): break
        case (2, 2): output.append(UInt8(truncatingIfNeeded: group >> 4))
        case (3, 1):
            output.append(UInt8(truncatingIfNeeded: group >> 10))
            output.append(UInt8(truncatingIfNeeded: group >> 2))
        default: return nil
        }
        return output
    }

    /// The alphabet for URLs and no padding (RFC 4648, section 5), as JSON Web Signatures carry bytes.
    package static func encodeURL(_ bytes: some Collection<UInt8>) -> String {
        let translated = encode(bytes).utf8.compactMap { letter -> UInt8? in
            switch letter {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: letter
            }
        }
        return String(decoding: translated, as: UTF8.self)
    }

    /// The bytes; nil when the text is not base64url without padding, or its last letter has bits that no byte takes.
    package static func decodeURL(_ text: String) -> [UInt8]? {
        let letters = text.utf8
        guard letters.allSatisfy({ $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || isAlphanumeric($0) }) else {
            return nil
        }
        var standard = letters.map { letter -> UInt8 in
            switch letter {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: letter
            }
        }
        standard += repeatElement(UInt8(ascii: "="), count: (4 - standard.count % 4) % 4)
        guard let bytes = decode(String(decoding: standard, as: UTF8.self)), encodeURL(bytes) == text else {
            return nil
        }
        return bytes
    }

    private static func isAlphanumeric(_ letter: UInt8) -> Bool {
        letter != UInt8(ascii: "+") && letter != UInt8(ascii: "/") && values[Int(letter)] != 0xFF
    }
}
