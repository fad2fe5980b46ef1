import KubeObjects

/// Kamaji's three kinds: one schema each, from which come the CRD and the typed view's defaults.
package enum CustomResources {
    /// The latest minor of Kubernetes 1 that tenants may have.
    package static let latestMinor = 36
}
