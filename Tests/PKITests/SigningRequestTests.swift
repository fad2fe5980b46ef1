import Foundation
import Testing

@testable import PKI

@Suite("Certificate signing requests")
struct SigningRequestTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func request(_ key: PrivateKey) throws -> CertificateSigningRequest {
        try .make(
            commonName: "system:node:worker", organizations: ["system:nodes"], dnsNames: ["worker"],
            ipAddresses: ["10.0.0.9"], key: key)
    }

    @Test("OpenSSL verifies a request of ours and shows what it asks for", arguments: KeyAlgorithm.allCases)
    func verified(algorithm: KeyAlgorithm) throws {
        let file = try folder.file("request.pem", Self.request(.generate(algorithm)).pem)
        let text = try OpenSSLCommand.output("req", "-verify", "-noout", "-text", "-in", file)
        for line in ["verify OK", "O = system:nodes, CN = system:node:worker", "DNS:worker, IP Address:10.0.0.9"] {
            #expect(text.contains(line), "\(line) is missing in \(text)")
        }
    }

    @Test("A request that OpenSSL made is read")
    func madeByOpenSSL() throws {
        let (key, file) = ("\(folder.path)/key.pem", "\(folder.path)/request.pem")
        _ = try OpenSSLCommand.output(
            "req", "-newkey", "rsa:2048", "-noenc", "-keyout", key, "-out", file, "-subj", "/O=dev/CN=jane",
            "-addext", "subjectAltName=DNS:jane.example,IP:192.0.2.1,URI:https://example.com")
        let request = try CertificateSigningRequest(pem: [UInt8](Data(contentsOf: URL(filePath: file))))
        #expect(request.commonName == "jane")
        #expect(request.organizations == ["dev"])
        #expect(request.dnsNames == ["jane.example"])
        #expect(request.ipAddresses == ["192.0.2.1"])
        #expect(request.hasOtherNames)
        #expect(request.keyDescription == "RSA 2048")
        let madeWith = try PrivateKey(pem: [UInt8](Data(contentsOf: URL(filePath: key))))
        #expect(request.publicKeyPEM == madeWith.publicKeyPEM)
    }

    @Test("A request without names asks for none")
    func withoutNames() throws {
        let request = try CertificateSigningRequest.make(commonName: "jane", key: .generate(.ecdsaP256))
        #expect(request.dnsNames.isEmpty && request.ipAddresses.isEmpty && !request.hasOtherNames)
        #expect(try CertificateSigningRequest(pem: request.pem) == request)
    }

    @Test("A request whose signed bytes were changed is refused", arguments: KeyAlgorithm.allCases)
    func tampered(algorithm: KeyAlgorithm) throws {
        let request = try Self.request(.generate(algorithm))
        let lines = String(decoding: request.pem, as: UTF8.self).split(separator: "\n")
        var der = [UInt8](try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined())))
        let name = try #require(der.firstRange(of: Array("worker".utf8)))
        der[name.lowerBound] = UInt8(ascii: "W")
        let pem = """
            -----BEGIN CERTIFICATE REQUEST-----
            \(Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed]))
            -----END CERTIFICATE REQUEST-----

            """
        let error = #expect(throws: PKIError.self) { try CertificateSigningRequest(pem: Array(pem.utf8)) }
        #expect(error?.code == .invalidSignature)
    }

    @Test("A certificate for a request takes its key, and everything else from the profile")
    func issued() throws {
        let authority = try Sample.authority()
        let key = try PrivateKey.generate(.ecdsaP256)
        let certificate = try authority.issue(
            Sample.client, publicKeyOf: Self.request(key), now: Sample.now)
        #expect(certificate.matches(key))
        #expect(certificate.commonName == Sample.client.commonName)
        #expect(certificate.organizations == Sample.client.organizations)
        #expect(certificate.dnsNames.isEmpty)
        #expect(certificate.isIssued(by: authority.certificate))
    }
}
