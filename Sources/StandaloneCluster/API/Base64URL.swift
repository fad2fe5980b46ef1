import KubeObjects

/// Base64 for URLs (RFC 4648, section 5), without padding.
enum Base64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let base64 = String(text).replacing("-", with: "+").replacing("_", with: "/")
        return Base64.decode(base64 + String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4))
    }
}
