import FoundationEssentials
import Systemd
import Testing

@testable import NodeBootstrap

@Suite struct LogQuotingTests {
    private static func failure(_ start: String, _ exit: String? = nil, of unit: String = "u") -> UnitFailure {
        UnitFailure(unit: unit, start: start, exit: exit)
    }

    /// Of one look after the other, each with its second and its failures: how far back is told, of which unit.
    private static func told(_ looks: [(second: Int, failures: [UnitFailure])]) -> [[String]] {
        var quoting = LogQuoting()
        return looks.map { look in
            quoting.due(look.failures, at: .seconds(look.second)).map { "\($0.unit) \($0.reach.components.seconds)" }
        }
    }

    @Test func `a failure is told of once, and another one when it comes, from where the last was told`() {
        let first = Self.failure("a", "exit-code 1")
        #expect(
            Self.told([
                (0, [first]), (10, [first]), (1000, [first]), (1010, [Self.failure("a", "exit-code 2")]),
                (1020, [Self.failure("b", "signal 9"), Self.failure("x", of: "v")]),
            ]) == [["u 600"], [], [], ["u 600"], ["u 10", "v 600"]])
    }

    @Test func `one that runs badly and then ends has failed once more`() {
        #expect(
            Self.told([(0, [Self.failure("a")]), (10, [Self.failure("a")]), (30, [Self.failure("a", "signal 6")])])
                == [["u 600"], [], ["u 30"]])
    }

    @Test func `one that ends again and again in the same way is told of once in ten minutes`() {
        let looks = (0...200).map { look in
            (look * 10, [Self.failure("\(look / 2)", look % 2 == 0 ? "exit-code 1" : nil)])
        }
        let moments = zip(looks, Self.told(looks)).filter { !$0.1.isEmpty }.map(\.0.0)
        #expect(moments == [0, 600, 1200, 1800])
    }

    @Test func `one that fails anew after it was well is told of, four times in ten minutes whatever happens`() {
        let well = (0, [UnitFailure]())
        #expect(
            Self.told([(0, [Self.failure("a", "x")]), well, (20, [Self.failure("b", "x")])]) == [
                ["u 600"], [], ["u 20"],
            ])
        let looks = (0...70).map { ($0 * 10, [Self.failure("\($0)", "exit-code \($0)")]) }
        let moments = zip(looks, Self.told(looks)).filter { !$0.1.isEmpty }.map(\.0.0)
        #expect(moments == [0, 10, 20, 30, 600, 610, 620, 630])
    }

    @Test func `how a unit ended is known while it does not run`() {
        var state = NodeState(now: Date(), kubeletCertificate: .missing)
        state.kubelet = UnitState(load: "loaded", active: "active", result: "success", invocation: "a")
        state.runtimeUnit = "crio.service"
        state.runtime = UnitState(
            load: "loaded", active: "activating", sub: "auto-restart", result: "exit-code", status: 7, invocation: "b")
        #expect(state.failure(of: "kubelet.service") == Self.failure("a", of: "kubelet.service"))
        #expect(state.failure(of: "crio.service") == Self.failure("b", "exit-code 7", of: "crio.service"))
        state.kubelet?.active = "failed"
        #expect(state.failure(of: "kubelet.service").exit == "success 0")
    }
}
