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
        /// What was done about roots that rotate.
        package var steps: [(component: Component, step: RotationStep)] = []
        /// How the roots' rotations stand after that.
        package var rotations: [RootRotation] = []
        /// What the roots' Secrets say of it in annotations.
        package var marks: [Component: RootMarks] = [:]
        /// When the first of them has to be issued again, or an old root to be dropped.
        package var nextRenewal: Date?
    }

    let tenant: TenantControlPlane
    let exposure: Exposure
    let facts: DatastoreFacts
    let datastoreAuthority: CertificateAuthority?
    /// The Secrets that are there, by component.
    let existing: [Component: KubeObject]
    let judge: CredentialJudge
    let reach: RotationReach

    package init(
        tenant: TenantControlPlane, exposure: Exposure, facts: DatastoreFacts,
        datastoreAuthority: CertificateAuthority?, existing: [Component: KubeObject], judge: CredentialJudge,
        reach: RotationReach = RotationReach()
    ) {
        self.tenant = tenant
        self.exposure = exposure
        self.facts = facts
        self.datastoreAuthority = datastoreAuthority
        self.existing = existing
        self.judge = judge
        self.reach = reach
    }

    package func issue() throws(PKIError) -> Result {
        var result = Result()
        let authority = try self.authority(.certificateAuthority, .cluster, name: "kubernetes", into: &result)
        // The names that kubernetes.io/tls consumers look for, such as the Cluster API provider.
        result.credentials[.certificateAuthority]?["tls.crt"] = authority.signer.certificate.pem
        result.credentials[.certificateAuthority]?["tls.key"] = authority.signer.key.pem
        let frontProxy = try self.authority(
            .frontProxyAuthority, .frontProxy, name: "front-proxy-ca", into: &result)
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

    func rotates(_ component: Component) -> Bool { existing[component]?.asksForRotation ?? false }

    /// A leaf in `FILE.crt` and `FILE.key`.
    private func leaf(
        _ component: Component, file: String, _ profile: CertificateProfile, _ authority: AuthorityMaterial,
        into result: inout Result
    ) throws(PKIError) {
        let data = existing[component]?.secretData
        let pair = try pair(
            component, certificate: data?["\(file).crt"], key: data?["\(file).key"], profile, authority.signer,
            rotate: rotates(component), into: &result)
        let certificate = try chained(pair.certificate, authority)
        result.credentials[component] = ["\(file).crt": certificate, "\(file).key": pair.key]
    }

    /// The leaf with what those need who know the authority before only. Other certificates behind it are a user's.
    private func chained(_ pem: [UInt8], _ authority: AuthorityMaterial) throws(PKIError) -> [UInt8] {
        let chain = try Certificate.chain(pem: pem)
        let crossed = chain.dropFirst().filter { $0.publicKeyPEM == authority.signer.certificate.publicKeyPEM }
        if authority.chainPEM.isEmpty, crossed.isEmpty { return pem }
        return (chain.first?.pem ?? []) + authority.chainPEM
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
        case .issue(let reason), .rotate(let reason):
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
        _ plan: KubeconfigPlan, _ authority: AuthorityMaterial, into result: inout Result
    ) throws(PKIError) {
        let data = existing[plan.component]?.secretData
        let user = plan.servers.keys.sorted().lazy.compactMap { data?[$0] }.first
            .flatMap { Kubeconfig.clientPair(in: $0) }
        let pair = try pair(
            plan.component, certificate: user?.certificate, key: user?.key, plan.profile, authority.signer,
            rotate: rotates(plan.component), into: &result)
        for (key, server) in plan.servers {
            let text = tenant.kubeconfig(
                server: server, authorityPEM: authority.trustPEM, user: plan.profile.commonName,
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
    private func konnectivity(_ authority: AuthorityMaterial, into result: inout Result) throws(PKIError) {
        let data = existing[.konnectivityCertificate]?.secretData
        let pair = try pair(
            .konnectivityCertificate, certificate: data?["tls.crt"], key: data?["tls.key"],
            CertificateProfiles.konnectivityServer, authority.signer,
            rotate: rotates(.konnectivityCertificate) || rotates(.konnectivityKubeconfig), into: &result)
        let certificate = try chained(pair.certificate, authority)
        result.credentials[.konnectivityCertificate] = ["tls.crt": certificate, "tls.key": pair.key]
        let text = tenant.konnectivityKubeconfig(
            authorityPEM: authority.trustPEM, certificatePEM: certificate, keyPEM: pair.key)
        result.credentials[.konnectivityKubeconfig] = ["konnectivity-server.conf": Array(text.utf8)]
    }
}

extension CredentialIssuer.Result {
    mutating func note(_ renewal: Date) {
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
