import Blueprint

/// A pass has to wait until the cluster has collected what an earlier tenant of this name left.
struct LeftoversRemain: Error {}

/// The control plane may not start yet, for others are starting.
struct StartQueued: Error {}

/// A pass has to wait for the first look at its DataStore.
struct DatastorePending: Error {}

/// Why a pass could not go on, in the words of a condition.
struct TenantFailure: Error, CustomStringConvertible {
    let condition: TenantCondition
    let reason: String
    let message: String
    /// Whether trying again soon may help, though nothing outside changed.
    let isOurs: Bool

    init(_ condition: TenantCondition, _ reason: String, _ message: String, isOurs: Bool = false) {
        self.condition = condition
        self.reason = reason
        self.message = message
        self.isOurs = isOurs
    }

    var description: String { message }
}
