import FoundationEssentials
import NodeIdentity
import PKI

/// The agent's key, certificate and sealed credential, in its own folder.
package struct AgentStore: Sendable {
    private let writer: NodeWriter

    package init(_ writer: NodeWriter) { self.writer = writer }

    /// This machine's key; made on first need. It is what the tenant knows the machine by: losing it means a new
    /// enrolment by an administrator.
    package func key() async throws -> PrivateKey {
        if let key = try await storedKey() { return key }
        let key = try PrivateKey.generate(.ecdsaP256)
        try await writer.putOwn(NodeFile(AgentFiles.key, mode: 0o600, key.pem))
        return key
    }

    /// The key that is there; looking makes none.
    package func storedKey() async throws -> PrivateKey? {
        try await writer.read(AgentFiles.key).map { pem in try PrivateKey(pem: pem) }
    }

    /// Nil when there is no certificate, or one of another key or node.
    package func identity(_ node: NodeName) async throws -> AgentIdentity? {
        guard let pem = try await writer.read(AgentFiles.certificate), let certificate = try? Certificate(pem: pem),
            let keyPEM = try await writer.read(AgentFiles.key), let key = try? PrivateKey(pem: keyPEM),
            certificate.matches(key), certificate.commonName == node.agentUser
        else { return nil }
        return AgentIdentity(node: node, key: key, certificate: certificate)
    }

    package func keep(_ certificate: Certificate, authorityPEM: [UInt8]) async throws {
        try await writer.putOwn(NodeFile(AgentFiles.authorities, mode: 0o644, authorityPEM))
        try await writer.putOwn(NodeFile(AgentFiles.certificate, mode: 0o644, certificate.pem))
    }

    package func keep(_ credential: BootstrapToken, _ identity: AgentIdentity) async throws {
        let sealed = try ReturnCredential.seal(credential, node: identity.node, key: identity.key)
        try await writer.putOwn(NodeFile(AgentFiles.credential, mode: 0o600, sealed))
    }

    package func credential(_ node: NodeName, _ key: PrivateKey) async throws -> BootstrapToken? {
        guard let sealed = try await writer.read(AgentFiles.credential) else { return nil }
        return try ReturnCredential.open(sealed, node: node, key: key)
    }

    package func hasCredential(_ identity: AgentIdentity) async throws -> Bool {
        guard let token = try? await credential(identity.node, identity.key) else { return false }
        return !token.id.isEmpty
    }
}
