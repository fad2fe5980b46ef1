/// The keyUsage extension (RFC 5280, 4.2.1.3). The bits have the numeric places that OpenSSL's `KU_*` give them.
package struct KeyUsage: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let digitalSignature = KeyUsage(rawValue: 0x0080)
    package static let contentCommitment = KeyUsage(rawValue: 0x0040)
    package static let keyEncipherment = KeyUsage(rawValue: 0x0020)
    package static let dataEncipherment = KeyUsage(rawValue: 0x0010)
    package static let keyAgreement = KeyUsage(rawValue: 0x0008)
    package static let certificateSign = KeyUsage(rawValue: 0x0004)
    package static let crlSign = KeyUsage(rawValue: 0x0002)
    package static let encipherOnly = KeyUsage(rawValue: 0x0001)
    package static let decipherOnly = KeyUsage(rawValue: 0x8000)

    /// In the order of the ASN.1 bit string: bit 0 first.
    static let inBitOrder: [KeyUsage] = [
        .digitalSignature, .contentCommitment, .keyEncipherment, .dataEncipherment, .keyAgreement, .certificateSign,
        .crlSign, .encipherOnly, .decipherOnly,
    ]
}

/// One purpose of the extKeyUsage extension (RFC 5280, 4.2.1.12), known or not.
package struct ExtendedKeyUsage: RawRepresentable, Sendable, Hashable {
    /// The object identifier in dotted decimal.
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static let serverAuth = ExtendedKeyUsage(rawValue: "1.3.6.1.5.5.7.3.1")
    package static let clientAuth = ExtendedKeyUsage(rawValue: "1.3.6.1.5.5.7.3.2")
    package static let codeSigning = ExtendedKeyUsage(rawValue: "1.3.6.1.5.5.7.3.3")
    package static let any = ExtendedKeyUsage(rawValue: "2.5.29.37.0")
}
