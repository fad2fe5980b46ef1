import HTTPTransport
import KubeClient
import KubeObjects
import PKI
import TenantAPI

/// Finds what is needed to speak to a DataStore: its authority, and the certificate of a client.
package struct StoreResolver: Sendable {
    private let api: KubeClient

    package init(api: KubeClient) { self.api = api }

    /// What is not there is left out: an endpoint that refuses us is still one that answers.
    /// - Parameter isFirst: whether nothing was ever resolved for this DataStore; then what is not ours to read is left
    ///   out too.
    /// - Throws: where the admin API did not say what is there.
    package func access(_ object: KubeObject, isFirst: Bool) async throws -> StoreAccess {
        let facts = StoreFacts(object)
        var tls = TLSSettings()
        var stored: [HeldCertificate] = []
        var missing: Set<CredentialKind> = []
        guard let config = (try? DataStore(object))?.spec.tlsConfig else {
            return StoreAccess(facts: facts, tls: tls, stored: stored)
        }
        if let pem = try await content(config.certificateAuthority.certificate, isFirst) {
            tls.certificateAuthorities = pem
            let certificate = try? Certificate(pem: pem)
            stored.append(
                HeldCertificate(
                    "ca", .secret, certificate, trustedPEM: Certificate.all(pem).flatMap(\.pem),
                    flaws: certificate == nil ? [.unparsable] : []))
            if certificate == nil { missing.insert(.storeAuthority) }
        } else {
            missing.insert(.storeAuthority)
        }
        guard let client = config.clientCertificate else {
            return StoreAccess(facts: facts, tls: tls, stored: stored, missing: missing)
        }
        if let pem = try await content(client.certificate, isFirst) {
            tls.clientCertificate = pem
            tls.clientKey = try await content(client.privateKey, isFirst)
            let certificate = try? Certificate(pem: pem)
            let key = tls.clientKey.flatMap { try? PrivateKey(pem: $0) }
            let matches = certificate.flatMap { certificate in key.map { certificate.matches($0) } } ?? false
            stored.append(
                HeldCertificate(
                    "client", .secret, certificate,
                    flaws: certificate == nil ? [.unparsable] : matches ? [] : [.keyMismatch]))
            if !matches { missing.insert(.storeClient) }
        } else {
            missing.insert(.storeClient)
        }
        return StoreAccess(facts: facts, tls: tls, stored: stored, missing: missing)
    }

    private func content(_ reference: DataStore.ContentRef, _ isFirst: Bool) async throws -> [UInt8]? {
        if let content = reference.content { return content }
        guard let secret = reference.secretReference, let key = secret.key else { return nil }
        do {
            let object = try await api.find(.secrets, key)
            return object?[path: "data", secret.keyPath]?.string.flatMap(Base64.decode)
        } catch let error as KubeError where error.isForbidden && isFirst {
            return nil
        }
    }
}
