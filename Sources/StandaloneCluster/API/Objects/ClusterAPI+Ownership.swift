import APIMachinery
import KubeObjects

extension ClusterAPI {
    /// `object` with the managedFields that its write leads to.
    func settleOwnership(
        of object: KubeObject, from old: KubeObject?, _ resource: APIResource, subresource: String,
        _ options: WriteOptions, _ ownership: Ownership
    ) -> KubeObject {
        // An apply has settled it; leases are written every few seconds by one client each.
        guard ownership == .write, resource.storage != ResourceType.leases.description else { return object }
        return FieldOwnership(resource.served, subresource: subresource)
            .tracking(object, from: old, manager: options.fieldManager, time: Timestamp.format(now()))
    }

    /// Server-side apply, in the form of the resource's version.
    func apply(
        _ resource: APIResource, _ key: ObjectKey, subresource: String, _ object: KubeObject, _ options: WriteOptions
    ) async throws(APIStatus) -> WriteResult {
        var configuration = object
        try place(&configuration, resource, namespace: key.namespace, name: key.name)
        // What the configuration has that the kind has not is found here: merged into the live object it would be lost.
        let read = try decodeUnknownFields(of: configuration, resource, options)
        configuration = read.object
        let ownership = FieldOwnership(resource.served, subresource: subresource)
        let applied = configuration
        let now = now
        var modification = Modification(key: key) { old throws(APIStatus) in
            try ownership.applying(
                applied, to: old, manager: options.fieldManager, force: options.force, time: Timestamp.format(now()))
        }
        modification.subresource = subresource
        modification.createsMissing = true
        modification.resourceVersion = object.resourceVersion
        modification.ownership = .settled
        var lenient = options
        lenient.fieldValidation = .ignore
        var result = try await modify(resource, modification, lenient)
        result.warnings = read.warnings + result.warnings
        return result
    }
}
