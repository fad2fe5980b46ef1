import CLibCurl

extension HTTPMeasurement {
    /// What libcurl remembers of a transfer that has ended; it counts every step from the start of the transfer.
    init(of handle: OpaquePointer) {
        self.init()
        let marks = [
            CURLINFO_NAMELOOKUP_TIME, CURLINFO_CONNECT_TIME, CURLINFO_APPCONNECT_TIME, CURLINFO_TOTAL_TIME,
        ].map { kmj_curl_seconds(handle, $0) }
        resolve = marks[0]
        connect = max(0, marks[1] - marks[0])
        // 0 stands for a handshake that there was not.
        tls = marks[2] > 0 ? max(0, marks[2] - marks[1]) : 0
        request = max(0, marks[3] - max(marks[1], marks[2]))
        certificatesPEM = Self.certificates(of: handle)
        switch kmj_curl_http_version(handle) {
        case CURL_HTTP_VERSION_1_0: httpVersion = 1
        case CURL_HTTP_VERSION_1_1: httpVersion = 1.1
        case CURL_HTTP_VERSION_2_0: httpVersion = 2
        case CURL_HTTP_VERSION_3: httpVersion = 3
        default: break
        }
        let peer = kmj_curl_peer(handle).map { String(cString: $0) } ?? ""
        ipVersion = peer.isEmpty ? 0 : peer.contains(":") ? 6 : 4
    }

    private static func certificates(of handle: OpaquePointer) -> [UInt8] {
        guard let chain = kmj_curl_certificates(handle) else { return [] }
        var pem: [UInt8] = []
        // No honest chain is longer, and each costs as much to read as the leaf.
        for index in 0..<min(8, max(0, Int(chain.pointee.num_of_certs))) {
            var entry = chain.pointee.certinfo?[index]
            while let field = entry {
                if let text = field.pointee.data.map({ String(cString: $0) }), text.hasPrefix("Cert:") {
                    pem += Array(text.dropFirst("Cert:".count).utf8)
                    if pem.last != 0x0A { pem.append(0x0A) }
                }
                entry = field.pointee.next
            }
        }
        return pem
    }
}

/// What client and server agreed on; known only while the connection is there.
struct NegotiatedTLS {
    let version: String
    let cipher: String

    /// Nil over plain HTTP, and where libcurl is linked with another library than OpenSSL.
    init?(of handle: OpaquePointer) {
        guard let version = kmj_curl_tls_version(handle), let cipher = kmj_curl_tls_cipher(handle) else { return nil }
        self.version = String(cString: version)
        self.cipher = String(cString: cipher)
    }
}
