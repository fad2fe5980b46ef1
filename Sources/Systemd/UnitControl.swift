/// What the agent asks of this machine's service manager.
package protocol UnitControl: Sendable {
    /// How a unit stands; a unit without a file is `not-found`, not an error.
    func state(of unit: String) async throws -> UnitState
    /// Starts, and waits for the job's end. For most services that means started, not healthy.
    func start(_ unit: String) async throws
    func stop(_ unit: String) async throws
    /// Stops if it runs, and starts. Forgets an earlier failure first, which else would forbid the start.
    func restart(_ unit: String) async throws
    /// Sees to it that the unit is, or is not, started at boot.
    func setEnabled(_ isEnabled: Bool, _ unit: String) async throws
    /// Reads all unit files again.
    func reload() async throws
}
