import KubeObjects
import Testing

@testable import Reconciliation

@Suite("Certificate requests that somebody is to look at")
struct RequestInboxTests {
    private let inbox = RequestInbox()

    private func request(_ name: String, version: Int = 1) -> KubeObject {
        var object = ResourceType.certificateSigningRequests.object(ObjectKey(namespace: nil, name: name))
        object[path: "metadata", "resourceVersion"] = .string("\(version)")
        return object
    }

    private func arrives() async -> Bool {
        for await _ in inbox.arrivals { return true }
        return false
    }

    @Test("What is new is taken once, in its newest state")
    func new() async {
        inbox.insert([request("b"), request("a")])
        inbox.insert([request("a", version: 2)])
        #expect(await arrives())
        let (requests, again) = inbox.takeAll()
        #expect(requests.map(\.name) == ["a", "b"] && requests[0].resourceVersion == "2" && again.isEmpty)
        #expect(inbox.takeAll().requests.isEmpty)
    }

    @Test("What was postponed comes back after one pause, and one only is begun")
    func postponed() async {
        for name in ["a", "b"] { inbox.postpone(name) }
        #expect(inbox.takeAll().again.isEmpty)
        #expect(inbox.beginsPause())
        #expect(!inbox.beginsPause())
        inbox.endPause()
        #expect(await arrives())
        #expect(inbox.takeAll().again == ["a", "b"])
        #expect(!inbox.beginsPause())
    }

    @Test("Requests that are gone, or came anew, are not looked at a second time")
    func overtaken() {
        for name in ["gone", "anew", "due"] { inbox.postpone(name) }
        #expect(inbox.beginsPause())
        inbox.remove("gone")
        inbox.insert([request("anew")])
        let (requests, again) = inbox.takeAll()
        #expect(requests.map(\.name) == ["anew"] && again.isEmpty)
        inbox.endPause()
        inbox.remove("nobody")
        #expect(inbox.takeAll().again == ["due"])
    }
}
