import FoundationEssentials
import KubeObjects
import PKI
import TenantAPI

/// Where a certificate was found.
package enum CertificateOrigin: String, Sendable, Hashable {
    case secret, kubeconfig, served
}

/// What can be wrong with a certificate or kubeconfig.
package enum CertificateProblem: String, Sendable, Hashable, CaseIterable {
    case expired
    case notYetValid = "not_yet_valid"
    case unparsable
    case missing
    /// The private key beside it is another one's.
    case keyMismatch = "key_mismatch"
    /// None of the authorities that should have issued it did.
    case chainInvalid = "chain_invalid"
    /// It is not good for the address under which it is used.
    case nameMissing = "san_missing"
    /// It may not be used for what it is used for.
    case usageMissing = "eku_missing"
    /// What is served is not what is stored.
    case servedMismatch = "served_mismatch"
    case weakKey = "weak_key"
    /// A kubeconfig or client that trusts an authority which its server no longer has.
    case authorityMismatch = "ca_mismatch"
    case clientCertificateMissing = "no_client_cert"
}

/// The public half of one credential: what is kept of a Secret, and of what a server shows.
package struct HeldCertificate: Sendable, Hashable {
    /// `apiserver`, `ca`, `admin.conf`.
    package let name: String
    package let origin: CertificateOrigin
    /// The first certificate; empty where there is none that can be read.
    package let pem: [UInt8]
    package let notBefore: Double
    package let notAfter: Double
    /// SHA-256, lower-case hex; of a key pair that of its public key.
    package let fingerprint: String
    package let commonName: String
    package let issuerCommonName: String
    package let serial: String
    package let keyDescription: String
    package let isAuthority: Bool
    /// Which authorities it brings along: of an authority the whole bundle, of a kubeconfig those that it trusts.
    package let trustedPEM: [UInt8]
    /// What was seen while the whole Secret was at hand.
    package let flaws: Set<CertificateProblem>

    package init(
        _ name: String, _ origin: CertificateOrigin, _ certificate: Certificate?, trustedPEM: [UInt8] = [],
        fingerprint: String? = nil, flaws: Set<CertificateProblem> = []
    ) {
        self.name = name
        self.origin = origin
        pem = certificate?.pem ?? []
        notBefore = certificate?.notBefore.timeIntervalSince1970 ?? 0
        notAfter = certificate?.notAfter.timeIntervalSince1970 ?? 0
        self.fingerprint = fingerprint ?? certificate?.fingerprint ?? ""
        commonName = certificate?.commonName ?? ""
        issuerCommonName = certificate?.issuerCommonName ?? ""
        serial = certificate?.serialHex ?? ""
        keyDescription = certificate?.keyDescription ?? ""
        isAuthority = certificate?.isAuthority ?? false
        self.trustedPEM = trustedPEM
        var flaws = flaws
        if let bits = keyDescription.hasPrefix("RSA ") ? Int(keyDescription.dropFirst(4)) : nil, bits < 2048 {
            flaws.insert(.weakKey)
        }
        self.flaws = flaws
    }

    package var hasCertificate: Bool { !pem.isEmpty }
    package var certificate: Certificate? { pem.isEmpty ? nil : try? Certificate(pem: pem) }
    package var trusted: [Certificate] { trustedPEM.isEmpty ? [] : (try? Certificate.chain(pem: trustedPEM)) ?? [] }
}

