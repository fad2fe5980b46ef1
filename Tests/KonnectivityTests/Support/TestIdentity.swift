import Foundation
import PKI

/// An authority and what it has issued, for one server and one agent.
struct TestIdentity: Sendable {
    let authority: CertificateAuthority
    let serverCertificate: [UInt8]
    let serverKey: [UInt8]
    let clientCertificate: [UInt8]
    let clientKey: [UInt8]

    init(serverNames: [String] = ["localhost"], serverAddresses: [String] = ["127.0.0.1"]) throws {
        authority = try .selfSigned(
            CertificateProfile(commonName: "tunnel authority", isAuthority: true, validity: .seconds(86_400)),
            key: .generate(.ecdsaP256), now: Date())
        let (serverKey, clientKey) = (try PrivateKey.generate(.ecdsaP256), try PrivateKey.generate(.ecdsaP256))
        serverCertificate = try authority.issue(
            CertificateProfile(
                commonName: "server", dnsNames: serverNames, ipAddresses: serverAddresses,
                extendedKeyUsages: [.serverAuth], validity: .seconds(86_400)),
            to: serverKey, now: Date()
        ).pem
        clientCertificate = try authority.issue(
            CertificateProfile(commonName: "agent", extendedKeyUsages: [.clientAuth], validity: .seconds(86_400)),
            to: clientKey, now: Date()
        ).pem
        self.serverKey = serverKey.pem
        self.clientKey = clientKey.pem
    }
}
