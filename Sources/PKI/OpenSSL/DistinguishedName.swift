import CLibSSL

/// The two attributes of a subject that Kubernetes and etcd look at: common name is the user, organizations are groups.
struct DistinguishedName: Sendable, Hashable {
    var commonName: String
    var organizations: [String]

    /// Of several common names the last counts, as it does for Go's consumers of the same certificate.
    init(reading name: OpaquePointer?) throws(PKIError) {
        commonName = try Self.values(of: NID_commonName, in: name).last ?? ""
        organizations = try Self.values(of: NID_organizationName, in: name)
    }

    init(commonName: String, organizations: [String]) {
        self.commonName = commonName
        self.organizations = organizations
    }

    private static func values(of attribute: Int32, in name: OpaquePointer?) throws(PKIError) -> [String] {
        var values: [String] = []
        var index = X509_NAME_get_index_by_NID(name, attribute, -1)
        while index >= 0 {
            let entry = X509_NAME_get_entry(name, index)
            values.append(try text(of: X509_NAME_ENTRY_get_data(entry)))
            index = X509_NAME_get_index_by_NID(name, attribute, index)
        }
        return values
    }

    private static func text(of string: UnsafePointer<ASN1_STRING>?) throws(PKIError) -> String {
        var utf8: UnsafeMutablePointer<UInt8>?
        let length = ASN1_STRING_to_UTF8(&utf8, string)
        guard length >= 0, let utf8 else { throw .library("read a name", code: .malformedContent) }
        defer { kmj_free(utf8) }
        return String(decoding: UnsafeBufferPointer(start: utf8, count: Int(length)), as: UTF8.self)
    }

    /// Organizations first, all in one relative name, then the common name: the order and shape of Go's encoder.
    func write(to name: OpaquePointer?) throws(PKIError) {
        guard !commonName.isEmpty else {
            throw PKIError(.invalidProfile, "commonName is empty: a certificate's user needs a name")
        }
        for (index, organization) in organizations.enumerated() {
            try Self.append(organization, as: NID_organizationName, joiningPrevious: index > 0, to: name)
        }
        try Self.append(commonName, as: NID_commonName, joiningPrevious: false, to: name)
    }

    private static func append(
        _ value: String, as attribute: Int32, joiningPrevious: Bool, to name: OpaquePointer?
    ) throws(PKIError) {
        let utf8 = Array(value.utf8)
        // Given as a plain ASN.1 type, the text is not held to the 64 characters of X.520, which Kubernetes' node and
        // service account names pass.
        let type = utf8.allSatisfy(isPrintable) ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING
        guard let length = Int32(exactly: utf8.count), length > 0,
            X509_NAME_add_entry_by_NID(name, attribute, type, utf8, length, -1, joiningPrevious ? -1 : 0) == 1
        else { throw .library("write the name \"\(value)\"", code: .invalidProfile) }
    }

    /// PrintableString's alphabet (X.680, 41.4).
    private static func isPrintable(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: " '()+,-./:=?".utf8.contains(byte)
        }
    }
}
