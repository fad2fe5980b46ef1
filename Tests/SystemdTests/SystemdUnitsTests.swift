import Systemd
import Testing

@Suite struct SystemdUnitsTests {
    @Test func `a bus that is not there is an error with a name, again and again`() async throws {
        let units = try SystemdUnits(address: "unix:path=/nowhere/bus")
        for _ in 0..<2 {
            let error = await #expect(throws: SystemdError.self) { try await units.state(of: "a.service") }
            #expect(error?.code == .notReachable)
        }
    }

    @Test func `the states of a unit mean what systemd means`() {
        let waiting = UnitState(load: "loaded", active: "activating", sub: "auto-restart", file: "enabled")
        #expect(waiting.isStarting && !waiting.isRunning && waiting.isEnabled)
        #expect(UnitState(load: "not-found").isInstalled == false)
        #expect(UnitState(load: "masked").isMasked)
        #expect(UnitState(load: "loaded", file: "masked-runtime").isMasked)
        #expect(UnitState(load: "loaded", active: "reloading").isRunning)
        #expect(!UnitState(load: "loaded", file: "disabled").isEnabled)
    }
}
