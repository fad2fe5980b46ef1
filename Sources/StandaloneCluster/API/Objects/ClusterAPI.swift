import APIMachinery
import FoundationEssentials
import KubeObjects
import Logging

/// What a Kubernetes API does, without HTTP: reads and writes of any served resource, with admission, field ownership,
/// subresources and deletion as Kubernetes does them. Controllers in this process use it directly; the server puts
/// HTTP around it.
package final class ClusterAPI: Sendable {
    package let store: ObjectStore
    let catalog: ResourceCatalog
    let services: ServiceAddresses
    let now: @Sendable () -> Date
    let log: Logger
    /// What the ConfigMap kube-root-ca.crt holds in every namespace; nil makes none.
    let rootCertificateAuthority: String?

    package init(
        store: ObjectStore, services: ServiceAddresses, rootCertificateAuthority: String?,
        now: @escaping @Sendable () -> Date, log: Logger
    ) {
        self.store = store
        self.services = services
        self.rootCertificateAuthority = rootCertificateAuthority
        self.now = now
        self.log = log
        let catalog = ResourceCatalog()
        self.catalog = catalog
        // Who learns that a definition came or went finds its resources served, or no more.
        store.events.follow(ResourceType.customResourceDefinitions.description) { event in
            if event.change == .deleted {
                catalog.forget(event.object.name)
            } else {
                catalog.define(event.object)
            }
        }
    }

    /// The served resource for a type; throws the 404 that Kubernetes words for unknown ones.
    func resource(_ type: ResourceType) throws(APIStatus) -> APIResource {
        guard let found = catalog.snapshot.find(group: type.group, version: type.version, plural: type.plural) else {
            throw .unknownResource()
        }
        return found
    }

    func timestamp() -> JSON { .string(Timestamp.format(now())) }
}

extension APIStatus {
    /// What a client is told when the store fails.
    init(_ error: StorageError, _ type: ResourceType, _ name: String) {
        switch error {
        case .alreadyExists: self = .alreadyExists(type, name)
        case .notFound: self = .notFound(type, name)
        case .conflict: self = .modified(type, name)
        case .expired(let requested, let oldest):
            self = .tooOldResourceVersion(String(requested), oldest: String(oldest))
        case .future(let requested, let current): self = .tooLargeResourceVersion(requested, current: current)
        case .claimed(let claim): self = .internalError("\(claim.space) \(claim.value) is already allocated")
        case .badContinueToken: self = .badRequest("continue key is not valid: illegal base64 or unknown version")
        case .database(let code, let message): self = .internalError("storage: \(message) (\(code))")
        case .closed: self = .serviceUnavailable("the server is shutting down")
        }
    }
}
