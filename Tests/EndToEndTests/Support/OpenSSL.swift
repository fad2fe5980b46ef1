import Foundation

/// Certificates and keys as openssl reads them.
struct OpenSSL: Sendable {
    let scratch: ScratchDirectory

    /// Whether `leaf` is good for `purpose` (`sslserver`, `sslclient`) under this authority alone, by strict rules.
    func verify(_ leaf: String, authority: String, purpose: String) async throws -> Outcome {
        try await run([
            "verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", try scratch.write(authority),
            "-purpose", purpose, try scratch.write(leaf),
        ])
    }

    /// Whether a TLS client that asks for this name or address would take the certificate.
    func accepts(_ host: String, of leaf: String) async throws -> Bool {
        let isAddress = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
        let outcome = try await run([
            "x509", "-noout", isAddress ? "-checkip" : "-checkhost", host, "-in", try scratch.write(leaf),
        ])
        return outcome.output.contains("does match certificate")
    }

    func text(_ certificate: String) async throws -> String {
        try await run([
            "x509", "-noout", "-text", "-nameopt", "RFC2253", "-in", try scratch.write(certificate),
        ]).output
    }

    func publicKey(ofCertificate certificate: String) async throws -> String {
        try await run(["x509", "-noout", "-pubkey", "-in", try scratch.write(certificate)]).output
    }

    func publicKey(ofKey key: String) async throws -> String {
        try await run(["pkey", "-pubout", "-in", try scratch.write(key)]).output
    }

    private func run(_ arguments: [String]) async throws -> Outcome { try await Programs.run("openssl", arguments) }
}
