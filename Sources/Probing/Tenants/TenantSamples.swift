import KubeObjects
import Prometheus

/// A tenant's object as samples.
package enum TenantSamples {
    /// - Parameter servedVersion: what the API server said of itself; empty while it was not asked.
    package static func object(
        _ facts: TenantFacts, _ deployment: DeploymentFacts?, _ memory: TenantMemory, servedVersion: String
    ) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        samples.mark(
            Catalogue.tenantInfo,
            [
                "uid": facts.uid, "driver": facts.driver, "schema": facts.schema,
                "exposure_strategy": facts.exposure, "service_type": facts.serviceType,
            ])
        if let created = facts.created { samples.add(Catalogue.tenantCreated, created) }
        if let deletion = facts.deletion { samples.add(Catalogue.tenantDeletion, deletion) }
        samples.mark(Catalogue.tenantPhase, ["phase": facts.phase])
        let ready = deployment?.readyReplicas ?? facts.statusReadyReplicas
        samples.add(Catalogue.tenantReady, ready > 0 && !facts.isAsleep)
        samples.add(Catalogue.tenantPhaseSince, memory.phaseSince.wholeMilliseconds)
        samples.add(Catalogue.tenantReplicasDesired, Double(facts.desiredReplicas))
        samples.add(Catalogue.tenantReplicasReady, Double(ready))
        if let deployment {
            samples.add(Catalogue.tenantReplicasAvailable, Double(deployment.availableReplicas))
            samples.add(Catalogue.tenantReplicasUpdated, Double(deployment.updatedReplicas))
            for condition in deployment.conditions {
                samples.mark(
                    Catalogue.tenantDeploymentCondition, ["condition": condition.type, "status": condition.status])
            }
        }
        samples.add(Catalogue.tenantGeneration, Double(facts.generation))
        samples.add(Catalogue.tenantObservedGeneration, Double(facts.observedGeneration))
        addVersions(facts, memory, servedVersion, &samples)
        addConfiguration(facts, &samples)
        if let seconds = memory.provisioning { samples.add(Catalogue.tenantProvisioning, seconds.wholeMilliseconds) }
        if memory.isAwaited { samples.mark(Catalogue.tenantAwaited) }
        if let start = memory.migrationStart { samples.add(Catalogue.tenantMigrationStart, start.wholeMilliseconds) }
        for condition in facts.conditions {
            samples.mark(Catalogue.tenantCondition, ["condition": condition.type, "status": condition.status])
        }
        if facts.isTunnelBroken { samples.mark(Catalogue.tunnelBroken) }
        return samples
    }

    private static func addVersions(
        _ facts: TenantFacts, _ memory: TenantMemory, _ servedVersion: String, _ samples: inout SampleSet
    ) {
        samples.mark(
            Catalogue.tenantVersionInfo,
            [
                "spec_version": facts.specVersion, "status_version": facts.statusVersion,
                "served_version": servedVersion,
            ])
        samples.add(Catalogue.tenantUpgradePending, TenantMemory.isUpgrading(facts))
        if let start = memory.upgradeStart { samples.add(Catalogue.tenantUpgradeStart, start.wholeMilliseconds) }
    }

    private static func addConfiguration(_ facts: TenantFacts, _ samples: inout SampleSet) {
        if let endpoint = facts.endpoint {
            samples.mark(
                Catalogue.tenantEndpointInfo, ["address": endpoint, "advertise_address": facts.advertiseAddress])
        }
        if facts.isPaused { samples.mark(Catalogue.tenantPaused) }
        for operation in facts.blockedOperations {
            samples.mark(Catalogue.tenantWriteBlocked, ["operation": operation])
        }
        for addon in facts.addons { samples.mark(Catalogue.tenantAddonEnabled, ["addon": addon]) }
        if !facts.datastore.isEmpty {
            samples.mark(
                Catalogue.tenantStorageInfo,
                ["datastore_name": facts.datastore, "driver": facts.driver, "resource": "*"])
        }
        for (resource, datastore) in facts.overrides.sorted(by: { $0.key < $1.key }) {
            samples.mark(
                Catalogue.tenantStorageInfo,
                ["datastore_name": datastore, "driver": "unknown", "resource": resource])
        }
    }

    /// What upstream's manager says of a tenant. `ready` is true for the phase Ready alone, as upstream has it.
    package static func upstream(_ facts: TenantFacts) -> SampleSet {
        var samples = SampleSet(identity: facts.labelPairs)
        samples.mark(
            Catalogue.upstreamTenantInfo,
            [
                "kubernetes_version": facts.specVersion.isEmpty ? "unknown" : facts.specVersion,
                "datastore_driver": facts.driver, "address": facts.endpoint.map { "https://\($0)" } ?? "",
                "exposure_strategy": facts.exposure,
            ])
        samples.mark(
            Catalogue.upstreamTenantStatus,
            ["status": facts.phase, "ready": facts.phase == "Ready" ? "true" : "false"])
        return samples
    }
}

extension TenantFacts {
    /// The labels that say whose a sample is.
    package var labelPairs: KeyValuePairs<String, String> {
        ["tcp_namespace": key.namespace ?? "", "tcp_name": key.name]
    }
}
