import APIMachinery
import KubeObjects
import Logging
import Synchronization

/// Carries TCP connections to Services to their ready endpoints, one after another. What has none is not listened on.
package struct ServiceProxy: Sendable {
    private let api: ClusterAPI
    private let log: Logger

    package init(api: ClusterAPI, log: Logger) {
        self.api = api
        self.log = log
    }

    /// Runs until the task is cancelled; nothing is listened on after that.
    package func run() async {
        let dirty = DirtyKeys(log: log)
        let picture = Picture()
        let listeners = ServiceListeners(log: log)
        let feed = ObjectFeed(api: api, log: log)
        await withDiscardingTaskGroup { group in
            group.addTask {
                await feed.run(.services) { news in
                    for key in picture.note(services: news) { dirty.mark(key) }
                }
            }
            group.addTask {
                await feed.run(ServiceEndpoints.slices) { news in
                    for key in picture.note(slices: news) { dirty.mark(key) }
                }
            }
            await dirty.work { key throws(APIStatus) in
                for key in await listeners.settle(key, picture.routes(of: key)) { dirty.mark(key) }
                return nil
            }
            group.cancelAll()
        }
        await listeners.stop()
    }

    /// Services and the slices of each, as last heard of.
    fileprivate final class Picture: Sendable {
        fileprivate struct State {
            var services: [ObjectKey: KubeObject] = [:]
            var slices: [ObjectKey: [String: SliceTargets]] = [:]
        }

        private let state = Mutex(State())

        func routes(of key: ObjectKey) -> [ServiceRoute] {
            let (service, slices) = state.withLock { ($0.services[key], $0.slices[key]) }
            guard let service, let slices else { return [] }
            return ServiceRoutes.routes(of: service, Array(slices.values))
        }

        /// - Returns: The Services to look at.
        func note(services news: ObjectFeed.News) -> [ObjectKey] {
            state.withLock { state in
                switch news {
                case .listed(let all):
                    let before = Array(state.services.keys)
                    state.services = Dictionary(all.map { ($0.key, $0) }, uniquingKeysWith: { _, last in last })
                    return before + all.map(\.key)
                case .changed(let service):
                    state.services[service.key] = service
                    return [service.key]
                case .gone(let service):
                    state.services[service.key] = nil
                    return [service.key]
                }
            }
        }

        /// - Returns: The Services to look at.
        func note(slices news: ObjectFeed.News) -> [ObjectKey] {
            state.withLock { state in
                switch news {
                case .listed(let all):
                    let before = Array(state.slices.keys)
                    state.slices = [:]
                    return before + all.compactMap { state.replace($0, by: SliceTargets($0)) }
                case .changed(let slice): return [state.replace(slice, by: SliceTargets(slice))].compactMap(\.self)
                case .gone(let slice): return [state.replace(slice, by: nil)].compactMap(\.self)
                }
            }
        }
    }
}

extension ServiceProxy.Picture.State {
    /// - Returns: The Service of the slice, if it has one and anything changed for it.
    fileprivate mutating func replace(_ slice: KubeObject, by targets: SliceTargets?) -> ObjectKey? {
        guard let name = slice.labels[ServiceEndpoints.serviceNameLabel] else { return nil }
        let key = ObjectKey(namespace: slice.namespace, name: name)
        guard slices[key]?[slice.name] != targets else { return nil }
        slices[key, default: [:]][slice.name] = targets
        if slices[key]?.isEmpty == true { slices[key] = nil }
        return key
    }
}
