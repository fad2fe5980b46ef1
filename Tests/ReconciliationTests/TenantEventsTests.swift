import Blueprint
import KubeObjects
import TenantAPI
import Testing

@testable import Reconciliation

@Suite("What a tenant's events say")
struct TenantEventsTests {
    @Test("Credentials that were issued for one reason share it")
    func issued() {
        let note = TenantReconciler.note(issued: [
            (.certificateAuthority, "there was none"), (.apiServerCertificate, "its names changed"),
            (.adminKubeconfig, "there was none"),
        ])
        let names = [Component.certificateAuthority, .adminKubeconfig, .apiServerCertificate].map(\.rawValue)
        #expect(note == "issued \(names[0]), \(names[1]) (there was none); \(names[2]) (its names changed)")
    }

    @Test("An annotation that asks for nothing is told with what would", arguments: [Keys.rotate, Keys.finishRotation])
    func strayWish(annotation: String) {
        var secret = ResourceType.secrets.object(ObjectKey(namespace: "default", name: "dev-ca"))
        for quiet in ["", "2026-11-22T06:00:00Z"] {
            secret.annotations = [annotation: quiet]
            #expect(secret.strayWishes.isEmpty)
        }
        for stray in ["true", "now", " "] {
            secret.annotations = [annotation: stray]
            #expect(
                secret.strayWishes == [
                    "annotation \(annotation) of Secret dev-ca is \"\(stray)\" and asks for nothing, only an empty value "
                        + "does: kubectl annotate --overwrite secret dev-ca \(annotation)="
                ])
        }
    }
}
