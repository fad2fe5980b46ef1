import Blueprint
import Foundation
import KubeClient
import KubeObjects
import NodeIdentity
import Reconciliation
import Testing

extension EndToEnd {
    /// Certificates of agents and kubelets, asked for with openssl and signed by the tenant.
    @Suite struct NodeAccessTests {
        private static let node = ObjectKey(namespace: nil, name: "edge-1")

        @Test(arguments: Engine.all) func `a node's agent has one key, renews itself, and nobody else gets its name`(
            engine: Engine
        ) async throws {
            try await NodeAccessFixture.run(engine) { tenant in
                let scratch = tenant.session.scratch
                let (first, second) = (try await Machine.Key(scratch), try await Machine.Key(scratch))
                let invited = try await tenant.invitation()
                let certificate = try await tenant.ask(invited, .agent("edge-1"), first).certificate
                let text = try await OpenSSL(scratch: scratch).text(String(decoding: certificate, as: UTF8.self))
                #expect(text.contains("CN=kamaji:agent:edge-1,O=kamaji:agents"), "\(text)")

                #expect(try await tenant.ask(invited, .agent("edge-1"), second) == .denied("AnotherKeyIsEnrolled"))
                var greedy = Machine.Wish.agent("edge-2")
                greedy.subject = "/O=kamaji:agents/O=dev/CN=kamaji:agent:edge-2"
                #expect(try await tenant.ask(invited, greedy, second) == .denied("WrongSubject"))
                #expect(
                    try await tenant.ask(invited, .serving("edge-1", "DNS:edge-1"), first)
                        == .denied("WrongRequester"))

                let agent = tenant.client(certificate: certificate, key: first)
                #expect(try await tenant.ask(agent, .agent("edge-2"), second) == .denied("WrongRequester"))
                let renewed = try await tenant.ask(agent, .agent("edge-1"), second).certificate
                #expect(try await tenant.ask(invited, .agent("edge-1"), first) == .denied("AnotherKeyIsEnrolled"))

                let again = tenant.client(certificate: renewed, key: second)
                _ = try await tenant.admin.create(ResourceType.nodes.object(Self.node), .nodes)
                try await eventually("the agent reads its Node") {
                    try await !tenant.isRefused { _ = try await again.get(.nodes, Self.node) }
                }
                for (type, key) in [
                    (ResourceType.nodes, ObjectKey(namespace: nil, name: "edge-2")),
                    (.secrets, ObjectKey(namespace: "kube-system", name: "any")),
                    (.configMaps, ObjectKey(namespace: "kube-system", name: "kubeadm-config")),
                ] {
                    #expect(try await tenant.isRefused { _ = try await again.get(type, key) }, "\(type) \(key)")
                }
                #expect(try await tenant.isRefused { _ = try await again.list(.nodes, namespace: nil) })
            }
        }

