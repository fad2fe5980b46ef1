import Prometheus

/// A tenant's credentials as samples.
package enum CertificateSamples {
    package static func tenant(
        _ facts: TenantFacts, _ holdings: inout CertificateHoldings, now: Double
    ) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        let certificates = holdings.all
        for certificate in certificates where certificate.hasCertificate { add(certificate, &samples) }
        for (kind, isAuthority) in [("ca", true), ("leaf", false)] {
            let ends = certificates.filter { $0.hasCertificate && $0.isAuthority == isAuthority }.map(\.notAfter)
            if let earliest = ends.min() { samples.add(Catalogue.certificateEarliest, earliest, ["kind": kind]) }
        }
        samples.add(Catalogue.certificateSources, Double(certificates.count))
        for finding in holdings.findings(facts, now: now) {
            samples.mark(
                Catalogue.certificateProblem,
                ["cert": finding.name, "origin": finding.origin.rawValue, "problem": finding.problem.rawValue])
        }
        return samples
    }

    private static func add(_ certificate: HeldCertificate, _ samples: inout SampleSet) {
        let (name, origin) = (certificate.name, certificate.origin.rawValue)
        samples.add(Catalogue.certificateNotAfter, certificate.notAfter, ["cert": name, "origin": origin])
        samples.add(Catalogue.certificateNotBefore, certificate.notBefore, ["cert": name, "origin": origin])
        samples.mark(
            Catalogue.certificateInfo,
            [
                "cert": name, "origin": origin, "subject_cn": certificate.commonName,
                "issuer_cn": certificate.issuerCommonName, "serial": certificate.serial,
                "key_algorithm": certificate.keyDescription, "sha256": String(certificate.fingerprint.prefix(16)),
            ])
    }

    /// What upstream's manager counts: Secrets under its certificate controller, by how the worst of each is.
    /// - Parameter deadline: seconds before its end at which a certificate counts as expiring.
    package static func upstream(
        _ facts: TenantFacts, _ holdings: inout CertificateHoldings, now: Double, deadline: Double
    ) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        var counts: [String: Int] = [:]
        for certificates in holdings.bySecret.values {
            // Authorities and the service accounts' key are not under that controller.
            guard let first = certificates.first, !["ca", "front-proxy-ca", "sa"].contains(first.name) else { continue }
            let strategy = first.origin == .kubeconfig ? "kubeconfig" : "x509"
            let status =
                certificates.contains { $0.flaws.contains(.unparsable) || !$0.hasCertificate }
                ? "invalid" : certificates.contains { $0.notAfter < now + deadline } ? "expiring" : "valid"
            counts["\(strategy) \(status)", default: 0] += 1
        }
        for strategy in ["kubeconfig", "x509"] {
            for status in ["expiring", "invalid", "valid"] {
                samples.add(
                    Catalogue.upstreamCertificates, Double(counts["\(strategy) \(status)"] ?? 0),
                    ["status": status, "strategy": strategy])
            }
        }
        return samples
    }
}
