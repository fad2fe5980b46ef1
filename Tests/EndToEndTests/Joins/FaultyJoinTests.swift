import Foundation
import KubeObjects
import Testing

extension EndToEnd {
    /// Machines that join while everything goes wrong that does at the edge: lost packets, thin links, power that fails,
    /// tokens that end, servers that die. `KAMAJI_JOINS` says how many, `KAMAJI_TEST_SEED` which.
    @Suite(
        .enabled("joins on bad links need root, iproute2 and iptables: scripts/edge.sh check names what is missing") {
            try await EdgeMachine.obstacle() == nil
        })
    struct FaultyJoinTests {
        private static func number(_ variable: String, else fallback: UInt64) -> UInt64 {
            ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) } ?? fallback
        }

        @Test func `every machine joins in the end, and each failure on the way names its cause`() async throws {
            let seed = Self.number("KAMAJI_TEST_SEED", else: 1)
            let count = Int(Self.number("KAMAJI_JOINS", else: 8))
            var generator = SeededGenerator(seed: seed)
            let plans = (0..<count).map { _ in JoinFaults(&generator) }
            try await WorkerNetwork.run { network in
                let cluster = try StandaloneFixture.current
                let session = try await cluster.session()
                try await session.must("apply -f FILE", file: EdgeMachine.tenant(FaultyJoin.tenantName, on: network))
                try await session.waitForPhase("Ready", of: FaultyJoin.tenantName)
                let tenant = try await cluster.enter(FaultyJoin.tenantName, session)
                var table = JoinTable()
                for (number, faults) in plans.enumerated() {
                    let join = FaultyJoin(
                        faults: faults, cluster: cluster, session: session, tenant: tenant, network: network)
                    let start = ContinuousClock.now
                    let course = try await EdgeMachine.run(
                        "edge-\(number)", on: network, faults.link, in: session.scratch
                    ) { machine in
                        let course = try await join.run(machine)
                        if course.hasJoined { try await expectNode(machine, tenant) }
                        return course
                    }
                    #expect(
                        course.troubles.isEmpty,
                        "join \(number) of seed \(seed) (\(faults)): \(course.troubles)")
                    let time = ContinuousClock.now - start
                    table.add(faults, course, time)
                    print("joins: \(number) (\(faults)): \(course.runs) runs, \(time.components.seconds) s")
                }
                print("joins: \(count) from seed \(seed)\n\(table)")
                #expect(table.joined == count)
            }
        }

        /// Whatever happened on the way: it is one Node, it is Ready, and nothing of a token is left on its disk.
        private func expectNode(_ machine: EdgeMachine, _ tenant: Session) async throws {
            try await eventually("\(machine.name) is Ready") {
                try await tenant("wait node/\(machine.name) --for=condition=Ready --timeout=1s").isSuccess
            }
            let left = ["/etc/kubernetes/bootstrap-kubelet.conf", "/var/lib/kubelet/pki/kubelet-client-current.pem"]
                .map { FileManager.default.fileExists(atPath: machine.place($0)) }
            // The link leads to a path of the machine's own.
            #expect(!left[0], "\(machine.name) keeps its token")
            let pki = try FileManager.default.contentsOfDirectory(atPath: machine.place("/var/lib/kubelet/pki"))
            #expect(pki.contains("kubelet-client-current.pem"))
        }
    }
}

/// What came of many joins, by what was wrong.
struct JoinTable: CustomStringConvertible {
    private struct Row {
        var joins = 0
        var atOnce = 0
        var later = 0
        var runs = 0
        var failures: [JoinCause: Int] = [:]
        var longest = Duration.zero
    }

    private var rows: [String: Row] = [:]
    private(set) var joined = 0

    mutating func add(_ faults: JoinFaults, _ course: FaultyJoin.Course, _ time: Duration) {
        var kinds = ["all"]
        if faults.link.lostPercent != nil { kinds.append("packets lost") }
        if faults.link.kilobytesPerSecond != nil { kinds.append("thin link") }
        if course.kills > 0 { kinds.append("killed") }
        switch faults.token {
        case .good: break
        case .ends: kinds.append("token ends")
        case .mistyped: kinds.append("token mistyped")
        case .otherPin: kinds.append("another pin")
        }
        if faults.restart != nil { kinds.append("server dies") }
        if course.hasJoined { joined += 1 }
        for kind in kinds {
            var row = rows[kind, default: Row()]
            row.joins += 1
            if course.hasJoined { if course.runs == 1 { row.atOnce += 1 } else { row.later += 1 } }
            row.runs += course.runs
            for cause in course.failures { row.failures[cause, default: 0] += 1 }
            row.longest = max(row.longest, time)
            rows[kind] = row
        }
    }

    var description: String {
        rows.sorted { ($0.value.joins, $1.key) > ($1.value.joins, $0.key) }.map { kind, row in
            let causes = row.failures.map { "\($0.value) x \($0.key.rawValue)" }.sorted().joined(separator: "; ")
            return "joins: \(kind): \(row.joins), joined by one run \(row.atOnce), by more \(row.later) "
                + "(\(row.runs) runs); longest \(row.longest.components.seconds) s; \(causes)"
        }.joined(separator: "\n")
    }
}
