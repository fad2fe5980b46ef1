import Synchronization
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

    @Test func `a unit is looked at, started, restarted and reloaded`() async throws {
        let manager = try #require(
            StandInManager(
                results: [:],
                properties: [
                    "LoadState": "loaded", "ActiveState": "active", "SubState": "running", "UnitFileState": "enabled",
                    "Result": "success", "FragmentPath": "/a",
                ]))
        let units = try SystemdUnits(address: manager.address)
        let state = try await units.state(of: "kubelet.service")
        #expect(
            state
                == UnitState(
                    load: "loaded", active: "active", sub: "running", file: "enabled", result: "success", status: 7,
                    invocation: "07ab", mainPID: 7, restarts: 7, needsReload: true, fragmentPath: "/a"))
        try await units.start("kubelet.service")
        try await units.restart("kubelet.service")
        try await units.setEnabled(true, "kubelet.service")
        let calls = manager.calls.withLock { $0 }
        #expect(calls.first == "Subscribe")
        #expect(
            calls.suffix(5) == [
                "StartUnit kubelet.service", "ResetFailedUnit kubelet.service", "RestartUnit kubelet.service",
                "EnableUnitFiles", "Reload",
            ])
    }

    @Test func `a job that ends badly says how, and a masked unit says so`() async throws {
        let manager = try #require(StandInManager(results: ["bad.service": "dependency"], properties: [:]))
        let units = try SystemdUnits(address: manager.address)
        let failed = await #expect(throws: SystemdError.self) { try await units.start("bad.service") }
        #expect(failed?.code == .jobFailed("dependency"))
        let masked = await #expect(throws: SystemdError.self) { try await units.start("masked.service") }
        #expect(masked?.code == .masked)
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
