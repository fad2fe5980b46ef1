import FoundationEssentials
import KubeObjects
import Logging
import Synchronization

/// Tells users in `kubectl get events` what happened to their objects. Recording never waits and never fails: events
/// are news, not state. What repeats becomes a series of one event.
package final class EventRecorder: Sendable {
    package enum Kind: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    private struct Subject: Sendable, Hashable {
        let uid: String
        let reason: String
        let note: String
    }

    private struct Series: Sendable {
        var name: String
        var count: Int64
        var last: Date
    }

    private struct State {
        var series: [Subject: Series] = [:]
        var queue: [@Sendable () async -> Void] = []
        var dropped: Int64 = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let client: KubeClient
    private let controller: String
    private let instance: String
    private let now: @Sendable () -> Date
    private let log: Logger

    /// Events that wait to be written; beyond this they are dropped and counted.
    static let queueLimit = 1000
    /// The same event within this time is counted, not written again (client-go's ten minutes).
    static let seriesLifetime: TimeInterval = 600

    package init(
        client: KubeClient, controller: String, instance: String,
        now: @escaping @Sendable () -> Date = { Date() }, log: Logger
    ) {
        self.client = client
        self.controller = controller
        self.instance = instance
        self.now = now
        self.log = log
    }

    package var droppedCount: Int64 { state.withLock { $0.dropped } }

    package func record(_ kind: Kind, on object: KubeObject, reason: String, action: String, note: String) {
        let subject = Subject(uid: object.uid, reason: reason, note: note)
        let date = now()
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.series = state.series.filter { date.timeIntervalSince($0.value.last) < Self.seriesLifetime }
            guard state.queue.count < Self.queueLimit else {
                state.dropped += 1
                return nil
            }
            if var series = state.series[subject] {
                series.count += 1
                series.last = date
                state.series[subject] = series
                let repeated = series
                state.queue.append { [self] in await self.repeatEvent(repeated, on: object) }
            } else {
                let name = "\(object.name).\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
                state.series[subject] = Series(name: name, count: 1, last: date)
                state.queue.append { [self] in
                    await self.write(kind, name, object, reason: reason, action: action, note: note, date: date)
                }
            }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Writes what is recorded, until the task is cancelled.
    package func run() async {
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                let next = state.withLock { $0.queue.isEmpty ? nil : $0.queue.removeFirst() }
                if let next {
                    await next()
                } else {
                    await withCheckedContinuation { continuation in
                        let isReady = state.withLock { state in
                            if Task.isCancelled || !state.queue.isEmpty { return true }
                            state.waiter = continuation
                            return false
                        }
                        if isReady { continuation.resume() }
                    }
                }
            }
        } onCancel: {
            state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }?.resume()
        }
    }

    private func namespace(of object: KubeObject) -> String { object.namespace ?? "default" }

    private func write(
        _ kind: Kind, _ name: String, _ object: KubeObject, reason: String, action: String, note: String, date: Date
    ) async {
        var event = ResourceType.events.object(ObjectKey(namespace: namespace(of: object), name: name))
        event["eventTime"] = .string(Timestamp.formatMicroseconds(date))
        event["reportingController"] = .string(controller)
        event["reportingInstance"] = .string(instance)
        event["action"] = .string(action)
        event["reason"] = .string(reason)
        event["type"] = .string(kind.rawValue)
        event["note"] = .string(Self.shortened(note))
        event["regarding"] = [
            "apiVersion": .string(object.apiVersion), "kind": .string(object.kind), "name": .string(object.name),
            "uid": .string(object.uid), "resourceVersion": .string(object.resourceVersion),
        ]
        if let namespace = object.namespace { event[path: "regarding", "namespace"] = .string(namespace) }
        await attempt { _ = try await self.client.create(event, .events) }
    }

    /// The API takes no note of more than 1024 bytes.
    private static func shortened(_ note: String) -> String {
        var (short, length) = (String.UnicodeScalarView(), 0)
        for scalar in note.unicodeScalars {
            length += UTF8.width(scalar)
            if length > 1024 { break }
            short.append(scalar)
        }
        return String(short)
    }

    private func repeatEvent(_ series: Series, on object: KubeObject) async {
        let key = ObjectKey(namespace: namespace(of: object), name: series.name)
        let change: JSON = [
            "series": [
                "count": .integer(series.count),
                "lastObservedTime": .string(Timestamp.formatMicroseconds(series.last)),
            ]
        ]
        await attempt { _ = try await self.client.patch(.events, key, .merge(change)) }
    }

    private func attempt(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            log.debug("event not written", metadata: ["error": "\(error)"])
        }
    }
}
