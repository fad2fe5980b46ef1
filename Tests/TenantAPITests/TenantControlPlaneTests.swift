import KubeObjects
import Testing

@testable import TenantAPI

@Suite struct TenantControlPlaneTests {
    private static func tenant(_ change: String = "{}") throws -> TenantControlPlane {
        try TenantControlPlane(KubeObject(Ruling("", Ruling.tenant, change).object))
    }

    @Test func `a tenant that says the least reads with every default`() throws {
        let spec = try Self.tenant().spec
        let deployment = spec.controlPlane.deployment

        #expect(deployment.replicas == 2)
        #expect(deployment.registrySettings.registry == "registry.k8s.io")
        #expect(deployment.registrySettings.apiServerImage == "kube-apiserver")
        #expect(deployment.registrySettings.controllerManagerImage == "kube-controller-manager")
        #expect(deployment.registrySettings.schedulerImage == "kube-scheduler")
        #expect(deployment.registrySettings.tagSuffix == nil)
        #expect(
            deployment.strategy == [
                "type": "RollingUpdate", "rollingUpdate": ["maxSurge": "100%", "maxUnavailable": 0],
            ])
        #expect(deployment.serviceAccountName == "default")
        #expect(deployment.extraArgs.apiServer == nil)
        #expect(deployment.probes.global.liveness == nil)

        #expect(spec.controlPlane.service.serviceType == .clusterIP)
        #expect(spec.controlPlane.ingress == nil)
        #expect(spec.controlPlane.gateway == nil)
        #expect(spec.networkProfile.port == 6443)
        #expect(spec.networkProfile.clusterDomain == "cluster.local")
        #expect(spec.networkProfile.address == nil)
        #expect(spec.kubernetes.kubelet.preferredAddressTypes == ["InternalIP", "ExternalIP", "Hostname"])
        #expect(spec.kubernetes.admissionControllers.count == 17)
        #expect(spec.addons.coreDNS == nil)
        #expect(spec.addons.konnectivity == nil)
        #expect(spec.dataStore == nil)
        #expect(!spec.writePermissions.isLimited)
    }

    @Test func `an addon that is only named has its defaults`() throws {
        let konnectivity = try #require(try Self.tenant("spec: {addons: {konnectivity: {}}}").spec.addons.konnectivity)
        #expect(konnectivity.server.port == 8132)
        #expect(konnectivity.server.image == "registry.k8s.io/kas-network-proxy/proxy-server")
        #expect(konnectivity.server.version == nil)
        #expect(konnectivity.agent.image == "registry.k8s.io/kas-network-proxy/proxy-agent")
        #expect(konnectivity.agent.mode == .daemonSet)
        #expect(konnectivity.agent.tolerations == [["key": "CriticalAddonsOnly", "operator": "Exists"]])
        #expect(!konnectivity.agent.hostNetwork)
    }

    @Test func `a part of an addon leaves the rest its defaults`() throws {
        let konnectivity = try #require(
            try Self.tenant("spec: {addons: {konnectivity: {server: {image: mine}, agent: {mode: Deployment}}}}")
                .spec.addons.konnectivity)
        #expect(konnectivity.server.port == 8132)
        #expect(konnectivity.server.image == "mine")
        #expect(konnectivity.agent.mode == .deployment)
        #expect(konnectivity.agent.tolerations.count == 1)
    }

    @Test func `null is absence, and an empty string is no value`() throws {
        let spec = try Self.tenant(
            """
            spec: {dataStore: '', networkProfile: {address: '', advertiseAddress: ''},
              controlPlane: {deployment: {registrySettings: {tagSuffix: ''}}}}
            """
        ).spec
        #expect(spec.dataStore == nil)
        #expect(spec.networkProfile.address == nil)
        #expect(spec.controlPlane.deployment.registrySettings.tagSuffix == nil)

        var object = KubeObject(Ruling.parsed(Ruling.tenant))
        object[path: "spec", "networkProfile"] = .null
        object[path: "spec", "addons"] = ["coreDNS": .null]
        let nulls = try TenantControlPlane(object).spec
        #expect(nulls.networkProfile.port == 6443)
        #expect(nulls.addons.coreDNS == nil)
    }

    @Test(
        "a field of the wrong type is named",
        arguments: [
            ("spec: {networkProfile: {port: high}}", #"spec.networkProfile.port is "high": expected a whole number"#),
            (
                "spec: {controlPlane: {deployment: {extraArgs: {kine: [1]}}}}",
                "spec.controlPlane.deployment.extraArgs.kine is [1]: expected a list of strings"
            ),
            ("spec: {addons: {coreDNS: true}}", "spec.addons.coreDNS is true: expected an object"),
            (
                "spec: {controlPlane: {service: {serviceType: Headless}}}",
                #"spec.controlPlane.service.serviceType is "Headless": expected one of ClusterIP, NodePort, LoadBalancer"#
            ),
            ("spec: {kubernetes: {version: null}}", "spec.kubernetes.version: expected a string that is not empty"),
            (
                "spec: {dataStoreOverrides: [{resource: /events}]}",
                "spec.dataStoreOverrides[0].dataStore: expected a string that is not empty"
            ),
            ("spec: []", "spec is []: expected an object"),
        ])
    func wrongType(change: String, message: String) throws {
        let error = #expect(throws: InvalidObject.self) { try Self.tenant(change) }
        #expect(error?.description == message)
    }

    @Test func `the object stays whole`() throws {
        let object = KubeObject(Ruling("", Ruling.tenant, "spec: {fromTomorrow: 1}").object)
        #expect(try TenantControlPlane(object).object == object)
    }

    @Test(arguments: Sample.tenants) func `a sample reads`(sample: Sample) throws {
        let tenant = try TenantControlPlane(sample.object)
        #expect(tenant.name == sample.object.name)
        #expect(tenant.spec.networkProfile.port == 6443)
        #expect(!tenant.effectiveDNSServiceIPs.isEmpty)
    }

    @Test func `what a sample says is what is read`() throws {
        let samples = try Sample.tenants.map { try TenantControlPlane($0.object).spec }
        #expect(samples[0].kubernetes.kubelet.configurationJSONPatches.count == 2)
        #expect(samples[1].controlPlane.deployment.additionalInitContainers.first?["name"] == "prepare")
        // The one default inside a container that is a list's key.
        #expect(
            samples[1].controlPlane.deployment.additionalContainers.first?["ports"] == [
                ["containerPort": 80, "protocol": "TCP"]
            ])
        #expect(samples[2].controlPlane.deployment.additionalVolumeMounts.scheduler.count == 1)
        #expect(samples[3].controlPlane.gateway?.hostname == "c11.example.dev")
        #expect(samples[3].controlPlane.gateway?.parentRefs.first?["kind"] == "Gateway")
        #expect(samples[6].addons.konnectivity?.agent.hostNetwork == true)
        #expect(samples[6].addons.konnectivity?.agent.tolerations.count == 2)
    }
}
