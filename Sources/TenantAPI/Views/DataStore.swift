import KubeObjects

package enum DatastoreDriver: String, Sendable, Hashable, CaseIterable {
    case etcd
    case mySQL = "MySQL"
    case postgreSQL = "PostgreSQL"
    case nats = "NATS"
    /// Ours: a file for each tenant, for the standalone cluster.
    case sqlite = "SQLite"
}

/// Where tenants' data lives. The object stays whole; `spec` is a typed reading of it.
package struct DataStore: Sendable, Hashable {
    package var object: KubeObject
    package let spec: Spec

    package init(_ object: KubeObject) throws(InvalidObject) {
        self.object = object
        let given = object["spec"] ?? .object([:])
        spec = try Spec(FieldReader(CustomResources.dataStoreSpec.defaulted(given), at: "spec"))
    }

    package var name: String { object.name }
    package var isPaused: Bool { object.annotations[Keys.paused] != nil }
    package var status: Status { Status(object["status"]) }

    package struct Spec: Sendable, Hashable {
        package let driver: DatastoreDriver
        /// `host:port` each, no scheme; for SQLite the directory of its files.
        package let endpoints: [String]
        package let basicAuth: BasicAuth?
        package let tlsConfig: TLSConfig?

        init(_ fields: FieldReader) throws(InvalidObject) {
            driver = try fields.requiredChoice("driver")
            endpoints = try fields.strings("endpoints") ?? []
            basicAuth = fields.has("basicAuth") ? try BasicAuth(fields.object("basicAuth")) : nil
            tlsConfig = fields.has("tlsConfig") ? try TLSConfig(fields.object("tlsConfig")) : nil
        }

        /// Every Secret that the spec refers to, once each, in the order of the fields.
        package var secretReferences: [SecretReference] {
            let refs: [ContentRef?] = [
                basicAuth?.username, basicAuth?.password, tlsConfig?.certificateAuthority.certificate,
                tlsConfig?.certificateAuthority.privateKey, tlsConfig?.clientCertificate?.certificate,
                tlsConfig?.clientCertificate?.privateKey,
            ]
            var seen: Set<SecretReference> = []
            return refs.compactMap { $0?.content == nil ? $0?.secretReference : nil }.filter {
                seen.insert($0).inserted
            }
        }
    }

    package struct BasicAuth: Sendable, Hashable {
        package let username: ContentRef
        package let password: ContentRef

        init(_ fields: FieldReader) throws(InvalidObject) {
            username = try ContentRef(fields.object("username"))
            password = try ContentRef(fields.object("password"))
        }
    }

    package struct TLSConfig: Sendable, Hashable {
        package let certificateAuthority: CertificateAuthority
        package let clientCertificate: ClientCertificate?

        init(_ fields: FieldReader) throws(InvalidObject) {
            certificateAuthority = try CertificateAuthority(fields.object("certificateAuthority"))
            clientCertificate =
                fields.has("clientCertificate") ? try ClientCertificate(fields.object("clientCertificate")) : nil
        }
    }

    /// etcd needs the key too: each tenant gets a certificate of its own.
    package struct CertificateAuthority: Sendable, Hashable {
        package let certificate: ContentRef
        package let privateKey: ContentRef?

        init(_ fields: FieldReader) throws(InvalidObject) {
            certificate = try ContentRef(fields.object("certificate"))
            privateKey = fields.has("privateKey") ? try ContentRef(fields.object("privateKey")) : nil
        }
    }

    package struct ClientCertificate: Sendable, Hashable {
        package let certificate: ContentRef
        package let privateKey: ContentRef

        init(_ fields: FieldReader) throws(InvalidObject) {
            certificate = try ContentRef(fields.object("certificate"))
            privateKey = try ContentRef(fields.object("privateKey"))
        }
    }

    /// Bytes, given outright or by the Secret that holds them. Given outright they stand above the reference, and never
    /// in a description.
    package struct ContentRef: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        package let content: [UInt8]?
        package let secretReference: SecretReference?

        init(_ fields: FieldReader) throws(InvalidObject) {
            // What stands here may be a secret in the wrong place: the error says where, and not what.
            switch fields.json("content") {
            case nil, "": content = nil
            case .some(let given):
                guard let bytes = given.string.flatMap(Base64.decode) else {
                    throw InvalidObject(field: fields.path("content"), value: nil, expected: "base64")
                }
                content = bytes
            }
            secretReference =
                fields.has("secretReference") ? try SecretReference(fields.object("secretReference")) : nil
        }

        package var description: String {
            if let content { return "\(content.count) bytes given outright" }
            return secretReference?.description ?? "nothing"
        }

        package var customMirror: Mirror { Mirror(self, children: ["description": description]) }
    }

    /// A key in a Secret. Name and namespace may be missing: the schema leaves that to whoever reads it.
    package struct SecretReference: Sendable, Hashable, CustomStringConvertible {
        package let name: String?
        package let namespace: String?
        package let keyPath: String

        init(_ fields: FieldReader) throws(InvalidObject) {
            name = try fields.string("name")
            namespace = try fields.string("namespace")
            keyPath = try fields.requiredString("keyPath")
        }

        /// Where the Secret stands; nil while name or namespace is missing.
        package var key: ObjectKey? {
            guard let name, let namespace else { return nil }
            return ObjectKey(namespace: namespace, name: name)
        }

        package var description: String { "key \(keyPath) of Secret \(namespace ?? "?")/\(name ?? "?")" }
    }

    /// What was written last; absent parts read as their zero.
    package struct Status: Sendable, Hashable {
        package let observedGeneration: Int64
        /// `namespace/name` of each tenant, sorted.
        package let usedBy: [String]
        package let conditions: [JSON]
        package let ready: Bool

        init(_ json: JSON?) {
            observedGeneration = json?["observedGeneration"]?.integer ?? 0
            usedBy = json?["usedBy"]?.strings ?? []
            conditions = json?["conditions"]?.array ?? []
            ready = json?["ready"]?.bool ?? false
        }
    }
}
