import CLibSSL
import Glibc

/// The subjectAltName extension: DNS names and addresses, and whether there was anything else.
struct SubjectAlternativeNames: Sendable, Hashable {
    var dnsNames: [String] = []
    /// In canonical text (RFC 5952 for IPv6).
    var ipAddresses: [String] = []
    /// E-mail addresses, URIs and the like, which nothing in Kubernetes uses.
    var hasOtherKinds = false

    var isEmpty: Bool { dnsNames.isEmpty && ipAddresses.isEmpty }

    init(dnsNames: [String], ipAddresses: [String]) {
        self.dnsNames = dnsNames
        self.ipAddresses = ipAddresses
    }

    init(reading names: OpaquePointer?) {
        guard let names else { return }
        for index in 0..<kmj_general_names_count(names) {
            guard let name = kmj_general_names_at(names, index) else { continue }
            switch name.pointee.type {
            case GEN_DNS: dnsNames.append(String(decoding: Self.bytes(of: name.pointee.d.dNSName), as: UTF8.self))
            case GEN_IPADD:
                if let text = Self.text(ofAddress: Self.bytes(of: name.pointee.d.iPAddress)) {
                    ipAddresses.append(text)
                } else {
                    hasOtherKinds = true
                }
            default: hasOtherKinds = true
            }
        }
    }

    /// The library's form, to be freed with `GENERAL_NAMES_free`.
    func generalNames() throws(PKIError) -> OpaquePointer {
        guard let names = GENERAL_NAMES_new() else { throw .library("allocate names") }
        do throws(PKIError) {
            for dnsName in dnsNames {
                guard Self.isDNSName(dnsName) else {
                    throw PKIError(
                        .invalidProfile,
                        "dnsNames: \"\(dnsName)\" is no DNS name; use letters, digits, \"-\", \"_\" and dots")
                }
                try Self.append(Array(dnsName.utf8), type: GEN_DNS, to: names)
            }
            for address in ipAddresses {
                guard let bytes = Self.bytes(ofAddress: address) else {
                    throw PKIError(.invalidProfile, "ipAddresses: \"\(address)\" is no IPv4 or IPv6 address")
                }
                try Self.append(bytes, type: GEN_IPADD, to: names)
            }
        } catch {
            GENERAL_NAMES_free(names)
            throw error
        }
        return names
    }

    private static func append(_ bytes: [UInt8], type: Int32, to names: OpaquePointer) throws(PKIError) {
        let stringType = type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING
        guard let name = GENERAL_NAME_new() else { throw .library("allocate a name") }
        guard let length = Int32(exactly: bytes.count), let string = ASN1_STRING_type_new(stringType) else {
            GENERAL_NAME_free(name)
            throw .library("allocate a name")
        }
        GENERAL_NAME_set0_value(name, type, string)  // the name owns the string from here on
        guard ASN1_STRING_set(string, bytes, length) == 1, kmj_general_names_append(names, name) > 0 else {
            GENERAL_NAME_free(name)
            throw .library("write a name")
        }
    }

    /// Letters, digits, hyphens, underscores and dots, or a wildcard in front: what a host in a URL may look like.
    private static func isDNSName(_ name: String) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let body = labels.first == "*" ? labels.dropFirst() : labels[...]
        return name.utf8.count <= 253 && !body.isEmpty
            && body.allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                            true
                        default: false
                        }
                    }
            }
    }

    private static func bytes(of string: UnsafeMutablePointer<ASN1_STRING>?) -> [UInt8] {
        guard let start = ASN1_STRING_get0_data(string) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(string))))
    }

    private static func bytes(ofAddress text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var v4 = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &v4) == 1 { return v4 }
        var v6 = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        // An IPv4 address in IPv6 dress is the IPv4 address: clients compare it in four bytes.
        let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        return v6.starts(with: mappedPrefix) ? Array(v6.suffix(4)) : v6
    }

    private static func text(ofAddress bytes: [UInt8]) -> String? {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
