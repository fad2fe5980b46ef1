import Foundation
import Testing

@testable import PKI

@Suite("Signatures of tokens")
struct TokenSignatureTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func key(_ arguments: [String]) throws -> PrivateKey {
        let file = "\(folder.path)/token-key.pem"
        let made = try OpenSSLCommand(["genpkey", "-quiet", "-out", file] + arguments)
        try #require(made.status == 0, "\(made.output)")
        return try PrivateKey(pem: [UInt8](Data(contentsOf: URL(filePath: file))))
    }

    @Test(
        "What a key signs its public half verifies, and nothing else",
        arguments: [
            ("RS256", 256, ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
            ("ES256", 64, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
            ("ES384", 96, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
            ("ES512", 132, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
        ])
    func roundTrip(algorithm: String, length: Int, arguments: [String]) throws {
        let key = try key(arguments)
        let publicKey = try PublicKey(pem: key.publicKeyPEM)
        #expect(key.tokenAlgorithm == algorithm)
        #expect(publicKey.tokenAlgorithm == algorithm)
        #expect(try PublicKey(pem: key.pem) == publicKey)
        // Numbers that begin with zeros are rare; many signatures meet some.
        for index in 0..<(algorithm == "RS256" ? 4 : 300) {
            let message = Array("header.payload \(index)".utf8)
            var signature = try key.tokenSignature(of: message)
            #expect(signature.count == length)
            #expect(publicKey.verifies(signature, of: message))
            guard index < 10 else { continue }
            #expect(!publicKey.verifies(signature, of: message + [0]))
            signature[index * 7 % length] ^= 1
            #expect(!publicKey.verifies(signature, of: message))
        }
        #expect(!publicKey.verifies([], of: [1]))
        #expect(!publicKey.verifies([UInt8](repeating: 0, count: length), of: [1]))
    }

    @Test("OpenSSL verifies an RSA signature of ours")
    func openSSLVerifies() throws {
        let key = try PrivateKey.generate(.rsa2048)
        let message = Array("header.payload".utf8)
        let verdict = try OpenSSLCommand.output(
            "dgst", "-sha256", "-verify", folder.file("public.pem", key.publicKeyPEM),
            "-signature", folder.file("signature", key.tokenSignature(of: message)), folder.file("message", message))
        #expect(verdict == "Verified OK\n")
    }

    @Test("An Ed25519 key signs no tokens")
    func unsupported() throws {
        let key = try key(["-algorithm", "ED25519"])
        #expect(key.tokenAlgorithm.isEmpty)
        #expect(#expect(throws: PKIError.self) { try key.tokenSignature(of: [1]) }?.code == .unsupportedKey)
    }

    @Test("Authentication codes are those of RFC 4231, with a short key and one longer than a block")
    func authenticationCodes() {
        func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
        #expect(
            hex(SHA256.authenticationCode(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            hex(
                SHA256.authenticationCode(
                    of: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                    key: [UInt8](repeating: 0xAA, count: 131)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        #expect(hex(SHA256.digest([])).hasPrefix("e3b0c44298fc1c14"))
    }

    @Test("A file of several public keys gives all of them, and one without any says so")
    func severalPublicKeys() throws {
        let (first, second) = (try PrivateKey.generate(.ecdsaP256), try PrivateKey.generate(.rsa2048))
        let keys = try PublicKey.all(pem: first.publicKeyPEM + Array("between\n".utf8) + second.publicKeyPEM)
        #expect(keys.map(\.pem) == [first.publicKeyPEM, second.publicKeyPEM])
        #expect(try PublicKey.all(pem: second.pem).map(\.pem) == [second.publicKeyPEM])
        #expect(throws: PKIError.self) { try PublicKey.all(pem: Array("nothing".utf8)) }
    }
}
