import Foundation
import KubeObjects
import PKI

/// A tenant's credentials as its Secrets hold them, made as upstream makes them, so that one can be left behind.
struct Credentials {
    var authority: CertificateAuthority
    let frontProxyAuthority: CertificateAuthority
    let datastoreAuthority: CertificateAuthority
    private(set) var secrets: [String: KubeObject] = [:]

    static let components = [
        "ca", "front-proxy-ca-certificate", "sa-certificate", "api-server-certificate",
        "api-server-kubelet-client-certificate", "front-proxy-client-certificate", "admin-kubeconfig",
        "controller-manager-kubeconfig", "scheduler-kubeconfig", "konnectivity-certificate",
        "konnectivity-kubeconfig", "datastore-certificate",
    ]

    init() throws {
        authority = try Self.makeAuthority("kubernetes")
        frontProxyAuthority = try Self.makeAuthority("front-proxy-ca")
        datastoreAuthority = try Self.makeAuthority("etcd")
        for component in Self.components { try issue(component) }
    }

    static func makeAuthority(_ name: String, validity: Duration = .seconds(86_400 * 3650)) throws
        -> CertificateAuthority
    {
        try .selfSigned(
            CertificateProfile(commonName: name, isAuthority: true, validity: validity), key: .generate(.ecdsaP256),
            now: Date())
    }

    static func leaf(
        _ name: String, by authority: CertificateAuthority, client: Bool = true,
        validity: Duration = .seconds(31_536_000)
    ) throws -> (certificate: Certificate, key: PrivateKey) {
        let key = try PrivateKey.generate(.ecdsaP256)
        let profile = CertificateProfile(
            commonName: name, dnsNames: client ? [] : ["tenant.example.org"], ipAddresses: client ? [] : ["127.0.0.1"],
            extendedKeyUsages: [client ? .clientAuth : .serverAuth], validity: validity)
        return (try authority.issue(profile, to: key, now: Date()), key)
    }

    /// Issues one component anew, with the authorities as they are now.
    mutating func issue(_ component: String, validity: Duration = .seconds(31_536_000)) throws {
        let data: [String: [UInt8]]
        switch component {
        case "ca": data = ["ca.crt": authority.certificate.pem, "ca.key": authority.key.pem]
        case "front-proxy-ca-certificate":
            data = [
                "front-proxy-ca.crt": frontProxyAuthority.certificate.pem,
                "front-proxy-ca.key": frontProxyAuthority.key.pem,
            ]
        case "sa-certificate":
            let key = try PrivateKey.generate(.ecdsaP256)
            data = ["sa.key": key.pem, "sa.pub": key.publicKeyPEM]
        case "datastore-certificate":
            let leaf = try Self.leaf("tenant", by: datastoreAuthority)
            data = [
                "ca.crt": datastoreAuthority.certificate.pem, "server.crt": leaf.certificate.pem,
                "server.key": leaf.key.pem,
            ]
        default: data = try leafData(component, validity)
        }
        put(component, data)
    }

    private func leafData(_ component: String, _ validity: Duration) throws -> [String: [UInt8]] {
        let names = [
            "api-server-certificate": "apiserver", "api-server-kubelet-client-certificate": "apiserver-kubelet-client",
            "front-proxy-client-certificate": "front-proxy-client", "konnectivity-certificate": "tls",
            "admin-kubeconfig": "admin.conf", "controller-manager-kubeconfig": "controller-manager.conf",
            "scheduler-kubeconfig": "scheduler.conf", "konnectivity-kubeconfig": "konnectivity-server.conf",
        ]
        let name = names[component] ?? component
        let signer = component.hasPrefix("front-proxy") ? frontProxyAuthority : authority
        let leaf = try Self.leaf(name, by: signer, client: name != "apiserver", validity: validity)
        guard component.hasSuffix("-kubeconfig") else {
            return ["\(name).crt": leaf.certificate.pem, "\(name).key": leaf.key.pem]
        }
        let config = Kubeconfig(
            clusterName: "tenant", server: "https://127.0.0.1:6443",
            certificateAuthorityPEM: authority.certificate.pem, userName: name,
            clientCertificatePEM: leaf.certificate.pem, clientKeyPEM: leaf.key.pem)
        return [name: Array(config.yaml.utf8)]
    }

    mutating func put(_ component: String, _ data: [String: [UInt8]]) {
        var secret = KubeObject(apiVersion: "v1", kind: "Secret", name: "prod-\(component)", namespace: "team")
        secret.labels = [
            "kamaji.clastix.io/name": "prod", "kamaji.clastix.io/component": component,
            "kamaji.clastix.io/project": "kamaji",
        ]
        secret["data"] = .object(data.mapValues { .string(Base64.encode($0)) })
        secrets[component] = secret
    }

    mutating func remove(_ component: String) { secrets[component] = nil }

    /// Another authority takes the place of the tenant's own; nothing else is issued anew.
    mutating func rotateAuthority() throws {
        authority = try Self.makeAuthority("kubernetes")
        try issue("ca")
    }
}
