import Foundation
import Testing

@testable import PKI

@Suite("Reading PEM")
struct ReadingTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "What is no certificate is refused, not a crash",
        arguments: [
            ("", .malformedPEM), ("no PEM at all", .malformedPEM),
            ("-----BEGIN CERTIFICATE-----\n", .malformedPEM),
            ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", .malformedPEM),
            ("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", .malformedPEM),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", .malformedContent),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END PUBLIC KEY-----\n", .malformedPEM),
        ] as [(String, PKIError.Code)])
    func garbage(text: String, code: PKIError.Code) {
        #expect(throws: PKIError.self) { try Certificate(pem: Self.bytes(text)) }
        #expect(#expect(throws: PKIError.self) { try Certificate.chain(pem: Self.bytes(text)) }?.code == code)
        #expect(throws: PKIError.self) { try PrivateKey(pem: Self.bytes(text)) }
        #expect(throws: PKIError.self) { try CertificateSigningRequest(pem: Self.bytes(text)) }
        #expect(throws: PKIError.self) { try PublicKey(pem: Self.bytes(text)) }
    }

    @Test("A certificate that is cut anywhere, or whose bytes changed, never crashes the reader")
    func damaged() throws {
        let pem = try Sample.authority().certificate.pem
        for length in stride(from: 0, to: pem.count - 30, by: 7) {
            #expect(throws: PKIError.self) { try Certificate(pem: Array(pem.prefix(length))) }
        }
        for index in stride(from: 28, to: pem.count - 28, by: 3) where pem[index] != 0x0A {
            var changed = pem
            changed[index] = pem[index] == UInt8(ascii: "A") ? UInt8(ascii: "z") : UInt8(ascii: "A")
            if let certificate = try? Certificate(pem: changed) { #expect(certificate.pem != pem) }
        }
    }

    @Test("A chain is read in order, with text and other blocks between")
    func chain() throws {
        let authority = try Sample.authority()
        let leaf = try authority.issue(Sample.client, to: .generate(.ecdsaP256), now: Sample.now)
        let text = Self.bytes("subject=CN = x\r\n")
        let pem = text + leaf.pem + authority.key.pem + text + authority.certificate.pem
        #expect(try Certificate.chain(pem: pem) == [leaf, authority.certificate])
        #expect(try Certificate(pem: pem) == leaf)
        let windows = Self.bytes(String(decoding: pem, as: UTF8.self).replacing("\n", with: "\r\n"))
        #expect(try Certificate.chain(pem: windows) == [leaf, authority.certificate])
    }

    @Test("A block of another kind is named in the error")
    func otherBlock() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let error = #expect(throws: PKIError.self) { try Certificate(pem: key.pem) }
        #expect(error?.code == .malformedPEM)
        #expect(error?.message.contains("only \"EC PRIVATE KEY\"") == true)
    }

    @Test("A certificate made by OpenSSL is read, with what OpenSSL says of it")
    func madeByOpenSSL() throws {
        let folder = try TemporaryFolder()
        let (key, certificate) = ("\(folder.path)/key.pem", "\(folder.path)/certificate.pem")
        _ = try OpenSSLCommand.output(
            "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-keyout", key, "-out", certificate, "-days", "1",
            "-subj", "/O=one/O=two/CN=first/CN=last", "-set_serial", "0x00ab12",
            "-addext", "subjectAltName=DNS:a.example,IP:2001:db8::1,email:a@example.com",
            "-addext", "keyUsage=critical,keyCertSign,decipherOnly,keyAgreement", "-addext",
            "extendedKeyUsage=1.2.3.4,anyExtendedKeyUsage")
        let read = try Certificate(pem: [UInt8](Data(contentsOf: URL(filePath: certificate))))
        #expect(read.commonName == "last")
        #expect(read.organizations == ["one", "two"])
        #expect(read.serialHex == "ab12")
        #expect(read.dnsNames == ["a.example"])
        #expect(read.ipAddresses == ["2001:db8::1"])
        #expect(read.isAuthority)
        #expect(read.keyUsages == [.certificateSign, .keyAgreement, .decipherOnly])
        #expect(read.extendedKeyUsages == [ExtendedKeyUsage(rawValue: "1.2.3.4"), .any])
        #expect(try read.matches(PrivateKey(pem: [UInt8](Data(contentsOf: URL(filePath: key))))))
        #expect(read.isIssued(by: read))
        let publicKey = try folder.file("public.pem", read.publicKeyPEM)
        _ = try OpenSSLCommand.output(
            "pkey", "-pubin", "-in", publicKey, "-outform", "DER", "-out", "\(folder.path)/der")
        #expect(
            try OpenSSLCommand.output("dgst", "-sha256", "-r", "\(folder.path)/der").hasPrefix(read.publicKeySHA256Hex))
    }

    @Test("Only a certificate that may sign others becomes an authority")
    func adoptedAuthority() throws {
        let authority = try Sample.authority()
        #expect(try CertificateAuthority(certificate: authority.certificate, key: authority.key) == authority)
        let key = try PrivateKey.generate(.ecdsaP256)
        let leaf = try authority.issue(Sample.client, to: key, now: Sample.now)
        #expect(
            #expect(throws: PKIError.self) { try CertificateAuthority(certificate: leaf, key: key) }?.code
                == .notAnAuthority)
        var profile = Sample.authorityProfile
        profile.keyUsages = [.digitalSignature]
        let powerless = try authority.issue(profile, to: key, now: Sample.now)
        #expect(
            #expect(throws: PKIError.self) { try CertificateAuthority(certificate: powerless, key: key) }?.code
                == .notAnAuthority)
        #expect(throws: PKIError.self) { try CertificateAuthority.selfSigned(Sample.client, key: key, now: Sample.now) }
    }
}
