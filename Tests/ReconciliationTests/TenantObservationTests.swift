import Blueprint
import KubeObjects
import TenantAPI
import Testing

@testable import Reconciliation

@Suite struct TenantObservationTests {
    private func object(_ component: Component, ownedBy uids: [String], kind: String = "TenantControlPlane")
        -> KubeObject
    {
        var object = component.type.object(ObjectKey(namespace: "tenants", name: component.objectName(of: "green")))
        object[path: "metadata", "ownerReferences"] = .array(
            uids.map {
                [
                    "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": .string(kind), "name": "green",
                    "uid": .string($0),
                ]
            })
        return object
    }

    @Test func `what an earlier tenant of the name owned is a leftover, what is ours or nobody's is not`() throws {
        let tenant = try Sample.tenant()
        let uid = tenant.object.uid
        var observation = TenantObservation()
        observation.objects[.service] = object(.service, ownedBy: ["earlier"])
        observation.objects[.schedulerKubeconfig] = object(.schedulerKubeconfig, ownedBy: [uid])
        observation.objects[.apiServerCertificate] = object(.apiServerCertificate, ownedBy: ["earlier", uid])
        // Brought along by a user.
        observation.objects[.certificateAuthority] = object(.certificateAuthority, ownedBy: [])
        observation.objects[.serviceAccountKey] = object(.serviceAccountKey, ownedBy: ["x"], kind: "ConfigMap")
        let leftovers = observation.leftovers(beside: tenant)
        #expect(leftovers.map { "\($0.0) \($0.1.name)" } == ["services green"])
        #expect(
            Set(observation.secrets.keys) == [
                .schedulerKubeconfig, .apiServerCertificate, .certificateAuthority, .serviceAccountKey,
            ])
    }

    @Test(arguments: [
        ("scale", "kube-controller-manager", "f:replicas", true), ("scale", "kubectl", "f:replicas", false),
        ("status", "kube-controller-manager", "f:replicas", false),
        ("scale", "kube-controller-manager", "f:paused", false),
    ]) func `replicas are an autoscaler's only when it wrote them through the scale subresource`(
        subresource: String, manager: String, field: String, isForeign: Bool
    ) {
        var deployment = object(.deployment, ownedBy: [])
        deployment[path: "metadata", "managedFields"] = [
            [
                "manager": .string(manager), "subresource": .string(subresource),
                "fieldsV1": ["f:spec": .object([field: [:]])],
            ]
        ]
        var observation = TenantObservation()
        #expect(!observation.replicasAreForeign(asked: 2))
        observation.objects[.deployment] = deployment
        #expect(observation.replicasAreForeign(asked: 2) == isForeign)
        #expect(!observation.replicasAreForeign(asked: 0), "a tenant that is put to sleep sleeps")
        observation.objects[.deployment]?.annotations[Keys.replicas] = "2"
        #expect(observation.replicasAreForeign(asked: 2) == isForeign)
        #expect(!observation.replicasAreForeign(asked: 3), "its owner wants another number")
    }
}
