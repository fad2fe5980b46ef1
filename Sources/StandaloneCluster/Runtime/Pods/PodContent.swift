import APIMachinery
import KubeObjects

/// The Secrets and ConfigMaps that one pod refers to.
struct PodContent: Sendable {
    let api: ClusterAPI
    private let namespace: String
    private let secrets: Set<String>
    private let configMaps: Set<String>

    /// How long a change that was missed may stay unseen.
    private static let patience = Duration.seconds(60)

    init(_ pod: KubeObject, api: ClusterAPI) {
        self.api = api
        namespace = pod.namespace ?? ""
        (secrets, configMaps) = VolumeContent.references(of: pod)
    }

    /// What there is of them, and the version of the cluster before which it was read.
    func read() async throws(APIStatus) -> (sources: ContentSources, version: Int64) {
        let version = api.store.currentVersion
        var sources = ContentSources()
        for name in secrets {
            sources.secrets[name] = try await api.find(.secrets, ObjectKey(namespace: namespace, name: name))
        }
        for name in configMaps {
            sources.configMaps[name] = try await api.find(.configMaps, ObjectKey(namespace: namespace, name: name))
        }
        return (sources, version)
    }

    /// Returns when one of them has changed since `version`, after a minute, or when the task is cancelled.
    func change(since version: Int64) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(for: Self.patience) }
            group.addTask { await follow(.secrets, secrets, version) }
            group.addTask { await follow(.configMaps, configMaps, version) }
            await group.next()
            group.cancelAll()
        }
    }

    private func follow(_ type: ResourceType, _ names: Set<String>, _ version: Int64) async {
        do throws(APIStatus) {
            var session = try await api.watch(type, Selection(namespace: namespace), after: version)
            while let events = try await session.next() {
                if events.contains(where: { names.contains($0.object.name) }) { return }
            }
        } catch {
            // History was cut: what is there is read anew.
            return
        }
    }
}
