import FoundationEssentials
import HTTPTransport
import KubeClient
import NodeIdentity
import PKI
import Synchronization
import Testing

@testable import NodeBootstrap

@Suite struct TenantDiscoveryTests {
    private static func discovery(
        _ tenant: StandInTenant, waiting: @escaping @Sendable (DiscoveryError, Date) -> Void = { _, _ in }
    ) -> TenantDiscovery {
        let clock = Mutex(Duration.zero)
        return TenantDiscovery(
            transport: tenant, proxies: ProxyRules(environment: [:]),
            pacing: Pacing(
                elapsed: { clock.withLock { $0 } }, sleep: { duration in clock.withLock { $0 += duration } }),
            waiting: waiting)
    }

    private static func token(_ tenant: StandInTenant) throws -> JoinConfiguration.TokenDiscovery {
        guard case .token(let token) = try tenant.configuration().discovery else { throw CancellationError() }
        return token
    }

    @Test func `a tenant is read twice, the second time verified, and its clock compared`() async throws {
        let tenant = try StandInTenant()
        tenant.state.withLock { $0.date = StandInMachine.httpDate(120) }
        let found = try await Self.discovery(tenant).find(
            Self.token(tenant), within: .seconds(300), now: { Date() })
        #expect(tenant.state.withLock { $0.clusterInfoReads } == 2)
        let ahead = try #require(found.serverAhead)
        #expect(abs(ahead - 120) < 60)
    }

    @Test func `without pins there is one reading, as was asked for`() async throws {
        let tenant = try StandInTenant()
        tenant.state.withLock { $0.date = StandInMachine.httpDate(120) }
        var token = try Self.token(tenant)
        token.pins = []
        let found = try await Self.discovery(tenant).find(token, within: .seconds(300), now: { Date() })
        #expect(tenant.state.withLock { $0.clusterInfoReads } == 1)
        #expect(abs(try #require(found.serverAhead) - 120) < 60)
    }

    @Test(arguments: [(-86_400.0 * 400, "ahead of"), (86_400, "behind"), (0, nil)])
    func `where nobody can prove to be the tenant a wrong clock is named`(ahead: Double, how: String?) async throws {
        let (tenant, other) = (try StandInTenant(), try StandInTenant())
        tenant.state.withLock {
            ($0.root, $0.date) = (other.authority.certificate, StandInMachine.httpDate(ahead))
        }
        let error = await #expect(throws: DiscoveryError.self) {
            try await Self.discovery(tenant).find(Self.token(tenant), within: .seconds(30), now: { Date() })
        }
        #expect(error?.code == (how == nil ? .tlsFailed : .wrongClock))
        if let how { #expect(error?.message.contains(" s \(how) that of whoever answers") == true, "\(how)") }
    }

    @Test func `what passes is waited for, and each cause is told`() async throws {
        let tenant = try StandInTenant()
        tenant.state.withLock {
            $0.failures = [
                HTTPTransportError(.unresolvedHost, "a"), HTTPTransportError(.connectFailed, "b"),
                HTTPTransportError(.timedOut, "c"), HTTPTransportError(.tlsFailed, "d"),
            ]
        }
        let waits = Mutex<[DiscoveryError.Code]>([])
        _ = try await Self.discovery(tenant) { error, _ in waits.withLock { $0.append(error.code) } }.find(
            Self.token(tenant), within: .seconds(300), now: { Date() })
        #expect(waits.withLock { $0 } == [.nameNotResolved, .connectionRefused, .timedOut, .tlsFailed])
    }

    @Test func `a signature that does not come is waited for as long as was allowed`() async throws {
        let tenant = try StandInTenant()
        tenant.state.withLock { $0.isSigned = false }
        let error = await #expect(throws: DiscoveryError.self) {
            try await Self.discovery(tenant).find(Self.token(tenant), within: .seconds(300), now: { Date() })
        }
        #expect(error?.code == .notSigned)
        #expect((55...70).contains(tenant.state.withLock { $0.clusterInfoReads }))
    }

    @Test func `another authority than the pinned one is never asked again`() async throws {
        let (tenant, other) = (try StandInTenant(), try StandInTenant())
        var token = try Self.token(tenant)
        token.pins = [other.pin]
        let error = await #expect(throws: DiscoveryError.self) {
            try await Self.discovery(tenant).find(token, within: .seconds(300), now: { Date() })
        }
        #expect(error?.code == .notPinned)
        #expect(tenant.state.withLock { $0.clusterInfoReads } == 1)
    }

    @Test func `a second reading that differs is refused`() async throws {
        let tenant = try StandInTenant()
        tenant.state.withLock { $0.secondServer = "https://elsewhere.example.com:6443" }
        let error = await #expect(throws: DiscoveryError.self) {
            try await Self.discovery(tenant).find(Self.token(tenant), within: .seconds(300), now: { Date() })
        }
        #expect(error?.code == .changed)
    }

    @Test(arguments: [
        (401, DiscoveryError.Code.unauthorized), (403, .forbidden), (404, .incomplete), (429, .throttled),
        (503, .serverFailing), (302, .unexpectedAnswer),
    ])
    func `each answer that is none has its own name`(status: Int, code: DiscoveryError.Code) {
        let error = DiscoveryError(HTTPResponse(status: status, headers: ["Retry-After": "7"]), server: "https://a:1")
        #expect(error.code == code)
        if status == 429 {
            let pause = DiscoveryPatience(limit: .seconds(300)).pause(after: error, attempt: 1, elapsed: .zero)
            #expect(pause == .seconds(7))
        }
    }

    @Test(arguments: ["", "Sun, 06 Nov 1994", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT"])
    func `a date that is none is none`(text: String) { #expect(HTTPDate.parse(text) == nil) }

    @Test func `a date is read as HTTP has it`() {
        #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT")?.timeIntervalSince1970 == 784_111_777)
    }
}
