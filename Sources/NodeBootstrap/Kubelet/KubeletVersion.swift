import KubeObjects

/// What `kubelet --version` prints.
package enum KubeletVersion {
    /// The version without its `v`, nil when the output is something else.
    package static func parse(_ output: String) -> String? {
        let text = output.split(whereSeparator: \.isWhitespace)
        guard text.count == 2, text[0] == "Kubernetes", text[1].hasPrefix("v") else { return nil }
        let version = String(text[1].dropFirst())
        return isWhole(version) ? version : nil
    }

    /// Three numbers without leading zeros, and what may follow the third.
    private static func isWhole(_ version: String) -> Bool {
        let core = version.prefix { $0 != "-" && $0 != "+" }
        let numbers = core.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 3
            && numbers.allSatisfy { number in
                !number.isEmpty && number.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                    && (number == "0" || !number.hasPrefix("0"))
            }
    }

    /// Whether a kubelet may talk to an API server: never newer, and at most three minors older (Kubernetes' version
    /// skew policy).
    package static func complaint(kubelet: KubernetesVersion, server: KubernetesVersion) -> String? {
        if (kubelet.major, kubelet.minor) > (server.major, server.minor) {
            return "kubelet \(kubelet) is newer than the tenant, which runs \(server): install kubelet "
                + "v\(server.major).\(server.minor)"
        }
        if kubelet.major < server.major || kubelet.minor < server.minor - 3 {
            return "kubelet \(kubelet) is more than three minor versions older than the tenant, which runs \(server): "
                + "install kubelet v\(server.major).\(server.minor)"
        }
        return nil
    }
}
