import KubeObjects
import Prometheus
import Testing

@testable import Datastores
@testable import Probing

@Suite("What is known of a datastore")
struct StoreHistoryTests {
    private let facts = StoreFacts(
        KubeObject([
            "metadata": ["name": "default"], "spec": ["driver": "etcd", "endpoints": ["a:2379", "b:2379", "c:2379"]],
        ]))
    private let full = EtcdAlarm(memberID: 1, kind: .noSpace)
    private let corrupt = EtcdAlarm(memberID: 3, kind: .corrupt)

    private func member(_ id: UInt64, alarms: [EtcdAlarm]?) -> EndpointVisit {
        EndpointVisit(
            isUp: true, duration: 0.01,
            status: EtcdMemberStatus(
                memberID: id, revision: 5, version: "3.6.0", databaseSize: 100, leaderID: 2, raftIndex: 1, raftTerm: 1,
                raftAppliedIndex: 1, databaseSizeInUse: 50, isLearner: false, storageVersion: "3.6.0",
                databaseQuota: 1000),
            alarms: alarms)
    }

    private let dead = EndpointVisit(isUp: false, duration: 1, failure: .refused)

    private func alarms(_ visits: [[String: EndpointVisit]]) -> [String] {
        var history = StoreHistory()
        for visit in visits { history.add(StoreVisit(endpoints: visit), now: 100) }
        let samples = history.samples(facts, stored: [], now: 100)
        return String(decoding: samples.lines["kamaji_etcd_alarm"] ?? [], as: UTF8.self).split(separator: "\n")
            .map(String.init)
    }

    private func line(_ endpoint: String, _ alarm: String) -> String {
        "kamaji_etcd_alarm{datastore_name=\"default\",endpoint=\"\(endpoint)\",alarm=\"\(alarm)\"} 1"
    }

    @Test("Alarms are those that any member knows of")
    func union() {
        let visit = [
            "a:2379": member(1, alarms: []), "b:2379": member(2, alarms: [full]),
            "c:2379": member(3, alarms: [full, corrupt]),
        ]
        #expect(alarms([visit]) == [line("a:2379", "nospace"), line("c:2379", "corrupt")])
    }

    @Test("A member that raised an alarm and does not answer any more has raised it still")
    func silentMember() {
        let before = ["a:2379": member(1, alarms: []), "b:2379": member(2, alarms: [])]
        let after = ["a:2379": dead, "b:2379": member(2, alarms: [full])]
        #expect(alarms([before, after]) == [line("a:2379", "nospace")])
        #expect(alarms([["b:2379": member(2, alarms: [corrupt])]]) == [line("member 3", "corrupt")], "never seen")
    }

    @Test("Where nobody answers the last known alarms stand; they end when a member says so")
    func allSilent() {
        let raised = ["a:2379": member(1, alarms: [full]), "b:2379": member(2, alarms: nil)]
        let silent = ["a:2379": dead, "b:2379": dead]
        #expect(alarms([raised, silent]) == [line("a:2379", "nospace")])
        #expect(alarms([raised, ["a:2379": dead, "b:2379": member(2, alarms: nil)]]) == [line("a:2379", "nospace")])
        #expect(alarms([raised, silent, ["a:2379": dead, "b:2379": member(2, alarms: [])]]).isEmpty)
    }
}
