import KubeObjects
import TenantAPI

extension TenantControlPlane {
    /// Every object of this tenant in the admin cluster but the Service, which is needed before the address is known.
    ///
    /// - Parameters:
    ///   - credentials: what `CredentialIssuer` kept or made; components that are missing get no Secret.
    ///   - password: the tenant's password in its datastore.
    ///   - servesTLSRoutes: whether the admin cluster knows Gateway API's TLSRoute.
    package func objects(
        _ exposure: Exposure, _ facts: DatastoreFacts, credentials: Credentials, password: String,
        settings: BlueprintSettings, replicasAreForeign: Bool, servesTLSRoutes: Bool
    ) -> [ManagedObject] {
        let configuration = datastoreConfiguration(facts, password: password)
        var credentials = credentials
        credentials[.datastoreConfiguration] = configuration.object.secretData

        var objects = [configuration, kubeadmConfiguration(exposure, facts)]
        for component in Component.allCases where component != .datastoreConfiguration {
            guard let data = credentials[component] else { continue }
            objects.append(
                secret(component, data, type: component == .konnectivityCertificate ? "kubernetes.io/tls" : "Opaque"))
        }
        if spec.addons.konnectivity != nil { objects.append(egressSelector()) }
        if let budget = disruptionBudget() { objects.append(budget) }
        if let ingress = ingress() { objects.append(ingress) }
        if servesTLSRoutes { objects += routes() }
        objects.append(
            deployment(
                exposure, facts, credentials: credentials, settings: settings,
                replicasAreForeign: replicasAreForeign))
        return objects
    }

    /// Components that the spec switched off: what is left of them is to be removed.
    package var absentComponents: [Component] {
        var absent: [Component] = []
        if spec.controlPlane.deployment.replicas < 2 { absent.append(.disruptionBudget) }
        if spec.controlPlane.ingress == nil { absent.append(.ingress) }
        if spec.controlPlane.gateway == nil { absent.append(.route) }
        if spec.controlPlane.gateway == nil || spec.addons.konnectivity == nil { absent.append(.konnectivityRoute) }
        if spec.addons.konnectivity == nil {
            absent += [.egressSelector, .konnectivityCertificate, .konnectivityKubeconfig]
        }
        return absent
    }
}
