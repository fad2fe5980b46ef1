import KubeObjects
import PKI
import TenantAPI

/// What the blueprint needs to know of a tenant's DataStore, its references resolved.
package struct DatastoreFacts: Sendable, Hashable {
    package var name: String
    package var driver: DatastoreDriver
    package var endpoints: [String]
    /// The authority that datastore clients trust, PEM; nil without TLS.
    package var authorityCertificate: [UInt8]?
    /// The client pair that kine drivers share; nil where the driver is etcd or needs none.
    package var clientCertificate: [UInt8]?
    package var clientKey: [UInt8]?
    /// NATS hands its own credentials to tenants.
    package var sharedUser: String?
    package var sharedPassword: String?
    /// `resource#endpoint;endpoint` for each of the tenant's overrides.
    package var overrides: [String]

    package init(
        name: String, driver: DatastoreDriver, endpoints: [String], authorityCertificate: [UInt8]? = nil,
        clientCertificate: [UInt8]? = nil, clientKey: [UInt8]? = nil, sharedUser: String? = nil,
        sharedPassword: String? = nil, overrides: [String] = []
    ) {
        self.name = name
        self.driver = driver
        self.endpoints = endpoints
        self.authorityCertificate = authorityCertificate
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
        self.sharedUser = sharedUser
        self.sharedPassword = sharedPassword
        self.overrides = overrides
    }
}

/// Under which names a tenant's data lives in its datastore.
package struct StorageIdentity: Sendable, Hashable {
    package let schema: String
    package let user: String

    package init(schema: String, user: String) {
        self.schema = schema
        self.user = user
    }
}

extension TenantControlPlane {
    /// What was recorded stands above what the spec says, and that above the uid (parity sheet, 6.3).
    package var storageIdentity: StorageIdentity {
        let recorded = object[path: "status", "storage", "setup"]
        func name(_ recorded: String?, _ asked: String?) -> String {
            for case .some(let name) in [recorded, asked] where !name.isEmpty { return name }
            return object.uid
        }
        return StorageIdentity(
            schema: name(recorded?["schema"]?.string, spec.dataStoreSchema),
            user: name(recorded?["user"]?.string, spec.dataStoreUsername))
    }

    /// The password is kept while its Secret is as we wrote it, or as upstream did whose tenant this was: one that was
    /// tampered with is replaced, and the database user's with it.
    package static func keptPassword(in secret: KubeObject?) -> String? {
        guard let secret, let password = secret.secretData["DB_PASSWORD"], !password.isEmpty,
            let written = secret.annotations[Keys.checksum],
            [Checksum.md5(of: secret.secretData), Checksum.upstreamMD5(of: secret.secretData)].contains(written)
        else { return nil }
        return String(decoding: password, as: UTF8.self)
    }

    /// `<tenant>-datastore-config` (parity sheet, 6.4). Its finalizer keeps the credentials until the data is gone.
    package func datastoreConfiguration(_ facts: DatastoreFacts, password: String) -> ManagedObject {
        let identity = storageIdentity
        let connection =
            switch facts.driver {
            case .etcd: ""
            case .sqlite, .mySQL, .postgreSQL, .nats: facts.endpoints.first ?? ""
            }
        let data: SecretData = [
            "DB_CONNECTION_STRING": Array(connection.utf8),
            "DB_SCHEMA": Array(identity.schema.utf8),
            "DB_USER": Array((facts.sharedUser ?? identity.user).utf8),
            "DB_PASSWORD": Array((facts.sharedPassword ?? password).utf8),
        ]
        var managed = secret(.datastoreConfiguration, data).object
        managed.finalizers = [Keys.datastoreSecretFinalizer]
        return ManagedObject(component: .datastoreConfiguration, object: managed)
    }

    /// The tenant's own client of etcd: its name is the etcd user's, which is all that etcd looks at.
    package var datastoreClientProfile: CertificateProfile {
        CertificateProfiles.client(storageIdentity.user)
    }
}
