import KubeObjects
import TenantAPI
package enum TenantAddon: String, Sendable, Hashable, CaseIterable { case bootstrap, coreDNS, kubeProxy, konnectivity
    package func objectsEverMade(by tenant: TenantControlPlane) -> [(ResourceType, ObjectKey)] { [] }
}
package struct TenantObject: Sendable, Hashable { package let addon: TenantAddon; package let type: ResourceType; package let object: KubeObject
 }
package struct TenantObjectError: Error { package let reason: String; package let message: String }
extension TenantControlPlane {
    package func objectsInside(_ exposure: Exposure, _ facts: DatastoreFacts, authorityPEM: [UInt8]) throws(TenantObjectError) -> [TenantObject] { [] }
}
