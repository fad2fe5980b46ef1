import APIMachinery
import FoundationEssentials
import KubeObjects

extension ClusterAPI {
    /// Deletes an object, or marks it when finalizers, a grace period or dependents keep it.
    package func delete(
        _ type: ResourceType, _ key: ObjectKey, _ options: DeleteOptions = DeleteOptions()
    ) async throws(APIStatus) -> DeleteResult {
        let resource = try resource(type)
        for _ in 0..<20 {
            guard let old = try await load(resource, key) else { throw .notFound(type, key.name) }
            if let uid = options.uid, uid != old.uid {
                throw .preconditionFailed(type, key.name, field: "UID", wanted: uid, found: old.uid)
            }
            if let version = options.resourceVersion, version != old.resourceVersion {
                throw .preconditionFailed(
                    type, key.name, field: "ResourceVersion", wanted: version, found: old.resourceVersion)
            }
            do throws(StorageError) {
                return try await attemptDelete(of: old, resource, options)
            } catch {
                switch error {
                case .conflict: continue
                default: throw APIStatus(error, type, key.name)
                }
            }
        }
        throw .modified(type, key.name)
    }

    private func attemptDelete(
        of old: KubeObject, _ resource: APIResource, _ options: DeleteOptions
    ) async throws(StorageError) -> DeleteResult {
        var object = old
        let grace = Strategies.gracePeriod(of: old, resource: resource, asked: options.gracePeriod)
        var finalizers = Set(object.finalizers)
        switch options.propagation {
        case .foreground:
            finalizers.insert("foregroundDeletion")
            finalizers.remove("orphan")
        case .orphan:
            finalizers.insert("orphan")
            finalizers.remove("foregroundDeletion")
        case .background: finalizers.subtract(["orphan", "foregroundDeletion"])
        case nil: break
        }
        object.finalizers = old.finalizers.filter(finalizers.contains) + finalizers.subtracting(old.finalizers).sorted()
        if !object.isBeingDeleted {
            object[path: "metadata", "deletionTimestamp"] = .string(
                Timestamp.format(now().addingTimeInterval(TimeInterval(grace))))
            object[path: "metadata", "deletionGracePeriodSeconds"] = JSON(grace)
            if object.generation > 0 { object[path: "metadata", "generation"] = JSON(object.generation + 1) }
        } else if grace == 0, object[path: "metadata", "deletionGracePeriodSeconds"]?.integer != 0 {
            object[path: "metadata", "deletionGracePeriodSeconds"] = 0
        }
        Strategies.prepareForDelete(&object, resource: resource)
        if Strategies.isReadyToGo(object, resource: resource) {
            if options.isDryRun { return .removed(resource.presented(old)) }
            let removed = try await store.delete(old.key, in: resource.storage, expecting: Int64(old.resourceVersion))
            return .removed(resource.presented(removed))
        }
        if options.isDryRun || object == old { return .terminating(resource.presented(object)) }
        let written = try await store.update(object, in: resource.storage, replacing: old)
        return .terminating(resource.presented(written))
    }

    /// Deletes everything selected; gives what was there.
    package func deleteCollection(
        _ type: ResourceType, _ selection: Selection, _ options: DeleteOptions = DeleteOptions()
    ) async throws(APIStatus) -> ListPage {
        let page = try await list(type, selection)
        for object in page.items {
            do throws(APIStatus) {
                _ = try await delete(type, object.key, options)
            } catch  where error.reason == "NotFound" {
                continue
            }
        }
        return page
    }
}
