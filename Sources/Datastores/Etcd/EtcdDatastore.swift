import HTTPTransport

/// Many tenants in one etcd, each under a prefix that only its own user may touch (parity sheet, 6.5). The user has no
/// password: etcd takes the name in the client's certificate.
package struct EtcdDatastore: Datastore {
    private let connection: EtcdConnection

    /// - Parameters:
    ///   - endpoints: `host:port` of the members, tried in this order.
    ///   - tls: with a client certificate whose common name is `root`.
    ///   - timeout: of one attempt at one member.
    package init(
        endpoints: [String], tls: TLSSettings, transport: any HTTPTransport, timeout: Duration = .seconds(5)
    ) {
        connection = EtcdConnection(endpoints: endpoints, tls: tls, transport: transport, timeout: timeout)
    }

    package func probe() async throws {
        guard try await isAuthenticationEnabled() else {
            throw EtcdError(
                status: nil,
                "authentication is off, so tenants could read each other: add the user root with the role root, "
                    + "then run \"etcdctl auth enable\"")
        }
        // Which only root may.
        _ = try await explained { try await connection.call("etcdserverpb.Auth/UserList", ProtobufMessage()) }
    }

    private func isAuthenticationEnabled() async throws -> Bool {
        do {
            let status = try await explained {
                try await connection.call("etcdserverpb.Auth/AuthStatus", ProtobufMessage())
            }
            return status.varint(2) == 1
        } catch let error as EtcdError where error.isUnimplemented || error.status == nil {
            // Release 3.4 does not know the call; it says so, or drops it before it has read all of it. There a wrong
            // password tells.
            return try await isPasswordLookedAt()
        }
    }

    private func isPasswordLookedAt() async throws -> Bool {
        do {
            _ = try await connection.call(
                "etcdserverpb.Auth/Authenticate", ProtobufMessage().with(1, "root").with(2, "-"))
            return true
        } catch let error as EtcdError where error.status != nil {
            return !error.says("authentication is not enabled")
        }
    }

    /// User, role, right, grant: in this order, so that what an interrupted run left is completed by the next.
    package func provision(_ tenant: TenantStorage) async throws {
        try check(tenant)
        if try await isProvisioned(tenant) { return }
        let name = ProtobufMessage().with(1, tenant.user)
        let withoutPassword = name.with(3, ProtobufMessage().with(1, 1))
        try await tolerating("user name already exists") {
            try await connection.call("etcdserverpb.Auth/UserAdd", withoutPassword)
        }
        try await tolerating("role name already exists") {
            try await connection.call("etcdserverpb.Auth/RoleAdd", ProtobufMessage().with(1, tenant.schema))
        }
        let prefix = Self.prefix(of: tenant.schema)
        let permission = ProtobufMessage()
            .with(1, Permission.readWrite.rawValue).with(2, prefix).with(3, Self.end(ofPrefix: prefix))
        _ = try await explained {
            try await connection.call(
                "etcdserverpb.Auth/RoleGrantPermission",
                ProtobufMessage().with(1, tenant.schema).with(2, permission))
        }
        _ = try await explained {
            try await connection.call(
                "etcdserverpb.Auth/UserGrantRole", ProtobufMessage().with(1, tenant.user).with(2, tenant.schema))
        }
    }

    /// Whether nothing is missing. Every write of etcd's users makes requests that are under way anew, also one that
    /// changes nothing: a fleet that is looked over after a restart should not shake its API servers.
    private func isProvisioned(_ tenant: TenantStorage) async throws -> Bool {
        do {
            async let user = explained {
                try await connection.call("etcdserverpb.Auth/UserGet", ProtobufMessage().with(1, tenant.user))
            }
            async let role = explained {
                try await connection.call("etcdserverpb.Auth/RoleGet", ProtobufMessage().with(1, tenant.schema))
            }
            guard try await user.strings(2).contains(tenant.schema) else { return false }
            let prefix = Self.prefix(of: tenant.schema)
            return try await role.all(2).compactMap { ProtobufMessage($0) }.contains { permission in
                permission.varint(1) == Permission.readWrite.rawValue && permission.all(2).first == prefix
                    && permission.all(3).first == Self.end(ofPrefix: prefix)
            }
        } catch let error as EtcdError where error.says("name not found") {
            return false
        }
    }

    /// The right goes first: an API server that still runs can write nothing more while its keys are deleted.
    package func teardown(_ tenant: TenantStorage) async throws {
        try check(tenant)
        try await tolerating("role name not found") {
            try await connection.call("etcdserverpb.Auth/RoleDelete", ProtobufMessage().with(1, tenant.schema))
        }
        let prefix = Self.prefix(of: tenant.schema)
        _ = try await explained {
            try await connection.call(
                "etcdserverpb.KV/DeleteRange",
                ProtobufMessage().with(1, prefix).with(2, Self.end(ofPrefix: prefix)))
        }
        try await tolerating("user name not found") {
            try await connection.call("etcdserverpb.Auth/UserDelete", ProtobufMessage().with(1, tenant.user))
        }
    }

    private enum Permission: UInt64 {
        case read = 0
        case write = 1
        case readWrite = 2
    }

    /// A slash on both sides: the prefix of `a` must not cover `aa`.
    static func prefix(of schema: String) -> [UInt8] { Array("/\(schema)/".utf8) }

    /// The first key after all keys with this prefix. A prefix of ours ends in a slash, so there always is one.
    static func end(ofPrefix prefix: [UInt8]) -> [UInt8] {
        var end = prefix
        while let last = end.popLast() {
            if last < 0xFF { return end + [last + 1] }
        }
        return [0]
    }

    /// An empty schema would be everybody's prefix.
    private func check(_ tenant: TenantStorage) throws(EtcdError) {
        guard !tenant.schema.isEmpty, !tenant.user.isEmpty else {
            throw EtcdError(status: nil, "a tenant's schema and user must not be empty")
        }
        guard tenant.schema != "root", tenant.user != "root" else {
            throw EtcdError(
                status: nil, "a tenant's schema or user must not be \"root\": it administers etcd; choose another name")
        }
    }

    private func tolerating(_ words: String, _ body: () async throws -> ProtobufMessage) async throws {
        do {
            _ = try await explained(body)
        } catch let error as EtcdError where error.says(words) {
            return
        }
    }

    /// Says what to do where etcd only says what is wrong.
    private func explained(_ body: () async throws -> ProtobufMessage) async throws -> ProtobufMessage {
        do {
            return try await body()
        } catch let error as EtcdError where error.isPermissionDenied {
            throw EtcdError(
                status: error.status,
                "\(error.message): the client certificate of the DataStore must carry the common name root, "
                    + "and etcd's user root must have the role root")
        }
    }
}

