import CLibSSL
import FoundationEssentials
import Glibc

/// Moments as certificates hold them: whole seconds, UTCTime until 2049 and GeneralizedTime from 2050 on
/// (RFC 5280, 4.1.2.5).
enum CertificateTime {
    /// 9999-12-31T23:59:59Z, the last moment that GeneralizedTime can say.
    static let latest = 253_402_300_799
    /// 1950-01-01T00:00:00Z, the first that UTCTime can say.
    static let earliest = -631_152_000

    static func seconds(of date: Date) -> Int {
        // A Date may hold any Double; the bounds keep the conversion from trapping.
        let seconds = date.timeIntervalSince1970.rounded(.down)
        return Int(seconds.isNaN ? 0 : min(max(seconds, Double(earliest)), Double(latest)))
    }

    static func read(_ time: UnsafePointer<ASN1_TIME>?, of field: String) throws(PKIError) -> Date {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else {
            throw .library("read \(field) of the certificate", code: .malformedContent)
        }
        return Date(timeIntervalSince1970: Double(timegm(&parts)))
    }

    static func write(_ seconds: Int, to time: UnsafeMutablePointer<ASN1_TIME>?) throws(PKIError) {
        guard let time, ASN1_TIME_set(time, seconds) != nil else { throw .library("write a time") }
    }
}
