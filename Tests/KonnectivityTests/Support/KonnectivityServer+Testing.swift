import Foundation
import PKI
import TunnelServer

extension KonnectivityServer {
    convenience init(_ identity: TestIdentity, _ settings: Settings = Settings(), port: UInt16 = 0) throws {
        let name = "tunnel-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try self.init(
            Identity(
                certificate: identity.serverCertificate, key: identity.serverKey,
                authority: identity.authority.certificate.pem),
            settings, frontEndPath: FileManager.default.temporaryDirectory.appending(path: name).path, port: port)
    }

    var frontEnd: FrontEnd { FrontEnd(path: frontEndPath) }
}
