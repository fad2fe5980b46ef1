import Blueprint
import FoundationEssentials
import KubeObjects
import PKI
import TenantAPI

/// Brings a tenant's credentials from what is there to what should be: keeps what the judge keeps and makes the rest.
/// Holds no state; what it made is lost unless it is applied, and is then made again.
package struct CredentialIssuer: Sendable {
    package struct Result: Sendable {
        package var credentials: Credentials = [:]
        /// Components that were made anew, and why, for the log and events.
        package var issued: [(component: Component, reason: String)] = []
        /// When the first of them has to be issued again.
        package var nextRenewal: Date?
    }

    let tenant: TenantControlPlane
    let exposure: Exposure
    let facts: DatastoreFacts
    let datastoreAuthority: CertificateAuthority?
    /// The Secrets that are there, by component.
    let existing: [Component: KubeObject]
    let judge: CredentialJudge

    package init(
        tenant: TenantControlPlane, exposure: Exposure, facts: DatastoreFacts,
        datastoreAuthority: CertificateAuthority?, existing: [Component: KubeObject], judge: CredentialJudge
    ) {
        self.tenant = tenant
        self.exposure = exposure
        self.facts = facts
        self.datastoreAuthority = datastoreAuthority
        self.existing = existing
        self.judge = judge
    }

    package func issue() throws(PKIError) -> Result {
        var result = Result()
        let authority = try self.authority(
            .certificateAuthority, name: "kubernetes", certificate: "ca.crt", key: "ca.key", into: &result)
        // The names that kubernetes.io/tls consumers look for, such as the Cluster API provider.
        result.credentials[.certificateAuthority]?["tls.crt"] = authority.certificate.pem
        result.credentials[.certificateAuthority]?["tls.key"] = authority.key.pem
        let frontProxy = try self.authority(
            .frontProxyAuthority, name: "front-proxy-ca", certificate: "front-proxy-ca.crt",
            key: "front-proxy-ca.key", into: &result)
        try serviceAccountKey(into: &result)

        let names = tenant.apiServerNames(exposure)
        try leaf(
            .apiServerCertificate, file: "apiserver",
            CertificateProfiles.apiServer(names), authority, into: &result)
        try leaf(
            .kubeletClientCertificate, file: "apiserver-kubelet-client",
            CertificateProfiles.kubeletClient, authority, into: &result)
        try leaf(
            .frontProxyClientCertificate, file: "front-proxy-client",
            CertificateProfiles.frontProxyClient, frontProxy, into: &result)
        for plan in tenant.kubeconfigPlans(exposure) { try kubeconfig(plan, authority, into: &result) }
        try datastoreCertificate(into: &result)
        if tenant.spec.addons.konnectivity != nil { try konnectivity(authority, into: &result) }
        return result
    }

    private func rotates(_ component: Component) -> Bool { existing[component]?.asksForRotation ?? false }

    private func authority(
        _ component: Component, name: String, certificate: String, key: String, into result: inout Result
    ) throws(PKIError) -> CertificateAuthority {
        let data = existing[component]?.secretData
        switch judge.authority(data, certificate: certificate, key: key, rotate: rotates(component)) {
        case .keep:
            // What a user brought along beside the pair stays.
            let kept = data ?? [:]
            let authority = try CertificateAuthority(
                certificate: Certificate(pem: kept[certificate] ?? []), key: PrivateKey(pem: kept[key] ?? []))
            result.credentials[component] = kept
            result.note(judge.renewal(of: authority.certificate))
            return authority
        case .issue(let reason):
            let privateKey = try PrivateKey.generate(tenant.keyAlgorithm)
            let authority = try CertificateAuthority.selfSigned(
                CertificateProfiles.authority(name), key: privateKey, now: judge.now)
            result.credentials[component] = [certificate: authority.certificate.pem, key: privateKey.pem]
            result.issued.append((component, reason))
            result.note(judge.renewal(of: authority.certificate))
            return authority
        }
    }

    private func serviceAccountKey(into result: inout Result) throws(PKIError) {
        let component = Component.serviceAccountKey
        let data = existing[component]?.secretData
        switch judge.keyPair(data, publicKey: "sa.pub", privateKey: "sa.key", rotate: rotates(component)) {
        case .keep: result.credentials[component] = data
        case .issue(let reason):
            let key = try PrivateKey.generate(tenant.keyAlgorithm)
            result.credentials[component] = ["sa.pub": key.publicKeyPEM, "sa.key": key.pem]
            result.issued.append((component, reason))
        }
    }

    /// A leaf in `FILE.crt` and `FILE.key`.
    private func leaf(
        _ component: Component, file: String, _ profile: CertificateProfile, _ authority: CertificateAuthority,
        into result: inout Result
    ) throws(PKIError) {
        let data = existing[component]?.secretData
        let pair = try pair(
            component, certificate: data?["\(file).crt"], key: data?["\(file).key"], profile, authority,
            rotate: rotates(component), into: &result)
        result.credentials[component] = ["\(file).crt": pair.certificate, "\(file).key": pair.key]
    }

    private func pair(
        _ component: Component, certificate: [UInt8]?, key: [UInt8]?, _ profile: CertificateProfile,
        _ authority: CertificateAuthority, rotate: Bool, into result: inout Result
    ) throws(PKIError) -> (certificate: [UInt8], key: [UInt8]) {
        switch judge.leaf(
            certificatePEM: certificate, keyPEM: key, profile: profile, authority: authority.certificate,
            rotate: rotate)
        {
        case .keep:
            result.note(judge.renewal(of: try Certificate(pem: certificate ?? [])))
            return (certificate ?? [], key ?? [])
        case .issue(let reason):
            let privateKey = try PrivateKey.generate(tenant.keyAlgorithm)
            let issued = try authority.issue(profile, to: privateKey, now: judge.now)
            if !result.issued.contains(where: { $0.component == component }) {
                result.issued.append((component, reason))
            }
            result.note(judge.renewal(of: issued))
            return (issued.pem, privateKey.pem)
        }
    }

    /// One client's kubeconfigs: its certificate is kept while it serves, and the text follows the server's address.
    private func kubeconfig(
        _ plan: KubeconfigPlan, _ authority: CertificateAuthority, into result: inout Result
    ) throws(PKIError) {
        let data = existing[plan.component]?.secretData
        let user = plan.servers.keys.sorted().lazy.compactMap { data?[$0] }.first
            .flatMap { Kubeconfig.clientPair(in: $0) }
        let pair = try pair(
            plan.component, certificate: user?.certificate, key: user?.key, plan.profile, authority,
            rotate: rotates(plan.component), into: &result)
        for (key, server) in plan.servers {
            let text = tenant.kubeconfig(
                server: server, authorityPEM: authority.certificate.pem, user: plan.profile.commonName,
                certificatePEM: pair.certificate, keyPEM: pair.key)
            result.credentials[plan.component, default: [:]][key] = Array(text.utf8)
        }
    }

    /// The tenant's client of its datastore: its own for etcd, the DataStore's for the others, none without TLS.
    private func datastoreCertificate(into result: inout Result) throws(PKIError) {
        let component = Component.datastoreCertificate
        guard let authorityPEM = facts.authorityCertificate else { return }
        var data: SecretData = ["ca.crt": authorityPEM]
        if facts.driver == .etcd, let datastoreAuthority {
            let before = existing[component]?.secretData
            let pair = try pair(
                component, certificate: before?["server.crt"], key: before?["server.key"],
                tenant.datastoreClientProfile, datastoreAuthority, rotate: rotates(component), into: &result)
            data["server.crt"] = pair.certificate
            data["server.key"] = pair.key
        } else {
            data["server.crt"] = facts.clientCertificate
            data["server.key"] = facts.clientKey
        }
        result.credentials[component] = data
    }

    /// The tunnel server's certificate, and the kubeconfig that is made of it: they are renewed together.
    private func konnectivity(_ authority: CertificateAuthority, into result: inout Result) throws(PKIError) {
        let data = existing[.konnectivityCertificate]?.secretData
        let pair = try pair(
            .konnectivityCertificate, certificate: data?["tls.crt"], key: data?["tls.key"],
            CertificateProfiles.konnectivityServer, authority,
            rotate: rotates(.konnectivityCertificate) || rotates(.konnectivityKubeconfig), into: &result)
        result.credentials[.konnectivityCertificate] = ["tls.crt": pair.certificate, "tls.key": pair.key]
        let text = tenant.konnectivityKubeconfig(
            authorityPEM: authority.certificate.pem, certificatePEM: pair.certificate, keyPEM: pair.key)
        result.credentials[.konnectivityKubeconfig] = ["konnectivity-server.conf": Array(text.utf8)]
    }
}

extension CredentialIssuer.Result {
    fileprivate mutating func note(_ renewal: Date) {
        nextRenewal = nextRenewal.map { min($0, renewal) } ?? renewal
    }
}

extension Kubeconfig {
    /// The client certificate and key of the user of the current context; nil when the text holds none.
    static func clientPair(in bytes: [UInt8]) -> (certificate: [UInt8], key: [UInt8])? {
        guard let kubeconfig = try? Kubeconfig(yaml: String(decoding: bytes, as: UTF8.self)),
            let user = kubeconfig.currentUser, let certificate = user.clientCertificateData,
            let key = user.clientKeyData
        else { return nil }
        return (certificate, key)
    }
}
