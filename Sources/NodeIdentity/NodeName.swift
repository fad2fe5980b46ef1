/// The names by which a node, its kubelet and its agent are known.
package struct NodeName: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    package static let agentPrefix = "kamaji:agent:"
    package static let kubeletPrefix = "system:node:"
    /// In the subject of every agent's certificate.
    package static let agentGroup = "kamaji:agents"
    package static let kubeletGroup = "system:nodes"
    /// Of agents whose certificate has ended, while they come back with their node's own token.
    package static let returningGroup = "system:bootstrappers:kamaji:reenrol"

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

    package init?(ofAgent user: String) {
        guard user.hasPrefix(Self.agentPrefix) else { return nil }
        self.init(String(user.dropFirst(Self.agentPrefix.count)))
    }

    package init?(ofKubelet user: String) {
        guard user.hasPrefix(Self.kubeletPrefix) else { return nil }
        self.init(String(user.dropFirst(Self.kubeletPrefix.count)))
    }

    /// What a machine of this host name is called as a node: trimmed and in lower case, as kubeadm has it; nil when that
    /// is no name of a node.
    package init?(ofHost hostName: String) {
        self.init(hostName.trimmingASCIISpace().lowercased())
    }

    package var agentUser: String { Self.agentPrefix + text }
    package var kubeletUser: String { Self.kubeletPrefix + text }
    package var description: String { text }
}

extension String {
    /// Without spaces, tabs and line breaks at both ends.
    package func trimmingASCIISpace() -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let start = utf8.firstIndex { !isSpace($0) } ?? utf8.endIndex
        let end = utf8.lastIndex { !isSpace($0) }.map { utf8.index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
