/// What a certificate shall say; the key, the issuer and the moment come when it is issued.
package struct CertificateProfile: Sendable, Hashable {
    /// Not empty.
    package var commonName: String
    package var organizations: [String]
    package var dnsNames: [String]
    /// IPv4 or IPv6 in text.
    package var ipAddresses: [String]
    package var isAuthority: Bool
    package var keyUsages: KeyUsage
    package var extendedKeyUsages: [ExtendedKeyUsage]
    /// From the moment of issue; whole seconds count.
    package var validity: Duration
    /// How long before the moment of issue validity starts, for clocks that run behind.
    package var backdate: Duration

    /// - Parameter keyUsages: nil means what kubeadm writes: digitalSignature and keyEncipherment, and keyCertSign for
    ///   an authority.
    package init(
        commonName: String, organizations: [String] = [], dnsNames: [String] = [], ipAddresses: [String] = [],
        isAuthority: Bool = false, keyUsages: KeyUsage? = nil, extendedKeyUsages: [ExtendedKeyUsage] = [],
        validity: Duration, backdate: Duration = .seconds(300)
    ) {
        self.commonName = commonName
        self.organizations = organizations
        self.dnsNames = dnsNames
        self.ipAddresses = ipAddresses
        self.isAuthority = isAuthority
        self.keyUsages =
            keyUsages
            ?? (isAuthority
                ? [.digitalSignature, .keyEncipherment, .certificateSign] : [.digitalSignature, .keyEncipherment])
        self.extendedKeyUsages = extendedKeyUsages
        self.validity = validity
        self.backdate = backdate
    }
}
