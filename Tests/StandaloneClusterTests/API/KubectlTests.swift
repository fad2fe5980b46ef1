import FoundationEssentials
import KubeObjects
import Testing

@testable import StandaloneCluster

/// What users do, done with the kubectl that users have.
@Suite struct KubectlTests {
    static let deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: c, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
        """

    static let definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: zones.example.io}
        spec:
          group: example.io
          scope: Namespaced
          names: {plural: zones, kind: Zone, shortNames: [zn]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources:
              status: {}
              scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
            additionalPrinterColumns:
            - {name: Size, type: integer, jsonPath: .spec.replicas}
            - {name: Tier, type: string, jsonPath: .spec.tier, priority: 1}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    description: What is wanted of the zone.
                    required: [tier]
                    x-kubernetes-validations:
                    - {rule: "self.tier == oldSelf.tier", message: tier is immutable}
                    properties:
                      tier: {type: string, enum: [gold, silver], description: How good the zone is.}
                      replicas: {type: integer, default: 3, minimum: 0}
                  status:
                    type: object
                    properties:
                      replicas: {type: integer}
                      phase: {type: string}
        """

    static let zone = """
        apiVersion: example.io/v1
        kind: Zone
        metadata: {name: z}
        spec: {tier: gold}
        """

    @Test(arguments: Kubectl.all) func `applying twice changes nothing the second time, and diff is quiet`(
        kubectl: Kubectl
    ) async throws {
        try await ServerFixture.run { server in
            let first = try await kubectl("apply -f FILE", on: server, file: Self.deployment)
            #expect(first.isSuccess && first.output.contains("deployment.apps/web created"), "\(first)")
            let second = try await kubectl("apply -f FILE", on: server, file: Self.deployment)
            #expect(second.output == "deployment.apps/web unchanged\nservice/web unchanged\n", "\(second)")
            let diff = try await kubectl("diff -f FILE", on: server, file: Self.deployment)
            #expect(diff.isSuccess && diff.output.isEmpty, "\(diff)")
            let generation = try await kubectl("get deploy web -o jsonpath={.metadata.generation}", on: server)
            #expect(generation.output == "1")
            let wide = try await kubectl("get deploy,svc -o wide", on: server)
            #expect(wide.output.contains("nginx:1.27") && wide.output.contains("NodePort"), "\(wide)")
        }
    }

    @Test(arguments: Kubectl.all) func `server-side apply keeps owners apart and names a conflict`(
        kubectl: Kubectl
    ) async throws {
        try await ServerFixture.run { server in
            let mine = try await kubectl(
                "apply --server-side --field-manager=a -f FILE", on: server, file: Self.deployment)
            #expect(mine.isSuccess, "\(mine)")
            let theirs = Self.deployment.replacing("replicas: 2", with: "replicas: 5")
            let refused = try await kubectl("apply --server-side --field-manager=b -f FILE", on: server, file: theirs)
            #expect(!refused.isSuccess && refused.errors.contains("conflict with \"a\""), "\(refused)")
            #expect(refused.errors.contains(".spec.replicas"), "\(refused)")
            let forced = try await kubectl(
                "apply --server-side --force-conflicts --field-manager=b -f FILE", on: server, file: theirs)
            #expect(forced.isSuccess, "\(forced)")
            let replicas = try await kubectl("get deploy web -o jsonpath={.spec.replicas}", on: server)
            #expect(replicas.output == "5")
        }
    }

