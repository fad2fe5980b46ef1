import KubeObjects

/// One managed object of a tenant. The raw value is upstream's resource name: it stands in the label
/// `kamaji.clastix.io/component` and, with the tenant's name before it, in the object's name.
package enum Component: String, Sendable, Hashable, CaseIterable {
    case service
    case kubeadmConfiguration = "kubeadmconfig"
    case certificateAuthority = "ca"
    case frontProxyAuthority = "front-proxy-ca-certificate"
    case serviceAccountKey = "sa-certificate"
    case apiServerCertificate = "api-server-certificate"
    case kubeletClientCertificate = "api-server-kubelet-client-certificate"
    case frontProxyClientCertificate = "front-proxy-client-certificate"
    case adminKubeconfig = "admin-kubeconfig"
    case controllerManagerKubeconfig = "controller-manager-kubeconfig"
    case schedulerKubeconfig = "scheduler-kubeconfig"
    case datastoreConfiguration = "datastore-config"
    case datastoreCertificate = "datastore-certificate"
    case egressSelector = "konnectivity-egress-selector-configuration"
    case konnectivityCertificate = "konnectivity-certificate"
    case konnectivityKubeconfig = "konnectivity-kubeconfig"
    case deployment
    case disruptionBudget = "disruption-budget"
    case ingress
    case route = "gateway_routes"
    case konnectivityRoute = "konnectivity_gateway_routes"

    package var type: ResourceType {
        switch self {
        case .service: .services
        case .kubeadmConfiguration, .egressSelector: .configMaps
        case .deployment: .deployments
        case .disruptionBudget: .podDisruptionBudgets
        case .ingress: .ingresses
        case .route, .konnectivityRoute: .tlsRoutes
        default: .secrets
        }
    }

    /// The object's name in the tenant's namespace.
    package func objectName(of tenant: String) -> String {
        switch self {
        case .service, .deployment, .disruptionBudget, .ingress, .route: tenant
        case .konnectivityRoute: "\(tenant)-konnectivity"
        default: "\(tenant)-\(rawValue)"
        }
    }

    /// Whether other credentials are made from this one.
    package var isRoot: Bool {
        switch self {
        case .certificateAuthority, .frontProxyAuthority, .serviceAccountKey: true
        default: false
        }
    }

    /// What watches the expiry of this Secret's content; nil where nothing in it expires under our eyes.
    var lifecycle: String? {
        switch self {
        case .apiServerCertificate, .kubeletClientCertificate, .frontProxyClientCertificate, .datastoreCertificate,
            .konnectivityCertificate:
            "x509"
        case .adminKubeconfig, .controllerManagerKubeconfig, .schedulerKubeconfig, .konnectivityKubeconfig:
            "kubeconfig"
        default: nil
        }
    }

    /// The pod-template label that rolls the pods when this Secret changes (parity sheet, 3.1); nil where the pods
    /// do not depend on it at start.
    var rolloutLabel: String? {
        switch self {
        case .apiServerCertificate, .kubeletClientCertificate, .certificateAuthority, .controllerManagerKubeconfig,
            .frontProxyAuthority, .frontProxyClientCertificate, .schedulerKubeconfig:
            "component.kamaji.clastix.io/\(rawValue)"
        case .serviceAccountKey: "component.kamaji.clastix.io/service-account"
        default: nil
        }
    }
}

/// An object that should exist, and what it is to the tenant.
package struct ManagedObject: Sendable, Hashable {
    package let component: Component
    package let object: KubeObject

    package init(component: Component, object: KubeObject) {
        self.component = component
        self.object = object
    }

    package var type: ResourceType { component.type }
    package var key: ObjectKey { object.key }
}
