import APIMachinery
import KubeObjects
import Logging

/// All there is of a kind, then every change to it: what a picture of that kind in memory is kept up to date from.
struct ObjectFeed: Sendable {
    enum News: Sendable {
        /// Everything there is. What is not among it is gone, even if nothing was heard of its end.
        case listed([KubeObject])
        case changed(KubeObject)
        case gone(KubeObject)
    }

    private static let pause = Duration.seconds(1)

    let api: ClusterAPI
    let log: Logger

    /// Tells `handle` the news one after another, until the task is cancelled or the store closed. History that was
    /// missed leads to a new list.
    func run(_ type: ResourceType, _ handle: @Sendable (News) async -> Void) async {
        while !Task.isCancelled {
            do throws(APIStatus) {
                let page = try await api.list(type)
                await handle(.listed(page.items))
                var session = try await api.watch(type, after: page.version)
                while let events = try await session.next() {
                    for event in events {
                        await handle(event.change == .deleted ? .gone(event.object) : .changed(event.object))
                    }
                }
                return
            } catch {
                if error.code == 410 { continue }
                guard error.code != 503, !Task.isCancelled else { return }
                log.error("a watch broke off", metadata: ["kind": "\(type)", "error": "\(error)"])
                guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
            }
        }
    }
}

extension ClusterAPI {
    /// The objects of `type` that `owner` is the controller of, as they stand now.
    func controlled(by owner: KubeObject, _ type: ResourceType) async throws(APIStatus) -> [KubeObject] {
        let rows: [(resource: String, key: ObjectKey)]
        do throws(StorageError) {
            rows = try await store.dependents(of: owner.uid)
        } catch {
            throw APIStatus(error, type, owner.name)
        }
        var found: [KubeObject] = []
        for row in rows where row.resource == type.description {
            guard let object = try await find(type, row.key), object.controller?.uid == owner.uid else { continue }
            found.append(object)
        }
        return found
    }

    /// Writes `status` unless it stands there already.
    func writeStatus(
        _ status: JSON, of object: KubeObject, _ type: ResourceType, annotations: [String: String]? = nil,
        _ options: WriteOptions
    ) async throws(APIStatus) {
        var written = object
        written["status"] = status
        if let annotations { written.annotations = annotations }
        guard written != object else { return }
        _ = try await update(type, object.key, written, subresource: "status", options)
    }
}