    @Test(arguments: Kubectl.all) func `every way of changing an object changes it`(kubectl: Kubectl) async throws {
        try await ServerFixture.run { server in
            _ = try await kubectl("apply -f FILE", on: server, file: Self.deployment)
            let steps = [
                ("scale deploy web --replicas=3", "3"),
                (#"patch deploy web -p {"spec":{"replicas":4}}"#, "4"),
                (#"patch deploy web --type=merge -p {"spec":{"replicas":5}}"#, "5"),
                (#"patch deploy web --type=json -p [{"op":"replace","path":"/spec/replicas","value":6}]"#, "6"),
            ]
            for (step, expected) in steps {
                let outcome = try await kubectl(step, on: server)
                #expect(outcome.isSuccess, "\(step): \(outcome)")
                let replicas = try await kubectl("get deploy web -o jsonpath={.spec.replicas}", on: server)
                #expect(replicas.output == expected, "\(step)")
            }
            let edit = try await kubectl("edit deploy web", on: server, environment: ["EDITOR": "true"])
            #expect(edit.isSuccess && edit.errors.contains("no changes made"), "\(edit)")
            let restart = try await kubectl("rollout restart deploy web", on: server)
            #expect(restart.isSuccess, "\(restart)")
            // Strategic merge: a second container joins the first.
            let patch = #"patch deploy web -p {"spec":{"template":{"spec":{"containers":[{"name":"d","image":"x"}]}}}}"#
            #expect(try await kubectl(patch, on: server).isSuccess)
            let names = try await kubectl(
                "get deploy web -o jsonpath={.spec.template.spec.containers[*].name}", on: server)
            #expect(Set(names.output.split(separator: " ")) == ["c", "d"])
        }
    }

    @Test(arguments: Kubectl.all) func `create makes every kind that it has a word for`(kubectl: Kubectl) async throws {
        try await ServerFixture.run { server in
            for words in [
                "namespace n", "configmap c --from-literal=a=b", "secret generic s --from-literal=a=b",
                "serviceaccount bob",
                "deployment d --image=nginx", "service clusterip svc --tcp=80", "role r --verb=get --resource=pods",
                "clusterrole cr --verb=get --resource=nodes",
                "clusterrolebinding crb --clusterrole=cr --serviceaccount=default:bob",
                "job j --image=x", "cronjob cj --image=x --schedule=@daily", "priorityclass p --value=7",
                "poddisruptionbudget pdb --selector=a=b --min-available=1", "quota q --hard=pods=3",
                "ingress i --rule=h/=svc:80",
            ] {
                let outcome = try await kubectl("create \(words)", on: server)
                #expect(outcome.isSuccess && outcome.output.contains("created"), "\(words): \(outcome)")
            }
            let secret = try await kubectl("get secret s -o jsonpath={.data.a}", on: server)
            #expect(secret.output == "Yg==")
            let token = try await kubectl("create token bob", on: server)
            #expect(token.output.split(separator: ".").count == 3, "\(token)")
            let again = try await kubectl("create namespace n", on: server)
            #expect(again.errors.contains("(AlreadyExists): namespaces \"n\" already exists"), "\(again)")
        }
    }

    @Test(arguments: Kubectl.all) func `a definition is served at once, with columns, explain, scale and validation`(
        kubectl: Kubectl
    ) async throws {
        try await ServerFixture.run { server in
            let defined = try await kubectl("apply -f FILE", on: server, file: Self.definition)
            #expect(defined.isSuccess, "\(defined)")
            let established = try await kubectl(
                "wait --for=condition=Established crd/zones.example.io --timeout=10s", on: server)
            #expect(established.isSuccess, "\(established)")
            let resources = try await kubectl("api-resources --api-group=example.io --no-headers", on: server)
            #expect(resources.output.contains("zn"), "\(resources)")
            let explained = try await kubectl("explain zone.spec", on: server)
            #expect(
                explained.output.contains("What is wanted of the zone.") && explained.output.contains("gold"),
                "\(explained)")
            let created = try await kubectl("apply -f FILE", on: server, file: Self.zone)
            #expect(created.isSuccess, "\(created)")
            let shown = try await kubectl("get zn z --no-headers -o wide", on: server)
            #expect(shown.output.split(whereSeparator: \.isWhitespace) == ["z", "3", "gold"], "\(shown)")
            #expect(try await kubectl("scale zn z --replicas=7", on: server).isSuccess)
            let status =
                #"patch zn z --subresource=status --type=merge -p {"status":{"phase":"Ready"},"spec":{"replicas":1}}"#
            #expect(try await kubectl(status, on: server).isSuccess)
            let ready = try await kubectl("wait --for=jsonpath={.status.phase}=Ready zn/z --timeout=10s", on: server)
            #expect(ready.isSuccess, "\(ready)")
            let replicas = try await kubectl("get zn z -o jsonpath={.spec.replicas}", on: server)
            #expect(replicas.output == "7", "a write of the status has changed the spec")
            let described = try await kubectl("describe zn z", on: server)
            #expect(described.output.contains("Tier:"), "\(described)")
        }
    }

    @Test(arguments: Kubectl.all) func `wrong input is refused with the field's path, and nothing is stored`(
        kubectl: Kubectl
    ) async throws {
        try await ServerFixture.run { server in
            _ = try await kubectl("apply -f FILE", on: server, file: Self.definition)
            let bad = Self.zone.replacing("gold", with: "bronze")
            let refused = try await kubectl("apply -f FILE", on: server, file: bad)
            #expect(
                refused.errors.contains(#"The Zone "z" is invalid"#)
                    && refused.errors.contains(
                        #"spec.tier: Unsupported value: "bronze": supported values: "gold", "silver""#),
                "\(refused)")
            #expect(try await kubectl("get zn --no-headers", on: server).output.isEmpty)
            _ = try await kubectl("apply -f FILE", on: server, file: Self.zone)
            let immutable = try await kubectl(#"patch zn z --type=merge -p {"spec":{"tier":"silver"}}"#, on: server)
            #expect(immutable.errors.contains("tier is immutable"), "\(immutable)")
            let unknown = Self.zone.replacing("tier: gold", with: "tier: gold, colour: red")
            let strict = try await kubectl("apply -f FILE", on: server, file: unknown)
            #expect(strict.errors.contains(#"unknown field "spec.colour""#), "\(strict)")
            let lax = try await kubectl("apply --validate=warn -f FILE", on: server, file: unknown)
            #expect(lax.isSuccess && lax.errors.contains("Warning: unknown field"), "\(lax)")
            let selector = try await kubectl(
                "apply -f FILE", on: server,
                file: Self.deployment.replacing("matchLabels: {app: web}", with: "matchLabels: {app: other}"))
            #expect(selector.errors.contains("`selector` does not match template `labels`"), "\(selector)")
            let missing = try await kubectl("get deploy nothing", on: server)
            #expect(missing.errors.contains(#"(NotFound): deployments.apps "nothing" not found"#), "\(missing)")
            let nowhere = try await kubectl("-n nowhere create configmap c", on: server)
            #expect(nowhere.errors.contains(#"namespaces "nowhere" not found"#), "\(nowhere)")
        }
    }

    @Test(arguments: Kubectl.all) func `deletion waits for what has to go first`(kubectl: Kubectl) async throws {
        try await ServerFixture.run { server in
            _ = try await kubectl("apply -f FILE", on: server, file: Self.definition)
            _ = try await kubectl("create namespace n", on: server)
            _ = try await kubectl("-n n apply -f FILE", on: server, file: Self.zone)
            _ = try await kubectl("-n n create configmap c", on: server)
            let namespace = try await kubectl("delete namespace n --wait --timeout=20s", on: server)
            #expect(namespace.isSuccess, "\(namespace)")
            #expect(try await kubectl("get zn -A --no-headers", on: server).output.isEmpty)
            _ = try await kubectl("apply -f FILE", on: server, file: Self.zone)
            let definition = try await kubectl("delete crd zones.example.io --wait --timeout=20s", on: server)
            #expect(definition.isSuccess, "\(definition)")
            let gone = try await kubectl("get zn", on: server)
            #expect(!gone.isSuccess)
            // The definition that comes back finds no instances of the one that went.
            _ = try await kubectl("apply -f FILE", on: server, file: Self.definition)
            #expect(try await kubectl("get zones.example.io -A --no-headers", on: server).output.isEmpty)
        }
    }

    @Test(arguments: Kubectl.all) func `what is written for an owner that is gone goes after it`(kubectl: Kubectl)
        async throws
    {
        try await ServerFixture.run { server in
            _ = try await kubectl("create configmap living", on: server)
            let uid = try await kubectl("get cm living -o jsonpath={.metadata.uid}", on: server).output
            let dead = "{apiVersion: v1, kind: ConfigMap, name: dead, uid: 00000000-0000-0000-0000-00000000dead}"
            let living = "{apiVersion: v1, kind: ConfigMap, name: living, uid: \(uid)}"
            func make(_ name: String, owners: String) -> String {
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \(name), ownerReferences: [\(owners)]}"
            }
            _ = try await kubectl("create configmap adopted", on: server)
            for (name, owners) in [("late", dead), ("half", "\(dead), \(living)"), ("adopted", dead)] {
                let made = try await kubectl("apply -f FILE", on: server, file: make(name, owners: owners))
                #expect(made.isSuccess, "\(made)")
            }
            for name in ["late", "adopted"] {
                let gone = try await kubectl("wait --for=delete configmap/\(name) --timeout=60s", on: server)
                #expect(gone.isSuccess, "\(gone)")
            }
            let left = try await kubectl(
                "wait cm/half --for=jsonpath={.metadata.ownerReferences[*].name}=living --timeout=60s", on: server)
            #expect(left.isSuccess, "\(left)")
        }
    }

    @Test(arguments: Kubectl.all) func `a finalizer holds an object until it is taken away`(kubectl: Kubectl)
        async throws
    {
        try await ServerFixture.run { server in
            _ = try await kubectl("create configmap c", on: server)
            _ = try await kubectl(
                #"patch cm c --type=merge -p {"metadata":{"finalizers":["example.io/hold"]}}"#, on: server)
            _ = try await kubectl("delete cm c --wait=false", on: server)
            let held = try await kubectl("get cm c -o jsonpath={.metadata.deletionTimestamp}", on: server)
            #expect(!held.output.isEmpty, "\(held)")
            let more = try await kubectl(
                #"patch cm c --type=merge -p {"metadata":{"finalizers":["example.io/hold","example.io/more"]}}"#,
                on: server)
            #expect(more.errors.contains("no new finalizers can be added if the object is being deleted"), "\(more)")
            _ = try await kubectl(#"patch cm c --type=merge -p {"metadata":{"finalizers":null}}"#, on: server)
            #expect(try await !kubectl("get cm c", on: server).isSuccess)
        }
    }

    @Test(arguments: Kubectl.all) func `a watch shows what another client does`(kubectl: Kubectl) async throws {
        try await ServerFixture.run { server in
            _ = try await kubectl("create configmap c", on: server)
            async let watched = kubectl("wait --for=delete cm/c --timeout=20s", on: server)
            _ = try await kubectl("label cm c a=b", on: server)
            _ = try await kubectl("delete cm c", on: server)
            let outcome = try await watched
            #expect(outcome.isSuccess, "\(outcome)")
        }
    }
}
