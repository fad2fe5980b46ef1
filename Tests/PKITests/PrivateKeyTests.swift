import Foundation
import Testing

@testable import PKI

@Suite("Private keys")
struct PrivateKeyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "A new key is written in its traditional form, and OpenSSL reads both halves",
        arguments: [
            (KeyAlgorithm.ecdsaP256, "EC PRIVATE KEY", "ECDSA P-256"), (.rsa2048, "RSA PRIVATE KEY", "RSA 2048"),
        ])
    func generated(algorithm: KeyAlgorithm, label: String, kind: String) throws {
        let key = try PrivateKey.generate(algorithm)
        #expect(String(decoding: key.pem, as: UTF8.self).hasPrefix("-----BEGIN \(label)-----\n"))
        #expect(String(decoding: key.publicKeyPEM, as: UTF8.self).hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
        #expect(key.keyDescription == kind)
        let file = try folder.file("key.pem", key.pem)
        let publicFile = try folder.file("public.pem", key.publicKeyPEM)
        _ = try OpenSSLCommand.output("pkey", "-noout", "-check", "-in", file)
        let derived = try OpenSSLCommand.output("pkey", "-pubout", "-in", file)
        #expect(derived == String(decoding: key.publicKeyPEM, as: UTF8.self))
        #expect(try OpenSSLCommand.output("pkey", "-pubin", "-pubout", "-in", publicFile) == derived)
        #expect(try PrivateKey(pem: key.pem) == key)
        #expect(try PrivateKey.generate(algorithm) != key)
    }

    @Test(
        "Keys that OpenSSL made are adopted, whatever their form",
        arguments: [
            (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "RSA 2048", "RSA PRIVATE KEY"),
            (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"], "RSA 3072", "RSA PRIVATE KEY"),
            (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], "ECDSA P-384", "EC PRIVATE KEY"),
            (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], "ECDSA P-521", "EC PRIVATE KEY"),
            (["-algorithm", "ED25519"], "Ed25519", "PRIVATE KEY"),
        ])
    func adopted(arguments: [String], kind: String, label: String) throws {
        let made = try OpenSSLCommand(["genpkey", "-quiet", "-out", "\(folder.path)/made.pem"] + arguments)
        try #require(made.status == 0, "\(made.output)")
        let pem = [UInt8](try Data(contentsOf: URL(filePath: "\(folder.path)/made.pem")))
        let key = try PrivateKey(pem: pem)
        #expect(key.keyDescription == kind)
        #expect(String(decoding: key.pem, as: UTF8.self).hasPrefix("-----BEGIN \(label)-----\n"))
        let text = Array("some text\r\n".utf8)
        #expect(try PrivateKey(pem: text + pem + text) == key)
        let authority = try CertificateAuthority.selfSigned(Sample.authorityProfile, key: key, now: Sample.now)
        let file = try folder.file("ca.pem", authority.certificate.pem)
        let leaf = try authority.issue(Sample.client, to: key, now: Sample.now)
        _ = try OpenSSLCommand.output("verify", "-CAfile", file, folder.file("leaf.pem", leaf.pem))
        #expect(leaf.isIssued(by: authority.certificate))
    }

    @Test("A key with its EC parameters in a block before it is found")
    func parametersFirst() throws {
        let file = "\(folder.path)/ec.pem"
        _ = try OpenSSLCommand.output("ecparam", "-name", "prime256v1", "-genkey", "-out", file)
        let pem = [UInt8](try Data(contentsOf: URL(filePath: file)))
        #expect(String(decoding: pem, as: UTF8.self).hasPrefix("-----BEGIN EC PARAMETERS-----"))
        #expect(try PrivateKey(pem: pem).keyDescription == "ECDSA P-256")
    }

    @Test("Encrypted keys, short keys and other curves are refused with a way out")
    func refused() throws {
        let key = try folder.file("key.pem", PrivateKey.generate(.ecdsaP256).pem)
        for (arguments, hint) in [
            (["pkcs8", "-topk8", "-passout", "pass:x", "-in", key], "openssl pkey -in KEY"),
            (["ec", "-aes128", "-passout", "pass:x", "-in", key], "openssl pkey -in KEY"),
            (["genrsa", "1024"], "2048"),
            (["ecparam", "-name", "secp256k1", "-genkey", "-noout"], "P-256"),
            (["genpkey", "-algorithm", "X25519"], "ECDSA"),
        ] {
            let file = "\(folder.path)/refused.pem"
            let command = try OpenSSLCommand(arguments.prefix(1) + ["-out", file] + arguments.dropFirst())
            try #require(command.status == 0, "\(command.output)")
            let error = #expect(throws: PKIError.self) {
                try PrivateKey(pem: [UInt8](try Data(contentsOf: URL(filePath: file))))
            }
            #expect(error?.code == .unsupportedKey, "\(arguments)")
            #expect(error?.message.contains(hint) == true, "\(error?.message ?? "")")
        }
    }

    @Test("A certificate matches its own key and no other")
    func matches() throws {
        let authority = try Sample.authority()
        let key = try PrivateKey.generate(.ecdsaP256)
        let leaf = try authority.issue(Sample.client, to: key, now: Sample.now)
        #expect(leaf.matches(key))
        #expect(!leaf.matches(authority.key))
        #expect(!leaf.matches(try .generate(.rsa2048)))
        let error = #expect(throws: PKIError.self) {
            try CertificateAuthority(certificate: authority.certificate, key: key)
        }
        #expect(error?.code == .keyMismatch)
    }

    @Test("No description, dump or error shows a key")
    func hidden() throws {
        let authority = try Sample.authority()
        let lines = authority.key.pem.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        var shown =
            "\(authority) \(authority.key) \(String(reflecting: authority)) \(String(describing: [authority.key]))"
        dump(authority, to: &shown)
        let broken = authority.key.pem.dropLast(60)
        shown += "\(#expect(throws: PKIError.self) { try PrivateKey(pem: Array(broken)) }.map { "\($0)" } ?? "")"
        for line in lines { #expect(!shown.contains(line)) }
        #expect(shown.contains("PrivateKey(ECDSA P-256)"))
        let bytes = authority.key.pem.prefix(40).map { "\($0)" }.joined(separator: ", ")
        #expect(!shown.contains(bytes))
    }
}
