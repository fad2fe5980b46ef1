import HTTPTransport

/// Looks at an etcd without changing anything: every call here needs no more than a user that may log in, and for the
/// keys of a tenant the right to read its prefix.
package struct EtcdObserver: Sendable {
    private let tls: TLSSettings
    private let transport: any HTTPTransport
    private let timeout: Duration

    /// - Parameter timeout: of each call.
    package init(tls: TLSSettings, transport: any HTTPTransport, timeout: Duration = .seconds(5)) {
        (self.tls, self.transport, self.timeout) = (tls, transport, timeout)
    }

    func connection(_ endpoint: String) -> EtcdConnection {
        EtcdConnection(endpoints: [endpoint], tls: tls, transport: transport, timeout: timeout)
    }

    /// How one member says it is (rpc.proto, StatusResponse).
    package func status(at endpoint: String) async throws -> EtcdMemberStatus {
        let answer = try await connection(endpoint).call("etcdserverpb.Maintenance/Status", ProtobufMessage())
        let header = answer.all(1).first.flatMap { ProtobufMessage($0) } ?? ProtobufMessage()
        return EtcdMemberStatus(
            memberID: header.varint(2), revision: header.varint(3), version: answer.strings(2).first ?? "",
            databaseSize: answer.varint(3), leaderID: answer.varint(4), raftIndex: answer.varint(5),
            raftTerm: answer.varint(6), raftAppliedIndex: answer.varint(7), databaseSizeInUse: answer.varint(9),
            isLearner: answer.varint(10) == 1, storageVersion: answer.strings(11).first ?? "",
            databaseQuota: answer.varint(12))
    }

    /// The alarms that are raised, by the member that raised them.
    package func alarms(at endpoint: String) async throws -> [EtcdAlarm] {
        // Nothing set is the action GET for all members.
        let answer = try await connection(endpoint).call("etcdserverpb.Maintenance/Alarm", ProtobufMessage())
        return answer.all(2).compactMap { ProtobufMessage($0) }.compactMap { entry in
            EtcdAlarm.Kind(rawValue: entry.varint(2)).map { EtcdAlarm(memberID: entry.varint(1), kind: $0) }
        }
    }

    /// How many members vote.
    package func votingMembers(at endpoint: String) async throws -> Int {
        let answer = try await connection(endpoint).call("etcdserverpb.Cluster/MemberList", ProtobufMessage())
        return answer.all(2).compactMap { ProtobufMessage($0) }.count { $0.varint(5) == 0 }
    }

    /// How many keys stand under a tenant's prefix, as this member knows it. Counts in the index and reads no value.
    package func keyCount(of schema: String, at endpoint: String) async throws -> UInt64 {
        let prefix = EtcdDatastore.prefix(of: schema)
        return try await connection(endpoint).call(
            "etcdserverpb.KV/Range",
            ProtobufMessage().with(1, prefix).with(2, EtcdDatastore.end(ofPrefix: prefix)).with(7, 1).with(9, 1)
        ).varint(4)
    }

    /// The first path elements of all keys: the schemas that hold anything. One call for each, none for their keys.
    package func schemas(at endpoint: String, limit: Int = 100_000) async throws -> [String] {
        let connection = connection(endpoint)
        var found: [String] = []
        var start: [UInt8] = [UInt8(ascii: "/")]
        let end = EtcdDatastore.end(ofPrefix: start)
        while found.count < limit {
            // One key, without its value.
            let request = ProtobufMessage().with(1, start).with(2, end).with(3, 1).with(7, 1).with(8, 1)
            let answer = try await connection.call("etcdserverpb.KV/Range", request)
            guard let pair = answer.all(2).first.flatMap({ ProtobufMessage($0) }), let key = pair.all(1).first else {
                break
            }
            let name = key.dropFirst().prefix { $0 != UInt8(ascii: "/") }
            let prefix = key.prefix(1) + name + [UInt8(ascii: "/")]
            if key.starts(with: prefix) {
                found.append(String(decoding: name, as: UTF8.self))
                start = EtcdDatastore.end(ofPrefix: Array(prefix))
            } else {
                // A key without a second slash is nobody's.
                start = key + [0]
            }
        }
        return found
    }

    /// The member's own metrics, which it serves on the port of its clients.
    package func metrics(at endpoint: String) async throws -> [UInt8] {
        let response = try await transport.send(
            HTTPRequest("GET", "https://\(endpoint)/metrics", tls: tls, timeout: timeout, bodyLimit: 8 << 20))
        guard response.status == 200 else {
            throw EtcdError(status: nil, "GET /metrics answered HTTP \(response.status)")
        }
        return response.body
    }
}

package struct EtcdMemberStatus: Sendable, Hashable {
    package let memberID: UInt64
    package let revision: UInt64
    package let version: String
    /// Bytes, as all that follow.
    package let databaseSize: UInt64
    /// 0 while there is none.
    package let leaderID: UInt64
    package let raftIndex: UInt64
    package let raftTerm: UInt64
    package let raftAppliedIndex: UInt64
    package let databaseSizeInUse: UInt64
    package let isLearner: Bool
    /// Empty before release 3.6.
    package let storageVersion: String
    /// 0 before release 3.6, which is the first to tell.
    package let databaseQuota: UInt64
}

package struct EtcdAlarm: Sendable, Hashable {
    package enum Kind: UInt64, Sendable, Hashable {
        case noSpace = 1
        case corrupt = 2
    }

    package let memberID: UInt64
    package let kind: Kind
}
