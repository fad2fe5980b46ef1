/// The names by which a node, its kubelet and its agent are known.
package struct NodeName: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    static let agentPrefix = "kamaji:agent:"
    static let kubeletPrefix = "system:node:"
    /// In the subject of every agent's certificate.
    static let agentGroup = "kamaji:agents"
    static let kubeletGroup = "system:nodes"

    /// A DNS subdomain (RFC 1123), as Node objects are named; nil when the text is none.
    package init?(_ text: String) {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        func isAlphanumeric(_ byte: UInt8?) -> Bool {
            guard let byte else { return false }
            return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard text.utf8.count <= 253,
            labels.allSatisfy({ label in
                isAlphanumeric(label.utf8.first) && isAlphanumeric(label.utf8.last)
                    && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
            })
        else { return nil }
        self.text = text
    }

    init?(ofAgent user: String) {
        guard user.hasPrefix(Self.agentPrefix) else { return nil }
        self.init(String(user.dropFirst(Self.agentPrefix.count)))
    }

    init?(ofKubelet user: String) {
        guard user.hasPrefix(Self.kubeletPrefix) else { return nil }
        self.init(String(user.dropFirst(Self.kubeletPrefix.count)))
    }

    package var agentUser: String { Self.agentPrefix + text }
    package var description: String { text }
}
