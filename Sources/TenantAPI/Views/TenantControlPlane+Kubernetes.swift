import KubeObjects

extension TenantControlPlane {
    /// What the tenant's Kubernetes is.
    package struct Kubernetes: Sendable, Hashable {
        /// Verbatim the tag of the images.
        package let version: String
        package let kubelet: Kubelet
        package let admissionControllers: [String]

        init(_ fields: FieldReader) throws(InvalidObject) {
            version = try fields.requiredString("version")
            kubelet = try Kubelet(fields.object("kubelet"))
            admissionControllers = try fields.strings("admissionControllers") ?? []
        }
    }

    package struct Kubelet: Sendable, Hashable {
        /// RFC 6902 operations on the kubelets' configuration.
        package let configurationJSONPatches: [JSON]
        package let preferredAddressTypes: [String]
        /// `systemd` or `cgroupfs`; JSON patches have taken its place.
        package let cgroupfs: String?

        init(_ fields: FieldReader) throws(InvalidObject) {
            configurationJSONPatches = try fields.list("configurationJSONPatches")
            preferredAddressTypes = try fields.strings("preferredAddressTypes") ?? []
            cgroupfs = try fields.string("cgroupfs")
        }
    }

    package struct NetworkProfile: Sendable, Hashable {
        package let address: String?
        package let advertiseAddress: String?
        package let port: Int
        package let clusterDomain: String
        package let allowAddressAsExternalIP: Bool
        package let certSANs: [String]
        /// Read `effectiveServiceCIDRs` instead.
        package let serviceCidr: String?
        package let serviceCidrs: [String]
        /// Read `effectivePodCIDRs` instead.
        package let podCidr: String?
        package let podCidrs: [String]
        /// Read `effectiveDNSServiceIPs` instead.
        package let dnsServiceIPs: [String]
        package let loadBalancerSourceRanges: [String]
        package let loadBalancerClass: String?

        init(_ fields: FieldReader) throws(InvalidObject) {
            address = try fields.string("address")
            advertiseAddress = try fields.string("advertiseAddress")
            port = try fields.requiredInteger("port")
            clusterDomain = try fields.requiredString("clusterDomain")
            allowAddressAsExternalIP = try fields.boolean("allowAddressAsExternalIP") ?? false
            certSANs = try fields.strings("certSANs") ?? []
            serviceCidr = try fields.string("serviceCidr")
            serviceCidrs = try fields.strings("serviceCidrs") ?? []
            podCidr = try fields.string("podCidr")
            podCidrs = try fields.strings("podCidrs") ?? []
            dnsServiceIPs = try fields.strings("dnsServiceIPs") ?? []
            loadBalancerSourceRanges = try fields.strings("loadBalancerSourceRanges") ?? []
            loadBalancerClass = try fields.string("loadBalancerClass")
        }
    }
}
