import Systemd

/// One failure of a unit, as far as it can be told from its next.
struct UnitFailure: Sendable, Hashable {
    var unit: String
    /// Names the start that it followed.
    var start: String
    /// How it ended; nil while it runs, be it badly.
    var exit: String?
}

extension NodeState {
    /// Of the kubelet's unit or the runtime's.
    func failure(of unit: String) -> UnitFailure {
        let state = unit == runtimeUnit ? runtime : kubelet
        let exit = state.flatMap { $0.hasEnded ? "\($0.result) \($0.status)" : nil }
        return UnitFailure(unit: unit, start: state?.invocation ?? "", exit: exit)
    }
}

/// Which failures are told of with what the unit has logged before them: each that is another than the last, and of those
/// that are alike, one for each start, but no more of them than one in ten minutes; four in ten minutes of whatever kind.
struct LogQuoting: Sendable {
    /// What is to be told.
    struct Quote: Sendable, Hashable {
        var unit: String
        /// How long ago it was logged at most: what was told before is not told again.
        var reach: Duration
    }

    private struct Record: Sendable {
        /// That was told of last.
        var failure: UnitFailure
        /// When it was told of this unit, lately.
        var moments: [Duration]
        /// The unit has been well since.
        var isOver = false
    }

    private var records: [String: Record] = [:]

    private static let window = Duration.seconds(600)
    private static let most = 4

    /// - Parameter failures: all of now. The times are of one clock that only goes forward.
    mutating func due(_ failures: [UnitFailure], at now: Duration) -> [Quote] {
        for unit in records.keys where !failures.contains(where: { $0.unit == unit }) {
            records[unit]?.isOver = true
        }
        return failures.compactMap { quote($0, at: now) }
    }

    private mutating func quote(_ failure: UnitFailure, at now: Duration) -> Quote? {
        guard let record = records[failure.unit] else {
            records[failure.unit] = Record(failure: failure, moments: [now])
            return Quote(unit: failure.unit, reach: Self.window)
        }
        let lately = record.moments.filter { now - $0 < Self.window }
        let endsOtherwise = failure.exit != nil && failure.exit != record.failure.exit
        let startsOtherwise = failure.start != record.failure.start
        guard record.isOver || endsOtherwise || (startsOtherwise && lately.isEmpty), lately.count < Self.most else {
            return nil
        }
        var told = failure
        // One that runs again has ended as it did until it ends otherwise.
        told.exit = failure.exit ?? record.failure.exit
        records[failure.unit] = Record(failure: told, moments: lately + [now])
        return Quote(unit: failure.unit, reach: lately.last.map { now - $0 } ?? Self.window)
    }
}