/// Reads Secrets of a tenant. Private keys are compared with their certificates here and go no further.
package enum SecretReading {
    private struct Place {
        let cert: String
        let certificate: [String]
        let key: [String]
        var isAuthority = false
        var usage: ExtendedKeyUsage?
    }

    /// By `kamaji.clastix.io/component` (parity sheet, 4.1).
    private static let places: [String: [Place]] = [
        "ca": [Place(cert: "ca", certificate: ["ca.crt"], key: ["ca.key"], isAuthority: true)],
        "front-proxy-ca-certificate": [
            Place(
                cert: "front-proxy-ca", certificate: ["front-proxy-ca.crt", "ca.crt"],
                key: ["front-proxy-ca.key", "ca.key"], isAuthority: true)
        ],
        "api-server-certificate": [
            Place(cert: "apiserver", certificate: ["apiserver.crt"], key: ["apiserver.key"], usage: .serverAuth)
        ],
        "api-server-kubelet-client-certificate": [
            Place(
                cert: "apiserver-kubelet-client", certificate: ["apiserver-kubelet-client.crt"],
                key: ["apiserver-kubelet-client.key"], usage: .clientAuth)
        ],
        "front-proxy-client-certificate": [
            Place(
                cert: "front-proxy-client", certificate: ["front-proxy-client.crt"], key: ["front-proxy-client.key"],
                usage: .clientAuth)
        ],
        "konnectivity-certificate": [
            Place(cert: "konnectivity", certificate: ["tls.crt"], key: ["tls.key"], usage: .clientAuth)
        ],
        "datastore-certificate": [
            Place(cert: "datastore-client", certificate: ["server.crt"], key: ["server.key"]),
            Place(cert: "datastore-ca", certificate: ["ca.crt"], key: [], isAuthority: true),
        ],
    ]

    /// What certificates and kubeconfigs of a tenant are called, but for those of its generators.
    static let names =
        places.values.flatMap { $0.map(\.cert) } + [
            "admin.conf", "admin.svc", "super-admin.conf", "super-admin.svc", "controller-manager.conf",
            "scheduler.conf", "konnectivity-server.conf", "sa",
        ]

    /// The tenant that a Secret belongs to; nil for those of others.
    package static func tenant(of secret: KubeObject) -> ObjectKey? {
        secret.labels[Keys.name].map { ObjectKey(namespace: secret.namespace, name: $0) }
    }

    package static func component(of secret: KubeObject) -> String {
        if let label = secret.labels[Keys.component] { return label }
        let prefix = (secret.labels[Keys.name] ?? "") + "-"
        return secret.name.hasPrefix(prefix) ? String(secret.name.dropFirst(prefix.count)) : secret.name
    }

    package static func certificates(of secret: KubeObject) -> [HeldCertificate] {
        let component = component(of: secret)
        func data(_ keys: [String]) -> [UInt8]? {
            keys.lazy.compactMap { secret[path: "data", $0]?.string.flatMap(Base64.decode) }.first
        }
        if component == "sa-certificate" { return keyPair(data(["sa.pub"]), data(["sa.key"])) }
        if component.hasSuffix("-kubeconfig") {
            return (secret["data"]?.object ?? [:]).keys.sorted().compactMap { name in
                data([name]).map { kubeconfig(name, $0) }
            }
        }
        return (places[component] ?? []).compactMap { place in
            data(place.certificate).map { pem in certificate(place, pem, key: data(place.key)) }
        }
    }

    private static func certificate(_ place: Place, _ pem: [UInt8], key: [UInt8]?) -> HeldCertificate {
        // Each certificate is read once: with a large fleet that is what takes long at the start.
        let bundle = place.isAuthority ? (try? Certificate.chain(pem: pem)) ?? [] : []
        guard let certificate = try? bundle.first ?? Certificate(pem: pem) else {
            return HeldCertificate(place.cert, .secret, nil, flaws: [.unparsable])
        }
        var flaws: Set<CertificateProblem> = []
        if !place.key.isEmpty {
            let matches = key.flatMap { try? PrivateKey(pem: $0) }.map { certificate.matches($0) } ?? false
            if !matches { flaws.insert(.keyMismatch) }
        }
        if let usage = place.usage, !certificate.extendedKeyUsages.isEmpty,
            !certificate.extendedKeyUsages.contains(usage)
        {
            flaws.insert(.usageMissing)
        }
        return HeldCertificate(
            place.cert, .secret, certificate, trustedPEM: bundle.flatMap(\.pem), flaws: flaws)
    }

    /// Only certificates: whatever else stands in the bytes is not kept.
    private static func publicPEM(_ pem: [UInt8]) -> [UInt8] {
        ((try? Certificate.chain(pem: pem)) ?? []).flatMap(\.pem)
    }

    private static func kubeconfig(_ name: String, _ bytes: [UInt8]) -> HeldCertificate {
        guard let config = try? Kubeconfig(yaml: String(decoding: bytes, as: UTF8.self)),
            let context = config.currentContext.flatMap({ config.context($0) }),
            let cluster = config.cluster(context.cluster), let user = config.user(context.user)
        else { return HeldCertificate(name, .kubeconfig, nil, flaws: [.unparsable]) }
        let trusted = publicPEM(cluster.certificateAuthorityData ?? [])
        guard let data = user.clientCertificateData else {
            return HeldCertificate(name, .kubeconfig, nil, trustedPEM: trusted, flaws: [.clientCertificateMissing])
        }
        guard let certificate = try? Certificate(pem: data) else {
            return HeldCertificate(name, .kubeconfig, nil, trustedPEM: trusted, flaws: [.unparsable])
        }
        let key = user.clientKeyData.flatMap { try? PrivateKey(pem: $0) }
        let matches = key.map { certificate.matches($0) } ?? false
        return HeldCertificate(
            name, .kubeconfig, certificate, trustedPEM: trusted, flaws: matches ? [] : [.keyMismatch])
    }

    /// The service accounts' keys; several public ones while they rotate.
    private static func keyPair(_ publicPEM: [UInt8]?, _ privatePEM: [UInt8]?) -> [HeldCertificate] {
        guard let publicPEM, let keys = try? PublicKey.all(pem: publicPEM), let first = keys.first else {
            return [HeldCertificate("sa", .secret, nil, flaws: [.unparsable])]
        }
        let own = privatePEM.flatMap { try? PrivateKey(pem: $0) }.flatMap { try? PublicKey(pem: $0.publicKeyPEM) }
        let matches = own.map { own in keys.contains { $0.identifierBytes == own.identifierBytes } } ?? false
        let signing = own ?? first
        return [
            HeldCertificate(
                "sa", .secret, nil,
                fingerprint: signing.identifierBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(),
                flaws: matches ? [] : [.keyMismatch])
        ]
    }
}

extension Certificate {
    /// SHA-256, lower-case hex, of the bytes that the PEM holds; nothing is parsed for it.
    fileprivate var fingerprint: String {
        let lines = String(decoding: pem, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("-----") }
        guard let der = Base64.decode(lines.joined()) else { return fingerprintSHA256Hex }
        return SHA256.digest(der).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
