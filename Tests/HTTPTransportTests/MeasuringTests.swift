import Foundation
import PKI
import Testing

@testable import HTTPTransport

@Suite("Measured requests", .timeLimit(.minutes(5)))
struct MeasuringTests {
    private let transport = CurlTransport()

    @Test("A measured request tells what the server showed, whether it is trusted or not, each time anew")
    func certificates() async throws {
        let server = try TLSServer()
        let careless = TLSSettings(acceptsAnyCertificate: true)
        for _ in 0..<2 {
            let response = try await transport.send(
                HTTPRequest("GET", server.url, tls: careless, isMeasured: true))
            let measurement = try #require(response.measurement)
            let leaf = try Certificate(pem: measurement.certificatesPEM)
            #expect(leaf.commonName == "server")
            #expect(leaf.isIssued(by: server.authority.certificate))
            #expect(measurement.tls > 0 && measurement.connect >= 0 && measurement.request > 0)
            #expect(measurement.tlsVersion == "TLSv1.3")
            #expect(measurement.cipher.hasPrefix("TLS_"))
        }
        #expect(try await transport.send(HTTPRequest("GET", server.url, tls: careless)).measurement == nil)
    }

    @Test("A body that is larger than asked for ends the transfer")
    func limit() async throws {
        let server = try TLSServer()
        let trusting = TLSSettings(certificateAuthorities: server.authority.certificate.pem)
        let error = await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest("GET", server.url, tls: trusting, bodyLimit: 10))
        }
        #expect(error?.code == .bodyTooLarge)
        #expect(
            try await transport.send(HTTPRequest("GET", server.url, tls: trusting, bodyLimit: 1 << 20)).status == 200)
    }
}
