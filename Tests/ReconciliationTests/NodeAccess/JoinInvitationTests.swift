import Foundation
import KubeObjects
import NodeIdentity
import PKI
import Testing

@testable import Reconciliation

@Suite struct JoinInvitationTests {
    private static func authority() throws -> Certificate {
        try CertificateAuthority.selfSigned(
            CertificateProfile(commonName: "kubernetes", isAuthority: true, validity: .seconds(3600)),
            key: .generate(.ecdsaP256), now: Date()
        ).certificate
    }

    private static func kubeconfig(_ server: String, _ authorities: [UInt8]) -> Kubeconfig {
        Kubeconfig(
            clusterName: "dev", server: server, certificateAuthorityPEM: authorities, userName: "kubernetes-admin",
            clientCertificatePEM: [], clientKeyPEM: [])
    }

    private static let token = BootstrapToken(id: "abcdef", secret: "0123456789abcdef")

    /// The recipe of kubeadm's documentation.
    private static func pinByOpenSSL(_ certificate: Certificate) throws -> String {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            "-c", "openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -r",
        ]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(certificate.pem))
        try input.fileHandleForWriting.close()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return "sha256:\(text.prefix(64))"
    }

    @Test func `the pin is the one that openssl computes`() throws {
        let authority = try Self.authority()
        let invitation = try JoinInvitation(Self.kubeconfig("https://192.0.2.1:6443", authority.pem))
        #expect(invitation.authorityPins == [try Self.pinByOpenSSL(authority)])
    }

    @Test func `both commands are one line that names the tenant, the token and the pin`() throws {
        let authority = try Self.authority()
        let token = try #require(Self.token)
        let invitation = try JoinInvitation(Self.kubeconfig("https://192.0.2.1:6443", authority.pem))
        let pin = "sha256:\(authority.publicKeySHA256Hex)"
        for (joiner, name) in [(JoinInvitation.Joiner.kubeadm, "kubeadm"), (.agent, "kamaji-agent")] {
            #expect(
                invitation.command(joiner, token)
                    == "\(name) join 192.0.2.1:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash \(pin)"
            )
        }
    }

    @Test func `while an authority is being replaced, both are pinned`() throws {
        let (old, new) = (try Self.authority(), try Self.authority())
        let invitation = try JoinInvitation(Self.kubeconfig("https://a:6443", old.pem + new.pem + old.pem))
        #expect(invitation.authorityPins == [old, new].map { "sha256:\($0.publicKeySHA256Hex)" })
        let command = invitation.command(.kubeadm, try #require(Self.token))
        #expect(command.components(separatedBy: "--discovery-token-ca-cert-hash").count == 3)
    }

    @Test(arguments: [
        ("https://api.example.com:6443", "api.example.com:6443"), ("https://api.example.com", "api.example.com:443"),
        ("https://[fd00::1]:6443/", "[fd00::1]:6443"), ("https://[fd00::1]", "[fd00::1]:443"),
    ])
    func `the endpoint is a host and a port`(server: String, endpoint: String) throws {
        let authority = try Self.authority()
        #expect(try JoinInvitation(Self.kubeconfig(server, authority.pem)).endpoint == endpoint)
    }

    @Test(arguments: ["http://a:6443", "a:6443", "https://", "https://a:6443/clusters/b", ""])
    func `a server that no machine can join invites nobody`(server: String) throws {
        let authority = try Self.authority()
        let error = #expect(throws: JoinInvitationError.self) {
            try JoinInvitation(Self.kubeconfig(server, authority.pem))
        }
        #expect(error?.description.contains("\"\(server)\"") == true)
    }

    @Test func `without an authority to pin nobody is invited`() {
        #expect(throws: JoinInvitationError.self) { try JoinInvitation(Self.kubeconfig("https://a:6443", [])) }
    }
}
