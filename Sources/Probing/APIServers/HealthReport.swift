/// What `/livez?verbose` and `/readyz?verbose` say: a line for each check, `[+]` where it is well, `[-]` where it is not
/// (apiserver's healthz.go).
package struct HealthReport: Sendable, Hashable {
    /// In the order in which they stand, at most `limit`.
    package private(set) var failed: [String] = []
    package private(set) var passed = 0

    /// Names come from a server that may say anything.
    static let limit = 32

    package init(_ body: [UInt8]) {
        for line in body.split(separator: UInt8(ascii: "\n")) {
            if line.starts(with: Array("[+]".utf8)) {
                passed += 1
            } else if line.starts(with: Array("[-]".utf8)), failed.count < Self.limit {
                let name = line.dropFirst(3).prefix { $0 != UInt8(ascii: " ") && $0 != 0x0D }
                let text = String(decoding: name, as: UTF8.self)
                if !text.isEmpty, !failed.contains(text) { failed.append(text) }
            }
        }
    }
}
