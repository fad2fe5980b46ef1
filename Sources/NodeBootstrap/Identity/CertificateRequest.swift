import FoundationEssentials
import KubeObjects
import NodeIdentity
import PKI

/// The CertificateSigningRequest objects with which a node's agent asks for its certificate.
package enum CertificateRequest {
    /// As long as the tenant grants an agent's certificate: after more than that without contact, the sealed credential
    /// is what brings the node back.
    package static let lifetimeSeconds: Int64 = 7 * 86_400

    /// The name that kubelets without rotation gave theirs: it follows from what is asked, so that asking again after an
    /// interruption meets the request that is there.
    package static func digest(
        _ request: CertificateSigningRequest, usages: [String]
    ) throws(PKIError) -> [UInt8] {
        let key = try PublicKey(pem: request.publicKeyPEM)
        let parts =
            [key.der, Array(request.commonName.utf8)] + request.organizations.map { Array($0.utf8) }
            + usages.map { Array($0.utf8) }
        return SHA512Short.digest(parts.flatMap { Array("\(Base64.encodeURL($0))|".utf8) })
    }

    package static func kubeletName(
        _ request: CertificateSigningRequest, usages: [String]
    ) throws(PKIError) -> String {
        "node-csr-\(Base64.encodeURL(try digest(request, usages: usages)))"
    }

    package static let agentSigner = "kubernetes.io/kube-apiserver-client"
    package static let kubeletSigner = "kubernetes.io/kube-apiserver-client-kubelet"
    package static let agentUsages = ["digital signature", "client auth"]

    /// - Parameter attempt: makes another name, for when the earlier request was denied, failed or forgotten.
    package static func object(
        _ request: CertificateSigningRequest, signer: String, attempt: Int64
    ) throws(PKIError) -> KubeObject {
        let digest = try digest(request, usages: agentUsages + ["\(attempt)"])
        let hex = digest.prefix(20).map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0\(text)" : text
        }.joined()
        var object = KubeObject(
            apiVersion: "certificates.k8s.io/v1", kind: "CertificateSigningRequest", name: "kamaji-agent-\(hex)")
        object["spec"] = [
            "request": .string(Base64.encode(request.pem)),
            "signerName": .string(signer), "usages": JSON(agentUsages),
        ]
        // Kubelets get what the tenant gives every kubelet.
        if signer == agentSigner { object[path: "spec", "expirationSeconds"] = .integer(lifetimeSeconds) }
        return object
    }

    package enum Outcome: Sendable, Hashable {
        case pending
        /// Approved, and the signer has not come to it: it may be missing.
        case approved
        case denied(reason: String, message: String)
        case failed(reason: String, message: String)
        case issued([UInt8])
    }

    package static func outcome(of object: KubeObject) -> Outcome {
        let conditions = object[path: "status", "conditions"]?.array ?? []
        func condition(_ type: String) -> (String, String)? {
            conditions.first { $0["type"]?.string == type && $0["status"]?.string != "False" }.map {
                ($0["reason"]?.string ?? "", $0["message"]?.string ?? "")
            }
        }
        if let (reason, message) = condition("Denied") { return .denied(reason: reason, message: message) }
        if let (reason, message) = condition("Failed") { return .failed(reason: reason, message: message) }
        if let pem = object[path: "status", "certificate"]?.string.flatMap(Base64.decode), !pem.isEmpty {
            return .issued(pem)
        }
        return condition("Approved") == nil ? .pending : .approved
    }

    /// Whether the object asks for this key's certificate, and not for somebody else's under the same name.
    package static func asks(_ object: KubeObject, forKeyOf request: CertificateSigningRequest) -> Bool {
        guard let pem = object[path: "spec", "request"]?.string.flatMap(Base64.decode),
            let other = try? CertificateSigningRequest(pem: pem)
        else { return false }
        return other.publicKeySHA256Hex == request.publicKeySHA256Hex && other.commonName == request.commonName
    }
}

/// When a certificate is renewed: after 70 to 90 % of its life, as kubelets do, so that a fleet does not come at once.
package enum RenewalMoment {
    /// - Parameter place: from 0 to 1.
    package static func moment(of certificate: Certificate, place: Double) -> Date {
        let life = certificate.notAfter.timeIntervalSince(certificate.notBefore)
        return certificate.notBefore.addingTimeInterval(life * (0.7 + 0.2 * min(max(place, 0), 1)))
    }
}
