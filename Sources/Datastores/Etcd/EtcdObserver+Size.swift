import HTTPTransport

extension EtcdObserver {
    /// Bytes of all keys and values under a tenant's prefix. etcd does not know them: they are read, measured and let go,
    /// a page at a time. Meant for what nobody uses any more, once: what serves a tenant is not to be read for its size.
    /// - Parameter limit: keys that are read at least, where there are more; the rest is taken to be like them.
    package func size(of schema: String, at endpoint: String, limit: Int = 20_000) async throws -> Double {
        let connection = connection(endpoint)
        let prefix = EtcdDatastore.prefix(of: schema)
        let end = EtcdDatastore.end(ofPrefix: prefix)
        var (start, keys, bytes) = (prefix, 0, 0)
        var page = EtcdPage()
        while true {
            let request = ProtobufMessage().with(1, start).with(2, end).with(3, UInt64(page.length)).with(7, 1)
            let answer = try await connection.call("etcdserverpb.KV/Range", request)
            let pairs = answer.all(2).compactMap { ProtobufMessage($0) }
            guard let last = pairs.last?.all(1).first else { return Double(bytes) }
            let read = pairs.reduce(0) { $0 + ($1.all(1).first?.count ?? 0) + ($1.all(5).first?.count ?? 0) }
            keys += pairs.count
            bytes += read
            guard answer.varint(3) == 1 else { return Double(bytes) }
            if keys >= limit {
                // Its count is of this page and of all that follow.
                let left = max(0, Double(answer.varint(4)) - Double(pairs.count))
                return Double(bytes) * (1 + left / Double(keys))
            }
            start = last + [0]
            page.next(after: pairs.count, bytes: read)
        }
    }
}

/// How many pairs to ask for at once. For each page etcd goes through all keys that are left, so there should be few; none
/// should be larger than some megabytes, and how large a pair is shows only when it is read.
struct EtcdPage: Sendable {
    private(set) var length = 16

    private static let bytes = 4 << 20
    private static let longest = 4000

    mutating func next(after pairs: Int, bytes: Int) {
        let fitting = Self.bytes / max(1, bytes / max(1, pairs))
        // Of what follows nothing is known: small steps.
        length = max(1, min(fitting, length * 8, Self.longest))
    }
}
