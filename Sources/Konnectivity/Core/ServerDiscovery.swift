/// How many servers there are to connect to.
package enum ServerCountSource: String, Sendable, Hashable, CaseIterable {
    /// Leases where they are counted, else what the servers say.
    case `default`
    /// The larger of both.
    case max

    /// - Parameters:
    ///   - leases: valid leases; nil when they are not counted.
    ///   - response: what the server that was met last said; nil before the first one.
    /// - Returns: at least 1.
    package func count(leases: Int?, response: Int?) -> Int {
        let known =
            switch (self, leases) {
            case (.default, let leases?): leases
            case (.max, let leases?): Swift.max(leases, response ?? 0)
            case (_, nil): response ?? 1
            }
        return Swift.max(1, known)
    }
}

/// A lease of a server (`coordination.k8s.io/v1`, label `k8s-app=konnectivity-server`), in seconds since 1970.
package struct ServerLease: Sendable, Hashable {
    package var renewTime: Double?
    package var acquireTime: Double?
    package var durationSeconds: Int?

    package init(renewTime: Double?, acquireTime: Double? = nil, durationSeconds: Int?) {
        self.renewTime = renewTime
        self.acquireTime = acquireTime
        self.durationSeconds = durationSeconds
    }

    /// Whether its server counts. A lease without a time or a duration does not.
    package func isValid(at now: Double) -> Bool {
        guard let start = renewTime ?? acquireTime, let durationSeconds else { return false }
        return start + Double(durationSeconds) > now
    }
}

/// The `serverID` and `serverCount` of a server's response headers.
struct ServerIntroduction: Sendable, Hashable {
    /// No tenant has more servers; whoever says so is mistaken.
    static let largestCount = 10_000

    let serverID: String
    let serverCount: Int

    /// Exactly one of each, as upstream's agent wants it; a count that is no number or below 1 is refused too.
    init(headers: [(name: String, value: String)]) throws(TunnelError) {
        serverID = try Self.single("serverid", in: headers)
        let text = try Self.single("servercount", in: headers)
        guard let count = Int(text), (1...Self.largestCount).contains(count) else {
            throw TunnelError(.protocolViolation, "the server's header servercount is \"\(text.prefix(40))\", no count")
        }
        serverCount = count
    }

    private static func single(
        _ name: String, in headers: [(name: String, value: String)]
    ) throws(TunnelError) -> String {
        let values = headers.filter { $0.name == name }.map(\.value)
        guard values.count == 1, let value = values.first, !value.isEmpty else {
            throw TunnelError(
                .protocolViolation, "the server's answer has \(values.count) headers \(name), not one with a value")
        }
        return value
    }
}
