import FoundationEssentials
import KubeObjects
import PKI
import Testing

@testable import NodeBootstrap

@Suite struct RequestVectorTests {
    @Test func `requests of both encoders are read, and named as kubelets name theirs`() throws {
        let csr = try #require(try Vectors.all()["csr"])
        let request = try CertificateSigningRequest(pem: Array((csr["csrPEM"]?.string ?? "").utf8))
        #expect(request.commonName == "system:node:edge-0001.site-a" && request.organizations == ["system:nodes"])
        #expect(
            try CertificateRequest.kubeletName(request, usages: csr["usages"]?.strings ?? [])
                == csr["digestedName"]?.string)
        let other = try CertificateSigningRequest(pem: Array((csr["csrPEMfromOpenSSL"]?.string ?? "").utf8))
        #expect(other.publicKeySHA256Hex == request.publicKeySHA256Hex)
        let rsa = try #require(csr["rsa"])
        let rsaRequest = try CertificateSigningRequest(pem: Array((rsa["csrPEM"]?.string ?? "").utf8))
        #expect(
            try CertificateRequest.kubeletName(rsaRequest, usages: rsa["usages"]?.strings ?? [])
                == rsa["digestedName"]?.string)
    }

    @Test(arguments: ["issued", "issuedShort"])
    func `certificates are renewed within the contract's window`(which: String) throws {
        let issued = try #require(try Vectors.all()[path: "csr", which])
        let certificate = try Certificate(pem: Array((issued["certPEM"]?.string ?? "").utf8))
        let earliest = Timestamp.parse(issued[path: "rotation", "earliestRotation"]?.string ?? "")
        let latest = Timestamp.parse(issued[path: "rotation", "latestRotation"]?.string ?? "")
        #expect(RenewalMoment.moment(of: certificate, place: 0) == earliest)
        #expect(RenewalMoment.moment(of: certificate, place: 1) == latest)
    }

    @Test func `every outcome of a request is told apart`() {
        func object(_ conditions: [JSON], certificate: String? = nil) -> KubeObject {
            var object = KubeObject(["status": ["conditions": .array(conditions)]])
            if let certificate { object[path: "status", "certificate"] = .string(certificate) }
            return object
        }
        let approved: JSON = ["type": "Approved", "status": "True"]
        #expect(CertificateRequest.outcome(of: object([])) == .pending)
        #expect(CertificateRequest.outcome(of: object([approved])) == .approved)
        #expect(CertificateRequest.outcome(of: object([approved], certificate: "YQ==")) == .issued([0x61]))
        #expect(
            CertificateRequest.outcome(
                of: object([["type": "Denied", "status": "True", "reason": "r", "message": "m"]]))
                == .denied(reason: "r", message: "m"))
        #expect(
            CertificateRequest.outcome(of: object([approved, ["type": "Failed", "status": "True", "reason": "r"]]))
                == .failed(reason: "r", message: ""))
    }
}
