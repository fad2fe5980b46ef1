import APIMachinery
import KubeObjects

/// What a list or watch is limited to.
package struct Selection: Sendable {
    package var namespace: String?
    package var labels: LabelSelector?
    package var fields: FieldSelector?

    package init(namespace: String? = nil, labels: LabelSelector? = nil, fields: FieldSelector? = nil) {
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
    }

    /// The name that is selected, when the field selector asks for one and nothing else could match.
    var name: String? { fields?.requiredValue(of: "metadata.name") }

    /// Nil when everything matches.
    var predicate: (@Sendable (KubeObject) -> Bool)? {
        let (labels, fields) = (labels, fields)
        if labels == nil && fields == nil { return nil }
        return { object in
            (labels?.matches(object.labels) ?? true)
                && (fields?.holds { SelectableFields.value(of: $0, in: object) } ?? true)
        }
    }

    func matches(_ object: KubeObject) -> Bool {
        if let namespace, object.namespace != namespace { return false }
        return predicate?(object) ?? true
    }
}

extension ClusterAPI {
    package func find(_ type: ResourceType, _ key: ObjectKey) async throws(APIStatus) -> KubeObject? {
        let resource = try resource(type)
        return try await load(resource, key).map(resource.presented)
    }

    package func get(_ type: ResourceType, _ key: ObjectKey) async throws(APIStatus) -> KubeObject {
        guard let object = try await find(type, key) else { throw .notFound(type, key.name) }
        return object
    }

    func load(_ resource: APIResource, _ key: ObjectKey) async throws(APIStatus) -> KubeObject? {
        do throws(StorageError) {
            return try await store.get(key, in: resource.storage)
        } catch {
            throw APIStatus(error, resource.type, key.name)
        }
    }

    package func list(
        _ type: ResourceType, _ selection: Selection = Selection(), limit: Int? = nil, continueToken: String? = nil,
        version: Int64? = nil
    ) async throws(APIStatus) -> ListPage {
        let resource = try resource(type)
        var query = ListQuery(resource: resource.storage, namespace: selection.namespace)
        query.limit = limit
        query.continueToken = continueToken
        query.version = version
        query.matches = selection.predicate
        do throws(StorageError) {
            var page = try await store.list(query)
            page.items = page.items.map(resource.presented)
            return page
        } catch {
            if case .expired = error, continueToken != nil { throw .continueExpired() }
            throw APIStatus(error, type, "")
        }
    }

    /// Watches from `version` on; nil starts with what happens next. Events come through `WatchSession.next()`.
    package func watch(
        _ type: ResourceType, _ selection: Selection = Selection(), after version: Int64? = nil
    ) async throws(APIStatus) -> WatchSession {
        let resource = try resource(type)
        do throws(StorageError) {
            let cursor = try await store.watch(resource.storage, after: version)
            return WatchSession(cursor: cursor, resource: resource, selection: selection)
        } catch {
            throw APIStatus(error, type, "")
        }
    }
}

/// The events of one watch, filtered and in the form of the version that is watched.
package struct WatchSession: Sendable {
    private var cursor: WatchCursor
    private let resource: APIResource
    private let selection: Selection
    private let matches: @Sendable (KubeObject) -> Bool

    init(cursor: WatchCursor, resource: APIResource, selection: Selection) {
        self.cursor = cursor
        self.resource = resource
        self.selection = selection
        let predicate = selection.predicate
        let namespace = selection.namespace
        matches = { object in
            if let namespace, object.namespace != namespace { return false }
            return predicate?(object) ?? true
        }
    }

    /// Everything up to this version has been seen.
    package var position: Int64 { cursor.position }

    package var signal: WatchSignal { cursor.signal }

    /// Waits for the next events; empty when the signal was raised for another reason, nil when the watch is over.
    /// Throws 410 when the history that it still needs has been cut.
    package mutating func next() async throws(APIStatus) -> [(change: StoreEvent.Change, object: KubeObject)]? {
        let events: [StoreEvent]?
        do throws(StorageError) {
            events = try await cursor.next()
        } catch {
            throw APIStatus(error, resource.type, "")
        }
        guard let events else { return nil }
        return events.compactMap { event in
            guard let seen = event.seen(through: matches) else { return nil }
            return (seen.change, resource.presented(seen.object))
        }
    }
}
