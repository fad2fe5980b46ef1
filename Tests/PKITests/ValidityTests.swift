import Foundation
import Testing

@testable import PKI

@Suite("Validity of certificates")
struct ValidityTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test("It is counted from the moment of issue, and begins earlier by the backdate")
    func anchored() throws {
        var profile = Sample.authorityProfile
        profile.validity = .seconds(1000)
        profile.backdate = .seconds(60)
        let certificate = try Sample.authority(.ecdsaP256, profile, now: now.addingTimeInterval(0.9)).certificate
        #expect(certificate.notBefore == now.addingTimeInterval(-60))
        #expect(certificate.notAfter == now.addingTimeInterval(1000))
        #expect(certificate.isValid(at: now.addingTimeInterval(-60)))
        #expect(certificate.isValid(at: now.addingTimeInterval(1000)))
        #expect(!certificate.isValid(at: now.addingTimeInterval(-61)))
        #expect(!certificate.isValid(at: now.addingTimeInterval(1001)))
    }

    @Test("A leaf never begins before its authority nor ends after it")
    func cut() throws {
        var profile = Sample.authorityProfile
        profile.backdate = .seconds(10)
        let authority = try Sample.authority(.ecdsaP256, profile, now: now)
        var leaf = Sample.client
        leaf.validity = .seconds(1_000_000)
        leaf.backdate = .seconds(1_000_000)
        let certificate = try authority.issue(leaf, to: .generate(.ecdsaP256), now: now)
        #expect(certificate.notBefore == authority.certificate.notBefore)
        #expect(certificate.notAfter == authority.certificate.notAfter)
    }

    @Test("An authority that is over, or has not begun, issues nothing")
    func outsideOfTheAuthority() throws {
        let authority = try Sample.authority(now: now)
        let key = try PrivateKey.generate(.ecdsaP256)
        for moment in [now.addingTimeInterval(3601), now.addingTimeInterval(-2_000)] {
            let error = #expect(throws: PKIError.self) {
                try authority.issue(Sample.client, to: key, now: moment)
            }
            #expect(error?.code == .expiredAuthority)
        }
        #expect(try authority.issue(Sample.client, to: key, now: now.addingTimeInterval(3600)).isValid(at: now + 3600))
    }

    @Test(
        "Years from 2050 on and before 1970 are read as written",
        arguments: [2_600_000_000.0, -300_000_000, 253_402_000_000])
    func farMoments(seconds: Double) throws {
        let moment = Date(timeIntervalSince1970: seconds)
        let certificate = try Sample.authority(now: moment).certificate
        #expect(certificate.notAfter == moment.addingTimeInterval(3600))
        #expect(certificate.notBefore == moment.addingTimeInterval(-300))
    }

    @Test("OpenSSL sees the same moments")
    func openSSLAgrees() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("ca.pem", Sample.authority(now: now).certificate.pem)
        let text = try OpenSSLCommand.output("x509", "-noout", "-startdate", "-enddate", "-in", file)
        #expect(text == "notBefore=Jan 15 07:55:00 2027 GMT\nnotAfter=Jan 15 09:00:00 2027 GMT\n")
    }

    @Test("A moment that no certificate can say is refused, not a crash", arguments: [1e300, -1e300, Double.infinity])
    func impossibleMoment(seconds: Double) {
        #expect(throws: PKIError.self) {
            try Sample.authority(now: Date(timeIntervalSince1970: seconds))
        }
    }
}
