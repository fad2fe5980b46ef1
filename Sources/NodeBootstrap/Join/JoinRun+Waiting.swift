import FoundationEssentials
import KubeClient
import KubeObjects
import Logging
import NodeIdentity
import PKI

/// The phases in which others act and the join looks on.
extension JoinRun {
    // MARK: Certificate

    func awaitCertificate(
        _ tenant: JoinedTenant, _ credential: BootstrapCredential?
    ) async throws -> PhaseOutput<Void> {
        let limit = configuration.timeouts.tlsBootstrap
        let start = environment.pacing.elapsed()
        while true {
            let pem = try await writer.read(KubeletFiles.clientCertificatePath)
            let finding = KubeletCertificate.judge(
                pem, node: configuration.nodeName, authorityPEM: tenant.authorityPEM, now: environment.now())
            if case .valid(let certificate) = finding {
                // Not before: a kubelet whose request is decided on slowly needs it again after every restart.
                try await writer.retire(KubeletFiles.bootstrapKubeconfigPath)
                return PhaseOutput(
                    value: (), line: "\(certificate.commonName), until \(Timestamp.format(certificate.notAfter))")
            }
            guard environment.pacing.elapsed() - start < limit else {
                throw JoinFailure(.bootstrap, try await whyNoCertificate(tenant, credential, finding))
            }
            if case .wrong(let why) = finding { report(.waiting(.bootstrap, why)) }
            try await environment.pacing.sleep(.milliseconds(100))
        }
    }

    /// What became of the kubelet's request: the true cause is seldom on this machine.
    private func whyNoCertificate(
        _ tenant: JoinedTenant, _ credential: BootstrapCredential?, _ finding: KubeletCertificate.Finding
    ) async throws -> String {
        let waited = DurationText.text(configuration.timeouts.tlsBootstrap)
        if case .wrong(let why) = finding { return why }
        guard let credential, let user = credential.userName else {
            return "the kubelet got no certificate within \(waited): \"journalctl -u kubelet\" says why"
        }
        let client = environment.client(tenant.connection(credential, environment.proxies))
        let requests: [KubeObject]
        do {
            requests = try await client.list(.certificateSigningRequests, namespace: nil).items.filter {
                $0[path: "spec", "signerName"]?.string == "kubernetes.io/kube-apiserver-client-kubelet"
                    && $0[path: "spec", "username"]?.string == user
            }
        } catch let error as KubeError where error.isUnauthorized {
            return "the kubelet got no certificate within \(waited): \(Self.tokenRefused)"
        } catch {
            return "the kubelet got no certificate within \(waited), and the tenant does not say why: \(error)"
        }
        guard let latest = requests.max(by: { ($0.creationTimestamp ?? "") < ($1.creationTimestamp ?? "") }) else {
            return "the kubelet asked for no certificate within \(waited): \"journalctl -u kubelet\" says why"
        }
        switch CertificateRequest.outcome(of: latest) {
        case .pending:
            return "nobody decided on the kubelet's request \(latest.name) within \(waited): the tenant's csrapproving "
                + "controller does not run, or the token's group is not allowed kubelets"
        case .approved:
            return "the kubelet's request \(latest.name) is approved and nobody signs it: the tenant's "
                + "controller-manager lacks its signing key"
        case .denied(let reason, let message), .failed(let reason, let message):
            return "the kubelet's request \(latest.name) was refused (\(reason)): \(message)"
        case .issued: return "the kubelet's request \(latest.name) was granted and the kubelet did not fetch it"
        }
    }

    private static let tokenRefused =
        "the tenant does not accept the bootstrap token any more, which has expired or was deleted. Make one with "
        + "\"kamaji-manager token create\""

    /// Why a kubelet without a certificate does not come up, where its token is the reason: it asks for one before it
    /// does anything else. Nil elsewhere.
    func refusal(_ tenant: JoinedTenant, _ credential: BootstrapCredential?) async throws -> String? {
        guard let credential, try await !hasKubeletCertificate(tenant) else { return nil }
        let client = environment.client(tenant.connection(credential, environment.proxies))
        do {
            _ = try await client.find(.certificateSigningRequests, ObjectKey(namespace: nil, name: "none"))
            return nil
        } catch let error as KubeError where error.isUnauthorized {
            return Self.tokenRefused
        } catch let error as KubeError {
            environment.log.debug("no answer to what the kubelet lacks", metadata: ["error": "\(error)"])
            return nil
        }
    }

    // MARK: Node

    private func kubeletClient(_ tenant: JoinedTenant) async throws -> KubeClient {
        guard let pem = try await writer.read(KubeletFiles.clientCertificatePath) else {
            throw JoinFailure(.registered, "the kubelet's certificate is gone again")
        }
        return environment.client(tenant.connection(certificateAndKey: pem, environment.proxies))
    }

    private func node(_ client: KubeClient) async throws -> KubeObject? {
        try await client.find(.nodes, ObjectKey(namespace: nil, name: configuration.nodeName.text))
    }

    func awaitNode(_ tenant: JoinedTenant) async throws -> PhaseOutput<Void> {
        let client = try await kubeletClient(tenant)
        let limit = configuration.timeouts.tlsBootstrap
        let found: KubeObject? = try await environment.pacing.poll(within: limit, every: .milliseconds(100)) {
            do {
                if let node = try await node(client) { return node }
                report(.waiting(.registered, "the kubelet has not registered its Node yet"))
            } catch let error as KubeError where error.isRetryable || error.isUnauthorized {
                report(.waiting(.registered, error.message))
            }
            return nil
        }
        guard let found else {
            throw JoinFailure(
                .registered,
                "the kubelet did not register Node \(configuration.nodeName) within \(DurationText.text(limit)): "
                    + "\"journalctl -u kubelet\" says why")
        }
        let version = found[path: "status", "nodeInfo", "kubeletVersion"]?.string ?? ""
        return PhaseOutput(value: (), line: "Node \(found.name) \(version)")
    }

    func awaitReady(_ tenant: JoinedTenant) async throws -> PhaseOutput<Bool> {
        let client = try await kubeletClient(tenant)
        let isReady: Bool? = try await environment.pacing.poll(within: readyPatience, every: .milliseconds(500)) {
            do {
                let node = try await node(client)
                if node?.isReadyNode == true { return true }
                let condition = (node?[path: "status", "conditions"]?.array ?? []).first {
                    $0["type"]?.string == "Ready"
                }
                if let message = condition?["message"]?.string { report(.waiting(.ready, message)) }
            } catch let error as KubeError where error.isRetryable {
                report(.waiting(.ready, error.message))
            }
            return nil
        }
        return isReady == true
            ? PhaseOutput(value: true, line: "Ready")
            : PhaseOutput(value: false, line: "joined, and not Ready yet: a network plugin may be missing")
    }
}
