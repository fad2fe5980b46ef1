import KubeObjects
import Synchronization

/// Which Service selects which pod, kept in memory: with many Services, each change of a pod must stay cheap.
final class ServiceSelection: Sendable {
    fileprivate struct State {
        /// By namespace.
        var pods: [String: [ObjectKey: ServingPod]] = [:]
        var selectors: [String: [ObjectKey: [String: String]]] = [:]
        var hasPods = false
        var hasServices = false
    }

    private let state = Mutex(State())

    var isComplete: Bool { state.withLock { $0.hasPods && $0.hasServices } }

    /// - Returns: The Services to look at.
    func note(services news: ObjectFeed.News) -> [ObjectKey] {
        state.withLock { state in
            switch news {
            case .listed(let all):
                let before = state.selectors.values.flatMap(\.keys)
                state.selectors = [:]
                state.hasServices = true
                for service in all { state.note(service) }
                return before + all.map(\.key)
            case .changed(let service):
                state.note(service)
                return [service.key]
            case .gone(let service):
                state.selectors[service.namespace ?? "", default: [:]][service.key] = nil
                return [service.key]
            }
        }
    }

    /// - Returns: The Services to look at.
    func note(pods news: ObjectFeed.News) -> [ObjectKey] {
        state.withLock { state in
            switch news {
            case .listed(let all):
                state.pods = [:]
                state.hasPods = true
                for pod in all { _ = state.replace(pod.key, by: ServingPod(pod)) }
                return state.selectors.values.flatMap(\.keys)
            case .changed(let pod): return state.replace(pod.key, by: ServingPod(pod))
            case .gone(let pod): return state.replace(pod.key, by: nil)
            }
        }
    }

    func pods(of service: KubeObject) -> [ServingPod] {
        guard let selector = ServiceEndpoints.selector(of: service) else { return [] }
        return state.withLock { state in
            (state.pods[service.namespace ?? ""] ?? [:]).values.filter { State.selects(selector, $0) }
        }
    }
}

extension ServiceSelection.State {
    fileprivate mutating func note(_ service: KubeObject) {
        selectors[service.namespace ?? "", default: [:]][service.key] = ServiceEndpoints.selector(of: service)
    }

    /// - Returns: The Services that select the pod as it was or as it is, if anything about it that they see changed.
    fileprivate mutating func replace(_ key: ObjectKey, by pod: ServingPod?) -> [ObjectKey] {
        let namespace = key.namespace ?? ""
        let old = pods[namespace, default: [:]].removeValue(forKey: key)
        if let pod { pods[namespace, default: [:]][key] = pod }
        guard old != pod else { return [] }
        let seen = [old, pod].compactMap(\.self)
        return (selectors[namespace] ?? [:]).compactMap { service, selector in
            seen.contains { Self.selects(selector, $0) } ? service : Optional.none
        }
    }

    fileprivate static func selects(_ selector: [String: String], _ pod: ServingPod) -> Bool {
        selector.allSatisfy { pod.labels[$0.key] == $0.value }
    }
}
