import FoundationEssentials
import Glibc
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import PKI
import Synchronization
import Testing

@testable import NodeBootstrap

@Suite struct ExaminationTests {
    private static func examine(_ machine: StandInMachine) async throws -> [CheckResult] {
        let environment = try await machine.environment()
        let gathering = HostFactsGathering(
            files: machine.files, thread: machine.thread, transport: machine.tenant, units: machine.kubelet,
            programs: environment.programs, proxies: environment.proxies, now: environment.now)
        return try await Examination(.init(gathering: gathering, environment: environment)).results()
    }

    @Test func `after a join that did not find its tenant the clock is compared, and named before what it broke`()
        async throws
    {
        let machine = try StandInMachine(StandInTenant())
        machine.tenant.state.withLock { $0.isSigned = false }
        await #expect(throws: JoinFailure.self) { try await machine.join() }
        machine.tenant.state.withLock { $0.date = StandInMachine.httpDate(86_400) }
        let results = try await Self.examine(machine)
        #expect(results.contains { $0.name == "Endpoint" && $0.verdict == .ok })
        #expect(results.contains { $0.name == "Journal" && $0.finding.contains("the join stopped in discovery") })
        #expect(Diagnosis(results)?.cause.name == "ClockSkew")
    }

    @Test(arguments: [(-86_400.0 * 400, "ClockSkew"), (86_400, "ClockSkew"), (0, "TLS")])
    func `a clock by which the tenant's certificate is not valid comes before a tenant that cannot prove itself`(
        ahead: Double, cause: String
    ) async throws {
        let (machine, other) = (try StandInMachine(StandInTenant()), try StandInTenant())
        _ = try await machine.join()
        machine.tenant.state.withLock {
            ($0.root, $0.date) = (other.authority.certificate, StandInMachine.httpDate(ahead))
        }
        let results = try await Self.examine(machine)
        #expect(results.contains { $0.name == "TLS" && $0.verdict == .error })
        // Names are not looked up here.
        #expect(Diagnosis(results.filter { $0.name != "DNS" })?.cause.name == cause)
        // And whoever goes on with a join is told.
        let run = JoinRun(try await machine.environment(), try machine.tenant.configuration()) { _ in }
        let refusal = KubeError(.transport(HTTPTransportError(.tlsFailed, "certificate has expired")), "GET: expired")
        let failure = await run.failure(.configuration, refusal)
        #expect(failure.message.contains("certificates are judged by it") == (cause == "ClockSkew"), "\(failure)")
    }

    @Test func `what a join was told to overlook is an error to whoever asks what is broken`() async throws {
        let machine = try StandInMachine(StandInTenant())
        var configuration = try machine.tenant.configuration()
        configuration.ignoredChecks = ["all"]
        _ = try await machine.join(configuration)
        machine.tenant.state.withLock { ($0.runtime, $0.isHealthy) = (nil, false) }
        let results = try await Self.examine(machine)
        let errors = results.filter { $0.verdict == .error }.map(\.name)
        #expect(errors.contains("KubeletHealth"), "\(errors)")
        if geteuid() == 0 { #expect(errors.contains("CRI"), "\(errors)") }
        #expect(Diagnosis(results)?.text.hasPrefix("Most likely cause") == true)
    }

    @Test func `a join that preflight stopped is told of, though there is no tenant yet`() async throws {
        let machine = try StandInMachine(StandInTenant())
        var configuration = try machine.tenant.configuration()
        configuration.patchesDirectory = "/nowhere"
        await #expect(throws: JoinFailure.self) { try await machine.join(configuration) }
        let results = try await Self.examine(machine)
        #expect(results.contains { $0.name == "Journal" && $0.finding.contains("stopped in preflight") })
    }

    @Test func `of what is wrong the surroundings come before the join that stopped, and that before its effects`() {
        func cause(_ names: String...) -> String? {
            Diagnosis(names.map { CheckResult($0, .error, "") })?.cause.name
        }
        for name in ["ClockSkew", "DNS", "Endpoint", "TLS", "CRI", "CgroupDriver", "FileExisting-losetup"] {
            #expect(cause("Journal", "KubeletHealth", name) == name)
        }
        #expect(cause("Kubeconfig", "KubeletHealth", "Journal") == "Journal")
    }

    @Test func `a machine with a daemon and no join has no traces of one, and after a reset none again`() async throws {
        let machine = try StandInMachine(StandInTenant())
        let journal = try await machine.environment().journal
        #expect(try await !JoinTraces.areThere(journal))
        _ = try await machine.join()
        #expect(try await JoinTraces.areThere(journal))
        #expect(try await machine.reset() == [])
        #expect(try await !JoinTraces.areThere(try await machine.environment().journal))
    }

    @Test func `a damaged journal is left where it is by those who only look`() async throws {
        let machine = try StandInMachine(StandInTenant())
        for folder in machine.files.missingFolders(AgentFiles.directory) {
            try machine.files.makeFolder(folder, mode: 0o755)
        }
        try machine.files.write(NodeFile(Journal.path, mode: 0o600, "this is no database at all, and never was one"))
        let error = await #expect(throws: JournalError.self) {
            try await Journal.open(machine.files, on: machine.thread, repairing: false)
        }
        #expect(error?.message.contains("\"kamaji-agent join\" puts it aside") == true)
        #expect(!machine.files.exists("\(Journal.path).damaged"))
        #expect(try await Journal.open(machine.files, on: machine.thread).damagedPath != nil)
    }
}