extension EtcdDatastore {
    /// What a fresh etcd of our own needs: the user and role root, then authentication. Repeatable.
    package func enableAuthentication() async throws {
        if (try? await isAuthenticationEnabled()) == true { return }
        let root = ProtobufMessage().with(1, "root")
        try await tolerating("user name already exists") {
            try await connection.call(
                "etcdserverpb.Auth/UserAdd", root.with(3, ProtobufMessage().with(1, 1)))
        }
        try await tolerating("role name already exists") {
            try await connection.call("etcdserverpb.Auth/RoleAdd", root)
        }
        _ = try await connection.call("etcdserverpb.Auth/UserGrantRole", root.with(2, "root"))
        _ = try await connection.call("etcdserverpb.Auth/AuthEnable", ProtobufMessage())
    }

    /// Reads one key as whoever the TLS settings name; nil when there is none.
    package func value(of key: String) async throws -> [UInt8]? {
        let answer = try await connection.call("etcdserverpb.KV/Range", ProtobufMessage().with(1, key))
        guard let pair = answer.all(2).first.flatMap({ ProtobufMessage($0) }) else { return nil }
        return pair.all(5).first ?? []
    }

    package func put(_ value: [UInt8], at key: String) async throws {
        _ = try await connection.call("etcdserverpb.KV/Put", ProtobufMessage().with(1, key).with(2, value))
    }

    /// How many keys the tenant's prefix holds.
    package func keyCount(of schema: String) async throws -> Int {
        let prefix = Self.prefix(of: schema)
        let answer = try await connection.call(
            "etcdserverpb.KV/Range",
            ProtobufMessage().with(1, prefix).with(2, Self.end(ofPrefix: prefix)).with(9, 1))
        return Int(answer.varint(4))
    }

    /// How many keys there are in all, whosoever they are.
    package func keyCount() async throws -> Int {
        // A zero byte on both sides is every key.
        let answer = try await connection.call(
            "etcdserverpb.KV/Range", ProtobufMessage().with(1, [0]).with(2, [0]).with(9, 1))
        return Int(answer.varint(4))
    }

    package func users() async throws -> [String] {
        try await connection.call("etcdserverpb.Auth/UserList", ProtobufMessage()).strings(2)
    }

    package func roles() async throws -> [String] {
        try await connection.call("etcdserverpb.Auth/RoleList", ProtobufMessage()).strings(2)
    }

    /// The server's version and the size of its database in bytes, from the first member that answers.
    package func status() async throws -> (version: String, databaseSize: UInt64) {
        let answer = try await connection.call("etcdserverpb.Maintenance/Status", ProtobufMessage())
        return (answer.strings(2).first ?? "", answer.varint(3))
    }
}
