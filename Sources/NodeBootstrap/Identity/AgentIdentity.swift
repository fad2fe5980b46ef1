import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import Logging
import NodeIdentity
import PKI

/// Who the agent is to its tenant: a key that never leaves the machine, and a certificate for it.
package struct AgentIdentity: Sendable {
    package var node: NodeName
    package var key: PrivateKey
    package var certificate: Certificate

    /// Of the tenant's API, as the agent.
    package func connection(_ server: String, authorityPEM: [UInt8], proxies: ProxyRules) -> ClusterConnection {
        ClusterConnection(
            server: server,
            tls: TLSSettings(
                certificateAuthorities: authorityPEM, clientCertificate: certificate.pem, clientKey: key.pem),
            proxy: proxies.proxy(for: server))
    }
}

/// Why the tenant gave no certificate.
package struct EnrolmentError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        case denied, failed, notDecided, notSigned, wrongCertificate, unauthorized
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}

/// Gets a certificate for the agent's key. Asking again after an interruption finds the request that is there.
package struct AgentEnrolment: Sendable {
    private let client: KubeClient
    private let pacing: Pacing

    /// - Parameter client: of the tenant's API, as whoever asks: the bootstrap token, the node's own, or the agent.
    package init(client: KubeClient, pacing: Pacing) {
        self.client = client
        self.pacing = pacing
    }

    /// - Returns: the certificate, checked to be for this key and this node.
    package func certificate(
        for node: NodeName, key: PrivateKey, within limit: Duration,
        waiting: @Sendable (String) -> Void = { _ in }
    ) async throws -> Certificate {
        try await certificate(
            for: node.agentUser, group: NodeName.agentGroup, signer: CertificateRequest.agentSigner, key: key,
            within: limit, waiting: waiting)
    }

    /// For the kubelet of the agent's own node.
    package func kubeletCertificate(
        for node: NodeName, key: PrivateKey, within limit: Duration
    ) async throws -> Certificate {
        try await certificate(
            for: node.kubeletUser, group: NodeName.kubeletGroup, signer: CertificateRequest.kubeletSigner, key: key,
            within: limit
        ) { _ in }
    }

    private func certificate(
        for user: String, group: String, signer: String, key: PrivateKey, within limit: Duration,
        waiting: @Sendable (String) -> Void
    ) async throws -> Certificate {
        let request = try CertificateSigningRequest.make(commonName: user, organizations: [group], key: key)
        let object = try await submit(request, signer)
        let start = pacing.elapsed()
        while true {
            let found: KubeObject?
            do {
                found = try await client.find(.certificateSigningRequests, object.key)
            } catch let error as KubeError where error.isUnauthorized {
                throw Self.unknown(error)
            }
            guard let now = found else {
                throw EnrolmentError(
                    .notDecided, "certificate request \(object.name) was deleted before it was decided on")
            }
            let outcome = CertificateRequest.outcome(of: now)
            let isOver = pacing.elapsed() - start >= limit
            switch outcome {
            case .issued(let pem): return try Self.checked(pem, user, group, key)
            case .denied(let reason, let message):
                throw EnrolmentError(.denied, "the tenant denies this machine to be \(user) (\(reason)): \(message)")
            case .failed(let reason, let message):
                throw EnrolmentError(.failed, "the tenant's signer refuses the certificate (\(reason)): \(message)")
            case .pending where isOver:
                throw EnrolmentError(
                    .notDecided,
                    "nobody decided on certificate request \(object.name): kamaji-manager does not run, or "
                        + "does not reach this tenant")
            case .approved where isOver:
                throw EnrolmentError(
                    .notSigned,
                    "certificate request \(object.name) is approved and nobody signs it: the tenant's "
                        + "controller-manager lacks --cluster-signing-cert-file and -key-file, or does not run")
            case .pending: waiting("certificate request \(object.name) waits for approval")
            case .approved: waiting("certificate request \(object.name) is approved and waits for its signer")
            }
            // Most are decided on at once; a manager that is away is not to be asked ten times a second.
            try await pacing.sleep(pacing.elapsed() - start < .seconds(3) ? .milliseconds(100) : .seconds(1))
        }
    }

    private static func checked(
        _ pem: [UInt8], _ user: String, _ group: String, _ key: PrivateKey
    ) throws -> Certificate {
        let certificate = try Certificate(pem: pem)
        guard certificate.matches(key), certificate.commonName == user, certificate.organizations == [group]
        else {
            throw EnrolmentError(
                .wrongCertificate, "the tenant's certificate is for \"\(certificate.commonName)\" or another key")
        }
        return certificate
    }

    private static func unknown(_ error: KubeError) -> EnrolmentError {
        EnrolmentError(
            .unauthorized,
            "the tenant does not know who asks: the bootstrap token is deleted, expired or not for "
                + "authentication (\(error.message))")
    }

    /// Creates the request, or finds the one that an earlier run made and that may still become a certificate.
    private func submit(_ request: CertificateSigningRequest, _ signer: String) async throws -> KubeObject {
        for attempt in Int64(0)..<64 {
            let object = try CertificateRequest.object(request, signer: signer, attempt: attempt)
            do {
                return try await client.create(object, .certificateSigningRequests)
            } catch let error as KubeError where error.isAlreadyExists {
                guard let found = try await client.find(.certificateSigningRequests, object.key),
                    CertificateRequest.asks(found, forKeyOf: request)
                else { continue }
                switch CertificateRequest.outcome(of: found) {
                case .pending, .approved: return found
                // An old certificate may have ended, and an old denial been mended.
                case .issued, .denied, .failed: continue
                }
            } catch let error as KubeError where error.isUnauthorized {
                throw Self.unknown(error)
            }
        }
        throw EnrolmentError(.notDecided, "too many certificate requests of this key are there already")
    }
}
