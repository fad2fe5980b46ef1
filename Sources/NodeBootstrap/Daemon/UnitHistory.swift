import Systemd

/// How steadily a unit has run lately, look by look. The times are of one clock that only goes forward.
struct UnitHistory: Sendable {
    private var counts: [(restarts: UInt32, at: Duration)] = []
    private var unwellSince: Duration?

    /// As long, too, as it is told of one that runs well again.
    private static let window = Duration.seconds(120)

    /// - Parameter isWell: what it says of itself; nil where it says nothing.
    mutating func note(_ state: UnitState, isWell: Bool?, at now: Duration) -> UnitSteadiness {
        // Systemd counts anew from a start that somebody asked for.
        if let last = counts.last, state.restarts < last.restarts { counts = [] }
        if counts.last?.restarts != state.restarts { counts.append((state.restarts, now)) }
        // The last one before the window is what those in it are counted from.
        while counts.count > 1, now - counts[1].at >= Self.window { counts.removeFirst() }
        if isWell != false { unwellSince = nil } else if unwellSince == nil { unwellSince = now }
        return UnitSteadiness(
            restarts: state.restarts - (counts.first?.restarts ?? state.restarts),
            unwell: unwellSince.map { now - $0 } ?? .zero)
    }
}

/// What one look at a unit does not show.
package struct UnitSteadiness: Sendable, Hashable {
    /// How often systemd has started it again by itself within the last two minutes.
    package var restarts: UInt32 = 0
    /// For how long it has said that it is not well.
    package var unwell = Duration.zero

    package init(restarts: UInt32 = 0, unwell: Duration = .zero) {
        self.restarts = restarts
        self.unwell = unwell
    }
}
