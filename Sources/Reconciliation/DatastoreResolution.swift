import Blueprint
import Datastores
import HTTPTransport
import KubeClient
import KubeObjects
import PKI
import TenantAPI

extension DatastoreReconciler {
    /// Reads what the DataStore refers to, opens its driver and asks its server. Never throws: what is wrong is the
    /// state, with upstream's reasons where upstream has one.
    func resolve(_ store: DataStore) async -> DatastoreState {
        do {
            let resolved = try await open(store)
            try await resolved.driver.probe()
            return .ready(resolved)
        } catch let error as DatastoreInvalid {
            return .notReady(reason: error.reason, message: error.message)
        } catch {
            return .notReady(reason: "DataStoreUnreachable", message: "\(error)")
        }
    }

    private func open(_ store: DataStore) async throws -> ResolvedDatastore {
        let spec = store.spec
        var facts = DatastoreFacts(name: store.name, driver: spec.driver, endpoints: spec.endpoints)
        var authority: CertificateAuthority?
        if let tls = spec.tlsConfig {
            let certificate = try await content(
                tls.certificateAuthority.certificate, "certificateAuthority.certificate")
            facts.authorityCertificate = certificate
            if let reference = tls.certificateAuthority.privateKey {
                let key = try await content(reference, "certificateAuthority.privateKey")
                authority = try self.authority(certificate: certificate, key: key)
            }
            if let pair = tls.clientCertificate {
                facts.clientCertificate = try await content(pair.certificate, "clientCertificate.certificate")
                facts.clientKey = try await content(pair.privateKey, "clientCertificate.privateKey")
            }
        }
        var credentials: (user: String, password: String)?
        if let auth = spec.basicAuth {
            let password = try await text(auth.password, "basicAuth.password")
            credentials = (try await text(auth.username, "basicAuth.username"), password)
        }
        if spec.driver == .nats {
            facts.sharedUser = credentials?.user
            facts.sharedPassword = credentials?.password
        }
        let driver = try openDriver(facts)
        if spec.driver == .etcd {
            guard authority != nil, facts.clientCertificate != nil else {
                throw DatastoreInvalid(
                    .tls, "driver etcd needs spec.tlsConfig with certificateAuthority.privateKey and clientCertificate")
            }
            // What authenticates us to etcd is not handed to tenants: each gets its own.
            facts.clientCertificate = nil
            facts.clientKey = nil
        }
        return ResolvedDatastore(facts: facts, authority: authority, driver: driver)
    }

    private func openDriver(_ facts: DatastoreFacts) throws(DatastoreInvalid) -> any Datastore {
        switch facts.driver {
        case .etcd:
            return EtcdDatastore(
                endpoints: facts.endpoints,
                tls: TLSSettings(
                    certificateAuthorities: facts.authorityCertificate, clientCertificate: facts.clientCertificate,
                    clientKey: facts.clientKey),
                transport: transport)
        case .sqlite:
            guard let directory = facts.endpoints.first else {
                throw DatastoreInvalid(
                    .endpoints, "driver SQLite needs spec.endpoints with one entry: the absolute path of a directory")
            }
            return SQLiteDatastore(directory: directory)
        case .mySQL, .postgreSQL, .nats:
            throw DatastoreInvalid(
                .driver, "driver \(facts.driver.rawValue) is not available in this version: use etcd")
        }
    }

    private func authority(certificate: [UInt8], key: [UInt8]) throws(DatastoreInvalid) -> CertificateAuthority {
        do {
            return try CertificateAuthority(certificate: Certificate(pem: certificate), key: PrivateKey(pem: key))
        } catch {
            throw DatastoreInvalid(.tls, "spec.tlsConfig.certificateAuthority: \(error)")
        }
    }

    private func text(_ reference: DataStore.ContentRef, _ field: String) async throws -> String {
        String(decoding: try await content(reference, field, .basicAuth), as: UTF8.self)
    }

    /// Bytes that are given outright, or in the Secret's key.
    private func content(
        _ reference: DataStore.ContentRef, _ field: String, _ kind: DatastoreInvalid.Kind = .tls
    ) async throws -> [UInt8] {
        if let content = reference.content { return content }
        guard let secret = reference.secretReference else {
            throw DatastoreInvalid(
                kind, "\(field): the Secret reference is mandatory when bare content is not specified")
        }
        guard let key = secret.key else {
            let missing = secret.name == nil ? "name" : "namespace"
            throw DatastoreInvalid(kind, "\(field): the Secret reference \(missing) is mandatory")
        }
        guard let object = try await api.find(.secrets, key) else {
            throw DatastoreInvalid(kind, "\(field): secret \(key) is not found")
        }
        guard let bytes = object.secretData[secret.keyPath], !bytes.isEmpty else {
            throw DatastoreInvalid(kind, "\(field): secret \(key) does not have key \(secret.keyPath)")
        }
        return bytes
    }
}

/// What is wrong with a DataStore itself, as against with its server.
struct DatastoreInvalid: Error, Sendable {
    enum Kind: String, Sendable {
        case basicAuth = "BasicAuthValidationFailed"
        case tls = "TLSConfigurationValidationFailed"
        case driver = "DriverUnavailable"
        case endpoints = "EndpointsValidationFailed"
    }

    let kind: Kind
    let message: String

    var reason: String { kind.rawValue }

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
