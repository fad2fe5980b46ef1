import HTTPTransport
import KubeClient
import KubeObjects
import PKI
import TenantAPI

/// Finds what is needed to speak to a DataStore: its authority, and the certificate of a client.
package struct StoreResolver: Sendable {
    private let api: KubeClient

    package init(api: KubeClient) { self.api = api }

    /// What cannot be found is left out: an endpoint that refuses us is still one that answers.
    package func access(_ object: KubeObject) async -> StoreAccess {
        let facts = StoreFacts(object)
        var tls = TLSSettings()
        var stored: [HeldCertificate] = []
        var missing: Set<CredentialKind> = []
        guard let config = (try? DataStore(object))?.spec.tlsConfig else {
            return StoreAccess(facts: facts, tls: tls, stored: stored)
        }
        if let pem = await content(config.certificateAuthority.certificate) {
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
        if let pem = await content(client.certificate) {
            tls.clientCertificate = pem
            tls.clientKey = await content(client.privateKey)
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

    private func content(_ reference: DataStore.ContentRef) async -> [UInt8]? {
        if let content = reference.content { return content }
        guard let secret = reference.secretReference, let key = secret.key,
            let object = try? await api.find(.secrets, key)
        else { return nil }
        return object[path: "data", secret.keyPath]?.string.flatMap(Base64.decode)
    }
}
