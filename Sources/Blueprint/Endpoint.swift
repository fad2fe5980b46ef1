import KubeObjects
import TenantAPI

/// A host, by name or address, and a port.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// From `host`, `host:port`, `[v6]` or `[v6]:port`; nil when the port is no port.
    package init?(_ text: String, defaultPort: Int) {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = defaultPort
            if !rest.isEmpty {
                guard let given = Int(rest.dropFirst()), (1...65535).contains(given) else { return nil }
                port = given
            }
        } else if let colon = text.lastIndex(of: ":"), text.firstIndex(of: ":") == colon {
            host = String(text[..<colon])
            guard let given = Int(text[text.index(after: colon)...]), (1...65535).contains(given) else { return nil }
            port = given
        } else {
            host = text
            port = defaultPort
        }
        if host.isEmpty { return nil }
    }

    /// `host:port`, an IPv6 address in brackets.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    package var isAddress: Bool { IPAddress(host) != nil }
}

/// Where a control plane is reached, as far as it is known.
package struct Exposure: Sendable, Hashable {
    /// What `status.controlPlaneEndpoint` says: the address seen from the admin cluster.
    package let assigned: Endpoint
    /// What the API server advertises to its tenant.
    package let advertised: Endpoint
    /// What kubeconfigs, kubeadm and `cluster-info` name: an Ingress or Gateway host stands before the address.
    package let published: Endpoint
    /// The Service's own address, where it has one.
    package let clusterIP: String?

    package init(assigned: Endpoint, advertised: Endpoint, published: Endpoint, clusterIP: String?) {
        self.assigned = assigned
        self.advertised = advertised
        self.published = published
        self.clusterIP = clusterIP
    }

    /// `--advertise-address` takes an address only; behind a load balancer that has a name, the Service's own serves.
    package var advertiseAddress: String? {
        advertised.isAddress ? advertised.host : clusterIP
    }
}

/// Whether the tenant's address is known, and what it waits for when it is not.
package enum ExposureResolution: Sendable, Hashable {
    case known(Exposure)
    case waiting(reason: String, message: String)
}

extension TenantControlPlane {
    /// Resolves the address (parity sheet, 5.2 and 5.5) from the spec and the Service as it is in the cluster.
    /// A load balancer may give a host name: upstream refuses it, and with it every cloud that hands out names.
    package func exposure(of service: KubeObject?) -> ExposureResolution {
        let profile = spec.networkProfile
        let clusterIP = service?[path: "spec", "clusterIP"]?.string.flatMap { $0 == "None" || $0.isEmpty ? nil : $0 }
        let address: String
        if let declared = profile.address, !declared.isEmpty {
            address = declared
        } else {
            switch spec.controlPlane.service.serviceType {
            case .clusterIP:
                guard let clusterIP else {
                    return .waiting(
                        reason: "ServiceHasNoAddress", message: "waiting for the Service to be given a cluster address")
                }
                address = clusterIP
            case .loadBalancer:
                let ingress = service?[path: "status", "loadBalancer", "ingress"]?.array?.first
                guard let given = ingress?["ip"]?.string ?? ingress?["hostname"]?.string, !given.isEmpty else {
                    return .waiting(
                        reason: "LoadBalancerPending",
                        message: "waiting for the load balancer to give the Service an address")
                }
                address = given
            case .nodePort:
                return .waiting(
                    reason: "AddressMissing",
                    message: "a NodePort Service has no address of its own: set spec.networkProfile.address")
            }
        }
        let assigned = Endpoint(host: address, port: profile.port)
        var advertised = assigned
        if let given = profile.advertiseAddress, !given.isEmpty { advertised.host = given }

        var published = advertised
        if let name = spec.controlPlane.gateway?.hostname, !name.isEmpty {
            published = Endpoint(name, defaultPort: profile.port) ?? published
        }
        if let name = spec.controlPlane.ingress?.hostname, !name.isEmpty {
            published = Endpoint(name, defaultPort: profile.port) ?? published
        }
        return .known(Exposure(assigned: assigned, advertised: advertised, published: published, clusterIP: clusterIP))
    }
}
