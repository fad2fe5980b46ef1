import KubeObjects
import TenantAPI
import Testing

@testable import Blueprint

@Suite struct DeploymentTests {
    @Test func `it is named and labelled as upstream's, and selects by the tenant's name alone`() throws {
        let tenant = try Sample.tenant()
        let deployment = tenant.deployed()
        #expect(deployment.key == ObjectKey(namespace: "tenants", name: "green"))
        #expect(deployment.apiVersion == "apps/v1")
        #expect(
            deployment.labels == [
                "kamaji.clastix.io/project": "kamaji", "kamaji.clastix.io/name": "green",
                "kamaji.clastix.io/component": "deployment",
            ])
        #expect(deployment[path: "spec", "selector"] == ["matchLabels": ["kamaji.clastix.io/name": "green"]])
        #expect(deployment.ownerReferences == [OwnerReference(controller: tenant.object)])
    }

    @Test func `the user's metadata joins ours on the Deployment and on its pods`() throws {
        let deployment = try Sample.tenant(
            """
            spec:
              controlPlane:
                deployment:
                  additionalMetadata: {labels: {tier: gold}, annotations: {owner: ops}}
                  podAdditionalMetadata:
                    labels: {team: blue, kamaji.clastix.io/component: mine, kamaji.clastix.io/name: mine}
                    annotations: {note: x, storage.kamaji.clastix.io/config: mine}
            """
        ).deployed()
        #expect(deployment.labels["tier"] == "gold")
        #expect(deployment.annotations == ["owner": "ops", Keys.replicas: "1"])
        let template = deployment.template
        #expect(template.labels["team"] == "blue")
        #expect(template.labels["kamaji.clastix.io/component"] == "mine")
        #expect(template.labels["kamaji.clastix.io/name"] == "green", "the selector has to match")
        #expect(template.annotations["note"] == "x")
        #expect(template.annotations["storage.kamaji.clastix.io/config"] != "mine")
    }

    @Test func `without user's extra arguments there is no checksum of them`() throws {
        let key = "kube-apiserver.kamaji.clastix.io/args"
        #expect(try Sample.tenant().deployed().annotations[key] == nil)
        let given = try Sample.tenant("spec: {controlPlane: {deployment: {extraArgs: {apiServer: [--v=2]}}}}")
        #expect(given.deployed().annotations[key] == Checksum.md5(ofList: ["--v=2"]))
    }

    @Test func `a pod that is replaced serves on while Services forget it`() throws {
        let konnectivity = "addons: {konnectivity: {}}"
        let tenant = try Sample.tenant("spec: {\(konnectivity)}").deployed()
        func sleep(_ name: String, in deployment: KubeObject) throws -> Int64? {
            try deployment.container(name)[path: "lifecycle", "preStop", "sleep", "seconds"]?.integer
        }
        let server = try #require(try sleep("kube-apiserver", in: tenant))
        let tunnel = try #require(try sleep("konnectivity-server", in: tenant))
        #expect(server < tunnel, "what the API server stands on outlives it")
        #expect(try sleep("kube-scheduler", in: tenant) == nil, "another one takes over as soon as it lets go")
        let alone = try Sample.tenant(
            "spec: {\(konnectivity), controlPlane: {deployment: {strategy: {type: Recreate, rollingUpdate: null}}}}"
        ).deployed()
        #expect(try sleep("kube-apiserver", in: alone) == nil, "nobody takes over, so nobody gains")
        #expect(try sleep("konnectivity-server", in: alone) == nil)
    }

    @Test func `new pods come before the old ones go, unless the user says otherwise`() throws {
        func strategy(_ asked: String) throws -> JSON? {
            try Sample.tenant("spec: {controlPlane: {deployment: {strategy: \(asked)}}}")
                .deployed()[path: "spec", "strategy"]
        }
        #expect(
            try Sample.tenant().deployed()[path: "spec", "strategy"] == [
                "type": "RollingUpdate", "rollingUpdate": ["maxSurge": "100%", "maxUnavailable": 0],
            ])
        #expect(try strategy("{type: Recreate, rollingUpdate: null}") == ["type": "Recreate"])
        #expect(
            try strategy("{type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}") == [
                "type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1, "maxUnavailable": 0],
            ])
    }

    @Test func `replicas that an autoscaler owns are not written`() throws {
        let tenant = try Sample.tenant("spec: {controlPlane: {deployment: {replicas: 3}}}")
        #expect(tenant.deployed()[path: "spec", "replicas"] == 3)
        #expect(tenant.deployed(replicasAreForeign: true)[path: "spec", "replicas"] == nil)
    }

    @Test func `what says where pods go is passed on as it is`() throws {
        let pod = try Sample.tenant(
            """
            spec:
              controlPlane:
                deployment:
                  nodeSelector: {disk: fast}
                  runtimeClassName: kata
                  tolerations: [{operator: Exists}]
                  affinity: {podAntiAffinity: {}}
                  serviceAccountName: tenants
                  automountServiceAccountToken: false
                  podSecurityContext: {runAsUser: 1000}
                  topologySpreadConstraints:
                  - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}
                  - {maxSkew: 1, topologyKey: host, whenUnsatisfiable: ScheduleAnyway, labelSelector: {}}
            """
        ).deployed().pod
        #expect(pod["nodeSelector"] == ["disk": "fast"])
        #expect(pod["runtimeClassName"] == "kata")
        #expect(pod["tolerations"] == [["operator": "Exists"]])
        #expect(pod["affinity"] == ["podAntiAffinity": [:]])
        #expect(pod["serviceAccountName"] == "tenants")
        #expect(pod["automountServiceAccountToken"] == false)
        #expect(pod["securityContext"] == ["runAsUser": 1000])
        let spread = try #require(pod["topologySpreadConstraints"]?.array)
        #expect(spread[0]["labelSelector"] == ["matchLabels": ["kamaji.clastix.io/name": "green"]])
        #expect(spread[1]["labelSelector"] == [:])
    }

    @Test func `pods are spread over nodes unless the user says otherwise`() throws {
        func spread(_ asked: String) throws -> JSON? {
            try Sample.tenant("spec: {controlPlane: {deployment: \(asked)}}").deployed().pod[
                "topologySpreadConstraints"]
        }
        #expect(
            try spread("{}") == [
                [
                    "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": ["matchLabels": ["kamaji.clastix.io/name": "green"]],
                ]
            ])
        #expect(try spread("{affinity: {podAntiAffinity: {}}}") == nil)
        #expect(try spread("{affinity: {nodeAffinity: {}}}")?.array?.count == 1)
    }

    @Test func `a tenant of several replicas is drained one by one`() throws {
        let budget = try Sample.tenant("spec: {controlPlane: {deployment: {replicas: 2}}}").disruptionBudget()
        #expect(
            budget?.object["spec"] == [
                "maxUnavailable": 1, "selector": ["matchLabels": ["kamaji.clastix.io/name": "green"]],
            ])
        for replicas in [0, 1] {
            let tenant = try Sample.tenant("spec: {controlPlane: {deployment: {replicas: \(replicas)}}}")
            #expect(tenant.disruptionBudget() == nil)
            #expect(tenant.absentComponents.contains(.disruptionBudget))
        }
    }

    @Test func `what nobody asked for is left to Kubernetes`() throws {
        let pod = try Sample.tenant().deployed().pod
        #expect(
            Set((pod.object ?? [:]).keys) == [
                "containers", "volumes", "serviceAccountName", "topologySpreadConstraints",
            ])
        #expect(pod["serviceAccountName"] == "default")
    }

    @Test func `the user's containers and volumes come before ours`() throws {
        let deployment = try Sample.tenant(
            """
            spec:
              controlPlane:
                deployment:
                  additionalInitContainers: [{name: prepare, image: busybox}]
                  additionalContainers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]
                  additionalVolumes:
                  - {name: audit, emptyDir: {}}
                  - {name: policy, configMap: {name: audit-policy, optional: true}}
                  additionalVolumeMounts:
                    scheduler: [{name: audit, mountPath: /var/log/audit}]
                    controllerManager: [{name: policy, mountPath: /etc/audit, readOnly: true}]
            """
        ).deployed()
        #expect(deployment.names("initContainers") == ["prepare"])
        #expect(
            deployment.names("containers") == ["web", "kube-apiserver", "kube-scheduler", "kube-controller-manager"])
        #expect(try deployment.container("web")["ports"] == [["containerPort": 80, "protocol": "TCP"]])
        #expect(
            deployment.names("volumes") == [
                "audit", "policy", "etc-kubernetes-pki", "etc-ca-certificates", "usr-share-ca-certificates",
                "usr-local-share-ca-certificates", "scheduler-kubeconfig", "controller-manager-kubeconfig",
            ])
        #expect(try deployment.volume("policy")["configMap"] == ["name": "audit-policy", "optional": true])
        #expect(try deployment.mounts("kube-scheduler").first == "audit /var/log/audit (rw)")
        #expect(try deployment.mounts("kube-controller-manager").first == "policy /etc/audit")
    }

    @Test func `the keys are gathered from their Secrets into one folder`() throws {
        let deployment = try Sample.tenant().deployed()
        let sources = try #require(try deployment.volume("etc-kubernetes-pki")[path: "projected", "sources"]?.array)
        let files = sources.map { source in
            let items = (source[path: "secret", "items"]?.array ?? []).map { item in
                item["key"] == item["path"]
                    ? item["key"]?.string ?? "" : "\(item["key"]?.string ?? "") as \(item["path"]?.string ?? "")"
            }
            return "\(source[path: "secret", "name"]?.string ?? ""): \(items.joined(separator: ", "))"
        }
        #expect(
            files == [
                "green-api-server-certificate: apiserver.crt, apiserver.key",
                "green-ca: ca.crt, ca.key",
                "green-api-server-kubelet-client-certificate: apiserver-kubelet-client.crt, apiserver-kubelet-client.key",
                "green-front-proxy-ca-certificate: front-proxy-ca.crt",
                "green-front-proxy-client-certificate: front-proxy-client.crt, front-proxy-client.key",
                "green-sa-certificate: sa.pub, sa.key",
                "green-datastore-certificate: ca.crt as etcd/ca.crt, server.crt as etcd/server.crt, "
                    + "server.key as etcd/server.key",
            ])
        #expect(
            try deployment.volume("scheduler-kubeconfig")["secret"] == [
                "secretName": "green-scheduler-kubeconfig", "defaultMode": 420,
            ])
    }

    @Test(arguments: ["etc-ca-certificates", "usr-share-ca-certificates", "usr-local-share-ca-certificates"])
    func `a bundle of authorities holds no key`(volume: String) throws {
        #expect(
            try Sample.tenant().deployed().volume(volume)["secret"] == [
                "secretName": "green-ca", "defaultMode": 420, "items": [["key": "ca.crt", "path": "ca.crt"]],
            ])
    }
}
