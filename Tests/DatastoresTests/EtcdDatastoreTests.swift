import Foundation
import HTTPTransport
import Testing

@testable import Datastores

@Suite(
    "Tenants in a real etcd", .enabled(if: !RealEtcd.binaries.isEmpty, "needs an etcd binary"),
    .timeLimit(.minutes(5)))
struct EtcdDatastoreTests {
    private static let a = TenantStorage(schema: "default_a", user: "default_a_user", password: nil)
    private static let aa = TenantStorage(schema: "default_aa", user: "default_aa_user", password: nil)

    private func refused(_ body: () async throws -> Void) async {
        let error = await #expect(throws: EtcdError.self) { try await body() }
        #expect(error?.isPermissionDenied == true, "\(error?.message ?? "")")
    }

    @Test("Authentication is switched on, and again without harm", arguments: RealEtcd.binaries)
    func enabling(binary: String) async throws {
        let etcd = try await RealEtcd(binary)
        let root = try etcd.store("root")
        let error = await #expect(throws: EtcdError.self) { try await root.probe() }
        #expect(error?.message.contains("etcdctl auth enable") == true)
        try await root.enableAuthentication()
        try await root.enableAuthentication()
        try await root.probe()
        #expect(try await root.users() == ["root"])
        #expect(try await root.roles() == ["root"])
        #expect(try await root.status().databaseSize > 0)
        #expect(try await !root.status().version.isEmpty)
        await #expect(throws: EtcdError.self) { try await etcd.store("stranger").provision(Self.a) }
    }

    @Test("Switching authentication on converges, wherever it was cut", arguments: RealEtcd.binaries)
    func cutEnabling(binary: String) async throws {
        for limit in 0..<7 {
            let etcd = try await RealEtcd(binary)
            let cut = CuttingTransport(etcd.transport, after: limit, .beforeAnswer)
            try? await etcd.store("root", over: cut).enableAuthentication()
            let root = try etcd.store("root")
            try await root.enableAuthentication()
            try await root.probe()
            #expect(try await root.users() == ["root"])
        }
    }

    @Test("A tenant reads and writes under its own prefix and nowhere else", arguments: RealEtcd.binaries)
    func isolation(binary: String) async throws {
        let etcd = try await RealEtcd(binary)
        let root = try etcd.store("root")
        try await root.enableAuthentication()
        for tenant in [Self.a, Self.aa] {
            try await root.provision(tenant)
            try await root.provision(tenant)
        }
        let (a, aa) = (try etcd.store(Self.a.user), try etcd.store(Self.aa.user))
        try await a.put([1, 0, 2], at: "/default_a/registry/x")
        try await aa.put([3], at: "/default_aa/registry/x")
        #expect(try await a.value(of: "/default_a/registry/x") == [1, 0, 2])
        #expect(try await a.value(of: "/default_a/missing") == nil)
        #expect(try await root.keyCount(of: Self.a.schema) == 1)

        await refused { _ = try await a.value(of: "/default_aa/registry/x") }
        await refused { try await a.put([9], at: "/default_aa/registry/x") }
        await refused { _ = try await a.keyCount(of: Self.aa.schema) }
        await refused { _ = try await aa.value(of: "/default_a/registry/x") }
        for key in ["/", "/default_a", "/default_a0", "/default_", "0", "registry"] {
            await refused { _ = try await a.value(of: key) }
            await refused { try await a.put([9], at: key) }
        }
        // Ranges that begin in the tenant's own prefix and end beyond it, or take in everything.
        let connection = try etcd.connection(Self.a.user)
        for (start, end) in [("/default_a/", "/default_b"), ("/", "0"), ("\0", "\0"), ("/default_a/", "\0")] {
            let range = ProtobufMessage().with(1, start).with(2, end)
            await refused { _ = try await connection.call("etcdserverpb.KV/Range", range) }
            await refused { _ = try await connection.call("etcdserverpb.KV/DeleteRange", range) }
        }
        for (method, message) in [
            ("Auth/UserList", ProtobufMessage()), ("Auth/RoleAdd", ProtobufMessage().with(1, "mine")),
            ("Auth/UserGrantRole", ProtobufMessage().with(1, Self.a.user).with(2, Self.aa.schema)),
            ("Auth/AuthDisable", ProtobufMessage()),
        ] {
            await refused { _ = try await connection.call("etcdserverpb.\(method)", message) }
        }
        await refused { try await a.probe() }
        await refused { try await a.provision(Self.aa) }
        await refused { try await a.teardown(Self.aa) }
        #expect(try await aa.value(of: "/default_aa/registry/x") == [3])
    }

    @Test("A watch across the edge of a tenant's prefix is cancelled by etcd", arguments: RealEtcd.binaries)
    func watching(binary: String) async throws {
        let etcd = try await RealEtcd(binary)
        let root = try etcd.store("root")
        try await root.enableAuthentication()
        for tenant in [Self.a, Self.aa] { try await root.provision(tenant) }
        for (start, end, isOwn) in [
            ("/default_a/", "/default_a0", true), ("/default_aa/", "/default_aa0", false),
            ("/default_a/", "/default_b", false), ("\0", "\0", false),
        ] {
            // WatchRequest{create_request = 1{key = 1, range_end = 2}} and WatchResponse{created = 3, canceled = 4}.
            let create = ProtobufMessage().with(1, ProtobufMessage().with(1, start).with(2, end)).encoded()
            let request = HTTPRequest(
                "POST", "https://\(etcd.endpoint)/etcdserverpb.Watch/Watch",
                headers: ["content-type": "application/grpc", "te": "trailers"],
                body: [0, 0, 0, 0, UInt8(create.count)] + create, tls: try etcd.tls(Self.a.user), version: .http2)
            var isCanceled: Bool?
            for try await chunk in try await etcd.transport.stream(request).body where chunk.count > 5 {
                let answer = try #require(ProtobufMessage(chunk.dropFirst(5)))
                isCanceled = answer.varint(4) == 1
                break
            }
            #expect(isCanceled == !isOwn, "\(start) to \(end)")
        }
    }

