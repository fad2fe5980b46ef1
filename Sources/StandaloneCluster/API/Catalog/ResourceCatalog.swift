import APIMachinery
import KubeObjects
import Synchronization

/// Every resource that is served now: the built-in ones and those of the CustomResourceDefinitions.
final class ResourceCatalog: Sendable {
    /// One state of the catalog; requests work on the one they began with.
    struct Snapshot: Sendable {
        fileprivate var byPlace: [Place: APIResource] = [:]
        /// In the order in which discovery shows them.
        fileprivate(set) var all: [APIResource] = []
        /// Rises with every change; what is made of a snapshot can be kept until then.
        fileprivate(set) var generation = 0

        fileprivate struct Place: Hashable {
            var group: String
            var version: String
            var plural: String
        }

        func find(group: String, version: String, plural: String) -> APIResource? {
            byPlace[Place(group: group, version: version, plural: plural)]
        }

        func isGroupVersionServed(_ group: String, _ version: String) -> Bool {
            all.contains { $0.type.group == group && $0.type.version == version }
        }

        /// Any served version of what is stored under `storage`.
        func resource(storedAs storage: String) -> APIResource? { all.first { $0.storage == storage } }

        fileprivate init(_ resources: [APIResource], generation: Int) {
            all = resources
            self.generation = generation
            for resource in resources where byPlace[Place(resource.type)] == nil {
                byPlace[Place(resource.type)] = resource
            }
        }
    }

    private struct State {
        var definitions: [String: KubeObject] = [:]
        var snapshot = Snapshot(ResourceCatalog.builtIns, generation: 1)
    }

    private static let builtIns = ServedResource.builtIns.map(APIResource.init(builtIn:))

    private let state = Mutex(State())

    var snapshot: Snapshot { state.withLock { $0.snapshot } }

    /// Serves what `definition` (a CustomResourceDefinition) defines, from now on.
    func define(_ definition: KubeObject) {
        state.withLock { state in
            state.definitions[definition.name] = definition
            rebuild(&state)
        }
    }

    func forget(_ name: String) {
        state.withLock { state in
            guard state.definitions.removeValue(forKey: name) != nil else { return }
            rebuild(&state)
        }
    }

    private func rebuild(_ state: inout State) {
        let custom = state.definitions.values.sorted { $0.name < $1.name }.flatMap(CustomResources.resources)
        state.snapshot = Snapshot(Self.builtIns + custom, generation: state.snapshot.generation + 1)
    }
}

extension ResourceCatalog.Snapshot.Place {
    fileprivate init(_ type: ResourceType) {
        self.init(group: type.group, version: type.version, plural: type.plural)
    }
}
