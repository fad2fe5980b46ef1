import KubeObjects
import PKI

/// Everything known of one tenant's credentials, and what is wrong with them. Pure: the same holdings at the same moment
/// are judged alike.
package struct CertificateHoldings: Sendable {
    /// By the Secret that they are in.
    package private(set) var bySecret: [String: [HeldCertificate]] = [:]
    /// As the API server last showed it.
    package var served: HeldCertificate?
    /// As the konnectivity server last showed it to who comes as its agents do.
    package var servedToAgents: HeldCertificate?
    /// Authorities of the DataStore; empty while they are not known.
    package var datastoreAuthorities: [UInt8] = []
    /// Signatures that were verified: reading two certificates and checking one costs as much as all the rest.
    private var verdicts: [Verdict: Bool] = [:]

    private struct Verdict: Sendable, Hashable {
        let leaf: String
        let authorities: Int
    }

    package init() {}

    package var isEmpty: Bool { bySecret.isEmpty }

    /// Takes in what a Secret holds now; nil when it is gone. Tells the certificates that others took the place of.
    package mutating func set(secret: String, _ certificates: [HeldCertificate]?) -> [String] {
        let before = bySecret[secret] ?? []
        bySecret[secret] = certificates
        return before.compactMap { old in
            let new = certificates?.first { $0.name == old.name && $0.origin == old.origin }
            return new.map { $0.fingerprint != old.fingerprint && !old.fingerprint.isEmpty } == true ? old.name : nil
        }
    }

    /// Sorted, those that are served last; each once.
    package var all: [HeldCertificate] {
        kept.sorted { ($0.origin.rawValue, $0.name) < ($1.origin.rawValue, $1.name) }
            + [served, servedToAgents].compactMap { $0 }
    }

    /// Somebody may copy a Secret with its labels: what the shortest name holds is the tenant's, the rest copies.
    private var kept: [HeldCertificate] {
        var seen: Set<String> = []
        return bySecret.sorted { ($0.key.count, $0.key) < ($1.key.count, $1.key) }.flatMap(\.value).filter {
            seen.insert("\($0.origin.rawValue) \($0.name)").inserted
        }
    }

    package func stored(_ name: String) -> HeldCertificate? {
        kept.first { $0.name == name && $0.origin == .secret }
    }

    /// The next moment after `now` at which a certificate begins or ceases to be valid, or comes so near its end that it
    /// should be renewed.
    /// - Parameter deadline: seconds before its end from which on a certificate should be renewed.
    package func nextTurn(after now: Double, deadline: Double) -> Double? {
        // What ends at a moment is still good in it: it is judged a second later.
        all.filter(\.hasCertificate).flatMap { [$0.notBefore, $0.notAfter - deadline + 1, $0.notAfter + 1] }
            .filter { $0 > now }.min()
    }

    package struct Finding: Sendable, Hashable {
        package let name: String
        package let origin: CertificateOrigin
        package let problem: CertificateProblem
    }

    /// - Parameter facts: of the tenant, for the address that its API server is called by and the Secrets that must be
    ///   there.
    package mutating func findings(_ facts: TenantFacts?, now: Double) -> [Finding] {
        var found: [Finding] = []
        for certificate in all {
            var problems = certificate.flaws
            if certificate.hasCertificate {
                if certificate.notAfter < now { problems.insert(.expired) }
                if certificate.notBefore > now { problems.insert(.notYetValid) }
            }
            problems.formUnion(chainProblems(certificate))
            problems.formUnion(useProblems(certificate, facts))
            found += problems.map { Finding(name: certificate.name, origin: certificate.origin, problem: $0) }
        }
        let secrets = Set(bySecret.keys)
        for (name, secret) in facts?.namedSecrets ?? [:] where !secrets.contains(secret) {
            let origin = name.hasSuffix(".conf") ? CertificateOrigin.kubeconfig : .secret
            found.append(Finding(name: name, origin: origin, problem: .missing))
        }
        return found.sorted {
            ($0.origin.rawValue, $0.name, $0.problem.rawValue) < ($1.origin.rawValue, $1.name, $1.problem.rawValue)
        }
    }

    /// Whether those that should have issued a certificate did, and whether what trusts trusts the right ones.
    private mutating func chainProblems(_ certificate: HeldCertificate) -> Set<CertificateProblem> {
        var problems: Set<CertificateProblem> = []
        if certificate.origin == .kubeconfig, !certificate.trustedPEM.isEmpty,
            let server = stored("apiserver"), server.hasCertificate,
            !isIssued(server, by: certificate.trustedPEM)
        {
            // Whoever uses it will not believe the API server: the outage of upstream's issue 1151.
            problems.insert(.authorityMismatch)
        }
        if certificate.name == "datastore-ca", !datastoreAuthorities.isEmpty,
            Set(certificate.trusted.map(\.pem)).isDisjoint(with: Certificate.all(datastoreAuthorities).map(\.pem))
        {
            problems.insert(.authorityMismatch)
        }
        guard certificate.hasCertificate, let authorities = authorities(over: certificate) else { return problems }
        if !isIssued(certificate, by: authorities) { problems.insert(.chainInvalid) }
        return problems
    }

    /// The bundle one of which must have issued the certificate; nil where none is known.
    private func authorities(over certificate: HeldCertificate) -> [UInt8]? {
        let name =
            switch (certificate.origin, certificate.name) {
            case (.secret, "front-proxy-client"): "front-proxy-ca"
            case (.secret, "datastore-client"): "datastore-ca"
            case (.secret, "ca"), (.secret, "front-proxy-ca"), (.secret, "datastore-ca"), (.secret, "sa"): ""
            default: "ca"
            }
        guard let bundle = stored(name)?.trustedPEM, !bundle.isEmpty else { return nil }
        return bundle
    }

    private mutating func isIssued(_ leaf: HeldCertificate, by bundle: [UInt8]) -> Bool {
        let question = Verdict(leaf: leaf.fingerprint, authorities: bundle.hashValue)
        if let known = verdicts[question] { return known }
        guard let certificate = leaf.certificate else { return false }
        let answer = Certificate.all(bundle).contains { certificate.isIssued(by: $0) }
        // Every rotation brings new questions; old ones are not asked again.
        if verdicts.count > 200 { verdicts = [:] }
        verdicts[question] = answer
        return answer
    }

    private func useProblems(_ certificate: HeldCertificate, _ facts: TenantFacts?) -> Set<CertificateProblem> {
        var problems: Set<CertificateProblem> = []
        let isServer = certificate.name == "apiserver" || certificate.origin == .served
        if isServer, certificate.hasCertificate, let host = facts?.endpointHost,
            certificate.certificate?.isGood(for: host) == false
        {
            problems.insert(.nameMissing)
        }
        // Both servers are given the same one.
        if certificate.origin == .served, let stored = stored("apiserver"), stored.hasCertificate,
            stored.fingerprint != certificate.fingerprint
        {
            problems.insert(.servedMismatch)
        }
        return problems
    }
}

extension Certificate {
    /// None where there is none that can be read.
    static func all(_ pem: [UInt8]) -> [Certificate] { pem.isEmpty ? [] : (try? chain(pem: pem)) ?? [] }

    /// Whether a client that calls `host` accepts the certificate's names (RFC 9525: addresses literally, names without
    /// regard to case, a wildcard for one label on the left).
    package func isGood(for host: String) -> Bool {
        if let address = IPAddress(host) { return ipAddresses.contains(address.description) }
        let host = host.lowercased()
        return dnsNames.contains { name in
            let name = name.lowercased()
            guard name.hasPrefix("*.") else { return name == host }
            guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
            return host[dot...] == name.dropFirst()
        }
    }
}
