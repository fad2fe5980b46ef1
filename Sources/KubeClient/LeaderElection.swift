import FoundationEssentials
import KubeObjects
import Logging

/// A Lease as leader election reads it (coordination.k8s.io/v1).
struct LeaseRecord: Sendable, Equatable {
    var holder: String
    var renewTime: String
    var transitions: Int64
    var duration: Int64

    init(holder: String, renewTime: String, transitions: Int64, duration: Int64) {
        self.holder = holder
        self.renewTime = renewTime
        self.transitions = transitions
        self.duration = duration
    }

    init(_ lease: KubeObject) {
        let spec = lease["spec"]
        holder = spec?["holderIdentity"]?.string ?? ""
        renewTime = spec?["renewTime"]?.string ?? ""
        transitions = spec?["leaseTransitions"]?.integer ?? 0
        duration = spec?["leaseDurationSeconds"]?.integer ?? 0
    }
}

/// Who leads, by the rules of client-go: a lease that nobody renewed for its duration, by our own clock, is free.
/// Clocks of two candidates are never compared.
struct ElectionMachine: Sendable {
    enum Action: Sendable, Equatable {
        /// The lease is there and free, or ours: write it.
        case take(transitions: Int64)
        case wait
    }

    let identity: String
    let leaseDuration: Duration
    private var observed: LeaseRecord?
    private var observedAt: ContinuousClock.Instant?

    init(identity: String, leaseDuration: Duration) {
        self.identity = identity
        self.leaseDuration = leaseDuration
    }

    mutating func decide(_ lease: LeaseRecord?, now: ContinuousClock.Instant) -> Action {
        guard let lease else { return .take(transitions: 0) }
        if lease != observed {
            observed = lease
            observedAt = now
        }
        if lease.holder == identity { return .take(transitions: lease.transitions) }
        if lease.holder.isEmpty { return .take(transitions: lease.transitions + 1) }
        if let observedAt, observedAt.duration(to: now) >= leaseDuration {
            return .take(transitions: lease.transitions + 1)
        }
        return .wait
    }
}

/// Runs something on one of several candidates only. client-go's times by default: 15, 10 and 2 seconds.
package struct LeaderElection: Sendable {
    package var leaseDuration = Duration.seconds(15)
    /// A leader that could not renew for this long stops leading, before another may begin.
    package var renewDeadline = Duration.seconds(10)
    package var retryPeriod = Duration.seconds(2)
    let client: KubeClient
    let lease: ObjectKey
    let identity: String
    let log: Logger

    package init(client: KubeClient, lease: ObjectKey, identity: String, log: Logger) {
        self.client = client
        self.lease = lease
        self.identity = identity
        self.log = log
    }

    /// Waits to be leader, then runs `lead`; cancels it and returns when leadership is lost. The lease is given back at
    /// the end, so that the next candidate need not wait for it to run out.
    /// - Parameter standingBy: called once when another leads, or it cannot be told who does.
    package func run(
        standingBy: @Sendable () -> Void = {}, _ lead: @escaping @Sendable () async throws -> Void
    ) async throws {
        let clock = ContinuousClock()
        var machine = ElectionMachine(identity: identity, leaseDuration: leaseDuration)
        var isWaiting = false
        while !(try await attempt(&machine, clock)) {
            if !isWaiting {
                log.info("waiting for the lease", metadata: ["lease": "\(lease)", "identity": "\(identity)"])
                standingBy()
            }
            isWaiting = true
            try await client.sleep(retryPeriod)
        }
        log.info("leading", metadata: ["lease": "\(lease)", "identity": "\(identity)"])
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await lead() }
                let elected = machine
                group.addTask { try await renew(elected, clock) }
                // Whichever ends first ends the other: the work is done, or leadership is lost.
                try await group.next()
                group.cancelAll()
            }
        } catch {
            await release()
            throw error
        }
        await release()
    }

    private func renew(_ elected: ElectionMachine, _ clock: ContinuousClock) async throws {
        var machine = elected
        var renewed = clock.now
        while true {
            try await client.sleep(retryPeriod)
            let deadline = renewed.advanced(by: renewDeadline)
            let isRenewed: Bool
            (machine, isRenewed) = try await attempt(machine, clock, until: deadline)
            if isRenewed {
                renewed = clock.now
            } else if clock.now >= deadline {
                log.error("leadership lost", metadata: ["lease": "\(lease)"])
                return
            }
        }
    }

    /// One try that is given up at `deadline`: a request that hangs must not outlast leadership.
    private func attempt(
        _ machine: ElectionMachine, _ clock: ContinuousClock, until deadline: ContinuousClock.Instant
    ) async throws -> (ElectionMachine, Bool) {
        try await withThrowingTaskGroup(of: (ElectionMachine, Bool).self) { group in
            defer { group.cancelAll() }
            group.addTask {
                var machine = machine
                let isHeld = try await attempt(&machine, clock)
                return (machine, isHeld)
            }
            group.addTask {
                try await clock.sleep(until: deadline)
                return (machine, false)
            }
            return try await group.next() ?? (machine, false)
        }
    }

    /// One try to take or renew the lease. Errors of the API server count as not having it.
    private func attempt(_ machine: inout ElectionMachine, _ clock: ContinuousClock) async throws -> Bool {
        do {
            let live = try await client.find(.leases, lease)
            guard case .take(let transitions) = machine.decide(live.map(LeaseRecord.init), now: clock.now) else {
                return false
            }
            let now = Timestamp.formatMicroseconds(Date())
            var object = live ?? ResourceType.leases.object(lease)
            let isOurs = live?[path: "spec", "holderIdentity"]?.string == identity
            object[path: "spec", "holderIdentity"] = .string(identity)
            object[path: "spec", "leaseDurationSeconds"] = JSON(leaseDuration.components.seconds)
            object[path: "spec", "renewTime"] = .string(now)
            object[path: "spec", "leaseTransitions"] = .integer(transitions)
            if !isOurs { object[path: "spec", "acquireTime"] = .string(now) }
            // With the version that was read, so that of two candidates one is refused.
            if live == nil {
                _ = try await client.create(object, .leases)
            } else {
                _ = try await client.update(object, .leases)
            }
            return true
        } catch let error as KubeError {
            if !error.isConflict, !error.isAlreadyExists {
                log.warning("cannot renew the lease", metadata: ["lease": "\(lease)", "error": "\(error)"])
            }
            return false
        }
    }

    /// In a task of its own: the one that ends may have been cancelled, and its requests with it.
    private func release() async {
        await Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await giveBack() }
                group.addTask { try? await Task.sleep(for: renewDeadline) }
                await group.next()
                group.cancelAll()
            }
        }.value
    }

    /// A renewal that was cancelled may still be carried out, between our reading and our writing: then once more.
    private func giveBack() async {
        while !Task.isCancelled {
            guard var live = try? await client.find(.leases, lease),
                live[path: "spec", "holderIdentity"]?.string == identity
            else { return }
            live[path: "spec", "holderIdentity"] = ""
            live[path: "spec", "leaseDurationSeconds"] = 1
            do {
                _ = try await client.update(live, .leases)
                return
            } catch let error as KubeError where error.isConflict {
                continue
            } catch {
                return
            }
        }
    }
}