    @Test("Teardown leaves no key, user or role of the tenant, and touches no other", arguments: RealEtcd.binaries)
    func teardown(binary: String) async throws {
        let etcd = try await RealEtcd(binary)
        let root = try etcd.store("root")
        try await root.enableAuthentication()
        for tenant in [Self.a, Self.aa] {
            try await root.provision(tenant)
            for index in 0..<3 { try await root.put([1], at: "/\(tenant.schema)/\(index)") }
        }
        try await root.put([1], at: "/default_a")
        for _ in 0..<2 {
            try await root.teardown(Self.a)
            #expect(try await root.keyCount(of: Self.a.schema) == 0)
            #expect(try await root.keyCount(of: Self.aa.schema) == 3)
            #expect(try await root.value(of: "/default_a") == [1])
            #expect(try await root.users().sorted() == [Self.aa.user, "root"])
            #expect(try await root.roles().sorted() == [Self.aa.schema, "root"])
        }
        await #expect(throws: EtcdError.self) { try await etcd.store(Self.a.user).value(of: "/default_a/0") }
    }

    @Test("Provision and teardown that were cut between any two steps converge", arguments: RealEtcd.binaries)
    func cut(binary: String) async throws {
        let etcd = try await RealEtcd(binary)
        let root = try etcd.store("root")
        try await root.enableAuthentication()
        for cut in CuttingTransport.Cut.allCases {
            // Two questions, then four steps.
            for limit in 0..<6 {
                let transport = CuttingTransport(etcd.transport, after: limit, cut)
                let broken = try etcd.store("root", over: transport)
                await #expect(throws: EtcdError.self) { try await broken.provision(Self.a) }
                try await root.provision(Self.a)
                let tenant = try etcd.store(Self.a.user)
                try await tenant.put([1], at: "/default_a/x")
                #expect(try await tenant.value(of: "/default_a/x") == [1])

                if limit < 3 {
                    let transport = CuttingTransport(etcd.transport, after: limit, cut)
                    let broken = try etcd.store("root", over: transport)
                    await #expect(throws: EtcdError.self) { try await broken.teardown(Self.a) }
                }
                try await root.teardown(Self.a)
                #expect(try await root.keyCount(of: Self.a.schema) == 0)
                #expect(try await root.users() == ["root"])
                #expect(try await root.roles() == ["root"])
            }
        }
    }

    @Test("What was taken away from a tenant comes back, and nothing is written while all is there")
    func again() async throws {
        let etcd = try await RealEtcd(try #require(RealEtcd.binaries.last))
        let root = try etcd.store("root")
        let connection = try etcd.connection("root")
        try await root.enableAuthentication()
        try await root.provision(Self.a)
        let tenant = try etcd.store(Self.a.user)
        let (role, user) = (ProtobufMessage().with(1, Self.a.schema), ProtobufMessage().with(1, Self.a.user))
        let rest = ProtobufMessage().with(1, Self.a.schema).with(2, "/default_a/").with(3, "/default_a0")
        for (method, message) in [
            ("RoleDelete", role), ("UserDelete", user), ("UserRevokeRole", user.with(2, Self.a.schema)),
            ("RoleRevokePermission", rest),
        ] {
            _ = try await connection.call("etcdserverpb.Auth/\(method)", message)
            await #expect(throws: EtcdError.self) { try await tenant.put([1], at: "/default_a/x") }
            try await root.provision(Self.a)
            try await tenant.put([1], at: "/default_a/x")
        }
        // Two questions are answered, and the third request would fail.
        try await etcd.store("root", over: CuttingTransport(etcd.transport, after: 2, .beforeRequest)).provision(Self.a)
    }

    @Test("Many tenants provisioned at once all stand", arguments: RealEtcd.binaries)
    func many(binary: String) async throws {
        let etcd = try await RealEtcd(binary)
        let root = try etcd.store("root")
        try await root.enableAuthentication()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<20 {
                group.addTask {
                    try await root.provision(TenantStorage(schema: "s\(index)", user: "u\(index)", password: nil))
                    try await etcd.store("u\(index)").put([1], at: "/s\(index)/x")
                }
            }
            try await group.waitForAll()
        }
        #expect(try await root.users().count == 21)
    }

    @Test("A member that does not answer is passed over, and names that belong to etcd are refused")
    func members() async throws {
        let etcd = try await RealEtcd(try #require(RealEtcd.binaries.first))
        let dead = "127.0.0.1:\(try RealEtcd.unusedPort())"
        let store = try etcd.store("root", endpoints: [dead, etcd.endpoint])
        try await store.enableAuthentication()
        try await store.probe()
        let error = await #expect(throws: EtcdError.self) { try await etcd.store("root", endpoints: [dead]).probe() }
        #expect(error?.message.contains(dead) == true)
        await #expect(throws: EtcdError.self) { try await etcd.store("root", endpoints: []).probe() }
        for (schema, user) in [("", "u"), ("s", ""), ("root", "u"), ("s", "root")] {
            let tenant = TenantStorage(schema: schema, user: user, password: nil)
            await #expect(throws: EtcdError.self) { try await store.provision(tenant) }
            await #expect(throws: EtcdError.self) { try await store.teardown(tenant) }
        }
    }
}
