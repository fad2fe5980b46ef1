import KubeObjects

/// A tenant's control plane. The object stays whole; `spec` is a typed reading of it, with the defaults of the schema
/// where the object says nothing, so that objects from before a default, or without a parent, read alike.
package struct TenantControlPlane: Sendable, Hashable {
    package var object: KubeObject
    package let spec: Spec

    package init(_ object: KubeObject) throws(InvalidObject) {
        self.object = object
        let given = object["spec"] ?? .object([:])
        spec = try Spec(FieldReader(CustomResources.tenantControlPlaneSpec.defaulted(given), at: "spec"))
    }

    package var name: String { object.name }
    /// Empty only on an object that no API server has seen.
    package var namespace: String { object.namespace ?? "" }
    package var key: ObjectKey { object.key }
    package var isPaused: Bool { object.annotations[Keys.paused] != nil }

    package struct Spec: Sendable, Hashable {
        package let writePermissions: WritePermissions
        package let dataStore: String?
        package let dataStoreSchema: String?
        package let dataStoreUsername: String?
        package let dataStoreOverrides: [DataStoreOverride]
        package let controlPlane: ControlPlane
        package let kubernetes: Kubernetes
        package let networkProfile: NetworkProfile
        package let addons: Addons

        init(_ fields: FieldReader) throws(InvalidObject) {
            writePermissions = try WritePermissions(fields.object("writePermissions"))
            dataStore = try fields.string("dataStore")
            dataStoreSchema = try fields.string("dataStoreSchema")
            dataStoreUsername = try fields.string("dataStoreUsername")
            var overrides: [DataStoreOverride] = []
            for entry in try fields.readers("dataStoreOverrides") { overrides.append(try DataStoreOverride(entry)) }
            dataStoreOverrides = overrides
            controlPlane = try ControlPlane(fields.object("controlPlane"))
            kubernetes = try Kubernetes(fields.object("kubernetes"))
            networkProfile = try NetworkProfile(fields.object("networkProfile"))
            addons = try Addons(fields.object("addons"))
        }
    }

    /// Which writes the tenant's API refuses.
    package struct WritePermissions: Sendable, Hashable {
        package let blockCreation: Bool
        package let blockUpdate: Bool
        package let blockDeletion: Bool

        init(_ fields: FieldReader) throws(InvalidObject) {
            blockCreation = try fields.boolean("blockCreation") ?? false
            blockUpdate = try fields.boolean("blockUpdate") ?? false
            blockDeletion = try fields.boolean("blockDeletion") ?? false
        }

        package var isLimited: Bool { blockCreation || blockUpdate || blockDeletion }
    }

    /// A kind of the tenant's objects, such as `/events`, that another DataStore keeps.
    package struct DataStoreOverride: Sendable, Hashable {
        package let resource: String
        package let dataStore: String

        init(_ fields: FieldReader) throws(InvalidObject) {
            resource = try fields.requiredString("resource")
            dataStore = try fields.requiredString("dataStore")
        }
    }
}

/// Labels and annotations that the user wants on an object of ours.
package struct AdditionalMetadata: Sendable, Hashable {
    package let labels: [String: String]
    package let annotations: [String: String]

    init(_ fields: FieldReader) throws(InvalidObject) {
        labels = try fields.stringMap("labels")
        annotations = try fields.stringMap("annotations")
    }
}
