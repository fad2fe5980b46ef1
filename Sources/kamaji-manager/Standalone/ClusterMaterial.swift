import FoundationEssentials
import KubeObjects
import PKI

/// The standalone cluster's own authority and keys, and what is issued from them at each start.
struct ClusterMaterial: Sendable {
    let authority: CertificateAuthority
    let serviceAccountKey: PrivateKey

    private static let tenYears = Duration.seconds(10 * 365 * 24 * 3600)
    /// Of everything that a start issues anew.
    private static let year = Duration.seconds(365 * 24 * 3600)

    /// Reads what an earlier start left, or makes it.
    init(in state: StateDirectory) throws {
        _ = try state.directory("pki")
        serviceAccountKey = try Self.key("sa", in: state)
        let key = try Self.key("ca", in: state)
        if let pem = state.read("pki/ca.crt") {
            authority = try CertificateAuthority(certificate: Certificate(pem: pem), key: key)
        } else {
            authority = try .selfSigned(
                CertificateProfile(commonName: "kamaji-standalone", isAuthority: true, validity: Self.tenYears),
                key: key, now: Date())
            try state.write(authority.certificate.pem, to: "pki/ca.crt")
        }
    }

    private static func key(_ name: String, in state: StateDirectory) throws -> PrivateKey {
        if let pem = state.read("pki/\(name).key") { return try PrivateKey(pem: pem) }
        let key = try PrivateKey.generate(.ecdsaP256)
        try state.write(key.pem, to: "pki/\(name).key")
        return key
    }

    /// A pair for a server, or a client, that is started now.
    func issue(
        _ name: String, organizations: [String] = [], dnsNames: [String] = [], addresses: [String] = [],
        usages: [ExtendedKeyUsage]
    ) throws(PKIError) -> (certificate: [UInt8], key: [UInt8]) {
        let key = try PrivateKey.generate(.ecdsaP256)
        let profile = CertificateProfile(
            commonName: name, organizations: organizations, dnsNames: dnsNames, ipAddresses: addresses,
            extendedKeyUsages: usages, validity: Self.year)
        return (try authority.issue(profile, to: key, now: Date()).pem, key.pem)
    }

    /// The administrator's kubeconfig.
    func administrator(server: String) throws(PKIError) -> Kubeconfig {
        let pair = try issue("kubernetes-admin", organizations: ["system:masters"], usages: [.clientAuth])
        return Kubeconfig(
            clusterName: "kamaji-standalone", server: server, certificateAuthorityPEM: authority.certificate.pem,
            userName: "kubernetes-admin", clientCertificatePEM: pair.certificate, clientKeyPEM: pair.key)
    }
}
