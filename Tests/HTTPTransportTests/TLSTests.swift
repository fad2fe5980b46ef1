import Foundation
import PKI
import Testing

@testable import HTTPTransport

@Suite("TLS", .timeLimit(.minutes(5)))
struct TLSTests {
    private let transport = CurlTransport()

    private func code(_ url: String, _ tls: TLSSettings) async -> HTTPTransportError.Code? {
        await #expect(throws: HTTPTransportError.self) { try await transport.send(HTTPRequest("GET", url, tls: tls)) }?
            .code
    }

    @Test("A server is trusted by its authority alone, even right after others trusted it")
    func authorities() async throws {
        let server = try TLSServer()
        let trusting = TLSSettings(certificateAuthorities: server.authority.certificate.pem)
        let foreign = TLSSettings(certificateAuthorities: try TLSServer.makeAuthority().certificate.pem)
        #expect(try await transport.send(HTTPRequest("GET", server.url, tls: trusting)).status == 200)
        #expect(await code(server.url, foreign) == .tlsFailed)
        #expect(await code(server.url, .system) == .tlsFailed)
        #expect(await code(server.url, TLSSettings(certificateAuthorities: Array("no PEM".utf8))) == .tlsFailed)
        #expect(await code(server.url, TLSSettings(certificateAuthorities: [])) == .tlsFailed)
        let careless = TLSSettings(acceptsAnyCertificate: true)
        #expect(try await transport.send(HTTPRequest("GET", server.url, tls: careless)).status == 200)
        #expect(await code(server.url, foreign) == .tlsFailed)
    }

    @Test("Of several authorities any may have issued the server's certificate")
    func bundle() async throws {
        let server = try TLSServer()
        let bundle = try TLSServer.makeAuthority().certificate.pem + server.authority.certificate.pem
        let request = HTTPRequest("GET", server.url, tls: TLSSettings(certificateAuthorities: bundle))
        #expect(try await transport.send(request).status == 200)
    }

    @Test("A server under another name is refused, unless that name is the one that is asked for")
    func serverName() async throws {
        let server = try TLSServer(names: ["kubernetes"], addresses: [])
        var tls = TLSSettings(certificateAuthorities: server.authority.certificate.pem)
        #expect(await code(server.url, tls) == .tlsFailed)
        tls.serverName = "kubernetes"
        #expect(try await transport.send(HTTPRequest("GET", "\(server.url)/", tls: tls)).status == 200)
        tls.serverName = "other"
        #expect(await code(server.url, tls) == .tlsFailed)
    }

    @Test("A client certificate from memory is shown to the server", arguments: [KeyAlgorithm.ecdsaP256, .rsa2048])
    func clientCertificate(algorithm: KeyAlgorithm) async throws {
        let server = try TLSServer(demandsCertificate: true)
        let key = try PrivateKey.generate(algorithm)
        let profile = CertificateProfile(
            commonName: "jane", extendedKeyUsages: [.clientAuth], validity: .seconds(3600))
        var tls = TLSSettings(
            certificateAuthorities: server.authority.certificate.pem,
            clientCertificate: try server.authority.issue(profile, to: key, now: Date()).pem, clientKey: key.pem)
        let page = try await transport.send(HTTPRequest("GET", server.url, tls: tls))
        #expect(String(decoding: page.body, as: UTF8.self).contains("Subject: CN=jane"))

        tls.clientCertificate = try TLSServer.makeAuthority().issue(profile, to: key, now: Date()).pem
        #expect(await code(server.url, tls) != nil)
        tls.clientKey = nil
        tls.clientCertificate = nil
        #expect(await code(server.url, tls) != nil)
    }

    @Test("A key that is not the certificate's fails before anything is sent")
    func mismatchedKey() async throws {
        let server = try TLSServer(demandsCertificate: true)
        let profile = CertificateProfile(commonName: "jane", extendedKeyUsages: [.clientAuth], validity: .seconds(60))
        let tls = TLSSettings(
            certificateAuthorities: server.authority.certificate.pem,
            clientCertificate: try server.authority.issue(profile, to: .generate(.ecdsaP256), now: Date()).pem,
            clientKey: try PrivateKey.generate(.ecdsaP256).pem)
        #expect(await code(server.url, tls) == .tlsFailed)
    }

    @Test("A server without HTTP/2 is refused where HTTP/2 is demanded")
    func demandedVersion() async throws {
        let server = try TLSServer()
        let request = HTTPRequest(
            "GET", server.url, tls: TLSSettings(certificateAuthorities: server.authority.certificate.pem),
            version: .http2)
        let error = await #expect(throws: HTTPTransportError.self) { try await transport.send(request) }
        #expect(error?.code == .connectFailed)
        #expect(error?.message.hasSuffix("the server does not speak HTTP/2") == true)
    }
}
