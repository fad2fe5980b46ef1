import APIMachinery
import KubeObjects
import Logging

/// Keeps one kind's objects under the eyes of a controller: tells it of everything there is, then of every change, for
/// as long as the task lives. A watch that breaks is begun again.
struct ControlLoop: Sendable {
    let api: ClusterAPI
    let log: Logger

    /// Calls `handle` for every object of `type` there is, and for each that is added, changed or removed. Errors are
    /// logged; the object comes again with its next change and with every new list.
    func run(
        _ type: ResourceType, _ selection: Selection = Selection(),
        handle: @Sendable (StoreEvent.Change, KubeObject) async throws(APIStatus) -> Void
    ) async {
        while !Task.isCancelled {
            do throws(APIStatus) {
                let page = try await api.list(type, selection)
                for object in page.items { await attempt(.added, object, handle) }
                var session = try await api.watch(type, selection, after: page.version)
                while let events = try await session.next() {
                    for event in events { await attempt(event.change, event.object, handle) }
                }
                // The store was closed, or this task cancelled.
                return
            } catch {
                guard error.code == 410 else {
                    log.error("a control loop has ended", metadata: ["kind": "\(type)", "error": "\(error)"])
                    return
                }
            }
        }
    }

    private func attempt(
        _ change: StoreEvent.Change, _ object: KubeObject,
        _ handle: @Sendable (StoreEvent.Change, KubeObject) async throws(APIStatus) -> Void
    ) async {
        do throws(APIStatus) {
            try await handle(change, object)
        } catch  where error.reason == "NotFound" || error.reason == "Conflict" {
            // Somebody else was faster; what they wrote comes as an event of its own.
            return
        } catch {
            log.warning(
                "could not handle an object",
                metadata: ["object": "\(object.kind) \(object.key)", "error": "\(error)"])
        }
    }
}