        @Test(arguments: Engine.all) func `a kubelet serves by the addresses of its Node and no other`(engine: Engine)
            async throws
        {
            try await NodeAccessFixture.run(engine) { tenant in
                let key = try await Machine.Key(tenant.session.scratch)
                let invited = try await tenant.invitation()
                let certificate = try await tenant.ask(invited, .kubelet("edge-1"), key).certificate
                let kubelet = tenant.client(certificate: certificate, key: key)
                let early = try await tenant.post(kubelet, .serving("edge-1", "DNS:edge-1,IP:192.0.2.7"), key)
                #expect(
                    try await tenant.ask(kubelet, .serving("edge-2", "DNS:edge-2"), key)
                        == .denied("WrongRequester"))
                _ = try await tenant.admin.create(ResourceType.nodes.object(Self.node), .nodes)
                _ = try await tenant.admin.patch(
                    .nodes, Self.node,
                    .merge([
                        "status": [
                            "addresses": [
                                ["type": "InternalIP", "address": "192.0.2.7"],
                                ["type": "Hostname", "address": "edge-1"],
                            ]
                        ]
                    ]), subresource: "status")
                let serving = try await tenant.answer(early).certificate
                let openssl = OpenSSL(scratch: tenant.session.scratch)
                let leaf = String(decoding: serving, as: UTF8.self)
                #expect(try await openssl.accepts("192.0.2.7", of: leaf))
                #expect(try await openssl.accepts("edge-1", of: leaf))
                #expect(
                    try await tenant.ask(kubelet, .serving("edge-1", "DNS:kubernetes.default.svc"), key)
                        == .denied("ReservedName"))
                let foreign = try await tenant.post(kubelet, .serving("edge-1", "DNS:other.example.com"), key)
                // The one after it is answered; it still waits.
                _ = try await tenant.ask(kubelet, .serving("edge-1", "DNS:edge-1"), key).certificate
                let object = try await tenant.admin.get(
                    .certificateSigningRequests, ObjectKey(namespace: nil, name: foreign))
                #expect(object[path: "status", "conditions"] == nil && object[path: "status", "certificate"] == nil)
            }
        }

        @Test(.enabled(if: Programs.upstream != nil, "upstream's programs are not here"))
        func `an agent writes its own fields of its own Node, and tokens of the tunnel only`() async throws {
            try await NodeAccessFixture.run(.upstream) { tenant in
                let key = try await Machine.Key(tenant.session.scratch)
                let certificate = try await tenant.ask(
                    try await tenant.invitation(), .agent("edge-1"), key
                ).certificate
                let agent = tenant.client(certificate: certificate, key: key)
                for name in ["edge-1", "edge-2"] {
                    var node = ResourceType.nodes.object(ObjectKey(namespace: nil, name: name))
                    node.annotations = ["example.com/kept": "yes"]
                    _ = try await tenant.admin.create(node, .nodes)
                }
                for name in ["konnectivity-agent", "other"] {
                    _ = try await tenant.admin.apply(
                        ResourceType.serviceAccounts.object(ObjectKey(namespace: "kube-system", name: name)),
                        .serviceAccounts)
                }
                func patch(_ name: String, _ change: JSON, _ part: String? = nil) async throws -> Bool {
                    try await tenant.isRefused {
                        _ = try await agent.patch(
                            .nodes, ObjectKey(namespace: nil, name: name), .merge(change), subresource: part)
                    }
                }
                let annotation: JSON = ["metadata": ["annotations": ["kamaji.clastix.io/agent-version": "1"]]]
                try await eventually("the agent may annotate its Node") { try await !patch("edge-1", annotation) }
                #expect(try await patch("edge-2", annotation), "another's Node")
                for change: JSON in [
                    ["metadata": ["annotations": ["example.com/new": "1"]]],
                    ["metadata": ["annotations": ["example.com/kept": nil]]],
                    ["metadata": ["annotations": ["example.com/kept": "no"]]],
                    ["metadata": ["labels": ["node-role.kubernetes.io/control-plane": ""]]],
                    ["metadata": ["finalizers": ["example.com/stay"]]], ["spec": ["unschedulable": true]],
                    ["spec": ["taints": [["key": "a", "effect": "NoSchedule"]]]],
                ] {
                    try await eventually("the policy is in force") { try await patch("edge-1", change) }
                }
                let now = "2026-01-01T00:00:00Z"
                func condition(_ type: String) -> JSON {
                    [
                        "type": .string(type), "status": "True", "reason": "Up", "message": "up",
                        "lastHeartbeatTime": .string(now), "lastTransitionTime": .string(now),
                    ]
                }
                let own = condition(NodeAgents.conditionType)
                #expect(try await !patch("edge-1", ["status": ["conditions": [own]]], "status"))
                for status: JSON in [
                    ["conditions": [own, condition("Ready")]], ["capacity": ["cpu": "64"]],
                    ["addresses": [["type": "InternalIP", "address": "192.0.2.1"]]],
                ] {
                    #expect(try await patch("edge-1", ["status": status], "status"), "\(status)")
                }
                func token(_ account: String) async throws -> Bool {
                    var request = KubeObject(
                        apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", name: account,
                        namespace: "kube-system")
                    request["spec"] = ["audiences": ["system:konnectivity-server"], "expirationSeconds": 600]
                    let type = ResourceType(
                        group: "", version: "v1", kind: "TokenRequest", plural: "serviceaccounts/\(account)/token")
                    return try await tenant.isRefused { _ = try await agent.create(request, type) }
                }
                #expect(try await !token("konnectivity-agent"))
                for account in ["other", "default"] { #expect(try await token(account), "a token of \(account)") }
            }
        }

        @Test(.enabled(if: Programs.upstream != nil, "upstream's programs are not here"))
        func `a node comes back with its key alone, until it is revoked`() async throws {
            try await NodeAccessFixture.run(.upstream) { tenant in
                let scratch = tenant.session.scratch
                let (own, stolen) = (try await Machine.Key(scratch), try await Machine.Key(scratch))
                let invited = try await tenant.invitation()
                let agent = tenant.client(
                    certificate: try await tenant.ask(invited, .agent("edge-1"), own).certificate, key: own)
                let name = try #require(NodeName("edge-1"))
                let id = try #require(NodeEnrolment.tokenIDs(of: name).first)
                let key = BootstrapTokenSecret.key(ofID: id)
                try await eventually("the agent reads what it comes back with") {
                    try await !tenant.isRefused { _ = try await agent.get(.secrets, key) }
                }
                let found = try await agent.get(.secrets, key)
                let secret = try #require(BootstrapTokenSecret(found))
                let returning = tenant.client(token: secret.token.text)
                try await eventually("the tenant knows it") { try await NodeAccessFixture.isKnown(returning) }
                _ = try await tenant.ask(returning, .agent("edge-1"), own).certificate
                #expect(try await tenant.ask(returning, .agent("edge-1"), stolen) == .denied("WrongKey"))
                #expect(try await tenant.ask(returning, .agent("edge-2"), own) == .denied("WrongRequester"))
                for type in [ResourceType.nodes, .secrets, .configMaps, .certificateSigningRequests] {
                    #expect(
                        try await tenant.isRefused { _ = try await returning.list(type, namespace: "kube-system") },
                        "it lists \(type)")
                }

                let listed = try await tenant.manager("nodes", "list", "dev")
                #expect(listed.lines.count == 2 && listed.output.contains("edge-1 "), "\(listed)")
                #expect(listed.output.contains(id) && !listed.output.contains(secret.token.secret), "\(listed)")
                let tokens = try await tenant.manager("token", "list", "dev")
                #expect(!tokens.output.contains(id), "it is shown as an invitation: \(tokens)")
                let wrong = try await tenant.manager("token", "delete", "dev", id)
                #expect(wrong.code != 0 && wrong.errors.contains("nodes revoke"), "\(wrong)")

                let revoked = try await tenant.manager("nodes", "revoke", "dev", "edge-1")
                #expect(revoked.isSuccess, "\(revoked)")
                try await eventually("the agent's certificate is good for nothing") {
                    try await tenant.isRefused { _ = try await agent.get(.secrets, key) }
                }
                #expect(
                    try await tenant.isRefused { _ = try await tenant.post(agent, .agent("edge-1"), own) })
                try await eventually("the credential signs nobody in") {
                    try await !NodeAccessFixture.isKnown(returning)
                }
                let twice = try await tenant.manager("nodes", "revoke", "dev", "edge-1")
                #expect(twice.code != 0 && twice.errors.contains("is not enrolled"), "\(twice)")
                let left = try await tenant.manager("nodes", "list", "dev")
                #expect(left.isSuccess && left.lines.count == 1, "\(left)")

                // A machine set up anew takes the name with an invitation.
                _ = try await tenant.ask(invited, .agent("edge-1"), stolen).certificate
                // With the name the rights are back, and with them those of the former machine's certificate.
                try await eventually("its certificate is noted") {
                    try await tenant.admin.get(.secrets, key).annotations["kamaji.clastix.io/node-certificates"] != nil
                }
                try await eventually("the former machine may ask again") {
                    try await !tenant.isRefused { _ = try await agent.get(.secrets, key) }
                }
                #expect(try await tenant.ask(agent, .agent("edge-1"), own) == .denied("AnotherCertificate"))
            }
        }
    }
}
