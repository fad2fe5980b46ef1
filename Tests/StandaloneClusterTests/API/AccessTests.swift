import APIMachinery
import FoundationEssentials
import KubeObjects
import PKI
import Testing

@testable import StandaloneCluster

@Suite struct AccessTests {
    private let rules = FixedRules(exposesClusterInfo: true)

    private func request(
        _ user: UserInfo, _ verb: String, _ plural: String, group: String = "", namespace: String = "",
        name: String = "",
        subresource: String = ""
    ) -> AccessRequest {
        AccessRequest(
            user: user, verb: verb,
            resource: AccessRequest.Resource(
                group: group, version: "v1", plural: plural, subresource: subresource, namespace: namespace, name: name,
                selectedName: ""), path: "")
    }

    private func user(_ name: String, _ groups: String...) -> UserInfo {
        UserInfo(name: name, groups: groups + ["system:authenticated"])
    }

    @Test(arguments: ["system:masters", "kubeadm:cluster-admins"]) func `administrators may do everything`(
        group: String
    ) {
        #expect(rules.decide(request(user("x", group), "delete", "secrets", namespace: "kube-system")) == .allowed)
    }

    @Test func `who is nobody reads health and cluster-info and nothing else`() {
        let read = { (path: String) in
            rules.decide(AccessRequest(user: .anonymous, verb: "get", resource: nil, path: path))
        }
        #expect(read("/healthz") == .allowed)
        #expect(read("/version") == .allowed)
        #expect(read("/api") == .refused)
        let info = request(.anonymous, "get", "configmaps", namespace: "kube-public", name: "cluster-info")
        #expect(rules.decide(info) == .allowed)
        #expect(FixedRules(exposesClusterInfo: false).decide(info) == .refused)
        #expect(rules.decide(request(.anonymous, "get", "configmaps", namespace: "kube-public", name: "x")) == .refused)
    }

    @Test func `a node writes itself and no other node`() {
        let node = user("system:node:a", "system:nodes")
        #expect(rules.decide(request(node, "patch", "nodes", name: "a", subresource: "status")) == .allowed)
        #expect(rules.decide(request(node, "patch", "nodes", name: "b", subresource: "status")) == .refused)
        #expect(rules.decide(request(node, "get", "nodes", name: "b")) == .allowed)
        let lease = { (name: String) in
            request(node, "update", "leases", group: "coordination.k8s.io", namespace: "kube-node-lease", name: name)
        }
        #expect(rules.decide(lease("a")) == .allowed)
        #expect(rules.decide(lease("b")) == .refused)
        let secret = request(node, "get", "secrets", namespace: "default", name: "s")
        #expect(rules.decide(secret) == .ifMountedOn(node: "a"))
        #expect(rules.decide(request(node, "list", "secrets", namespace: "default")) == .refused)
    }

    @Test func `a bootstrap token asks for a certificate and reads what joining needs`() {
        let joiner = user("system:bootstrap:abcdef", "system:bootstrappers")
        let group = "certificates.k8s.io"
        #expect(rules.decide(request(joiner, "create", "certificatesigningrequests", group: group)) == .allowed)
        #expect(
            rules.decide(request(joiner, "get", "configmaps", namespace: "kube-system", name: "kubelet-config"))
                == .allowed)
        #expect(rules.decide(request(joiner, "get", "secrets", namespace: "kube-system", name: "x")) == .refused)
    }

    @Test func `a node's agent reads what the node comes back with, and no other Secret`() async throws {
        try await ServerFixture.run { server in
            let api = server.server.api
            for node in ["a", "b"] {
                var secret = ResourceType.secrets.object(ObjectKey(namespace: "kube-system", name: "of-\(node)"))
                secret.annotations = ["kamaji.clastix.io/node": node]
                _ = try await api.create(
                    .secrets, secret, namespace: "kube-system", RuntimeFixture.options)
            }
            let authorizer = Authorizer(rules: rules, api: api)
            let agent = user("kamaji:agent:a", "kamaji:agents")
            func may(_ user: UserInfo, _ verb: String, _ name: String) async throws -> Bool {
                try await authorizer.isAllowed(request(user, verb, "secrets", namespace: "kube-system", name: name))
            }
            #expect(try await may(agent, "get", "of-a"))
            #expect(try await !may(agent, "get", "of-b"))
            #expect(try await !may(agent, "get", "none"))
            #expect(try await !may(agent, "update", "of-a"))
            #expect(try await !may(user("kamaji:agent:a"), "get", "of-a"), "the certificate's group is what counts")
        }
    }

    @Test func `a token that nodes come back with asks for certificates and reads nothing`() {
        let node = user("system:bootstrap:abcdef", "system:bootstrappers", "system:bootstrappers:kamaji:reenrol")
        let group = "certificates.k8s.io"
        #expect(rules.decide(request(node, "create", "certificatesigningrequests", group: group)) == .allowed)
        #expect(
            rules.decide(request(node, "get", "configmaps", namespace: "kube-system", name: "kubelet-config"))
                == .refused)
        #expect(rules.decide(request(node, "get", "nodes", name: "a")) == .refused)
    }

    @Test func `an agent writes its own Node, and of that no more than is its own`() async throws {
        let agent = user("kamaji:agent:a", "kamaji:agents")
        for (name, decision) in [("a", FixedRules.Decision.allowed), ("b", .refused)] {
            #expect(rules.decide(request(agent, "patch", "nodes", name: name)) == decision)
            #expect(rules.decide(request(agent, "patch", "nodes", name: name, subresource: "status")) == decision)
        }
        #expect(rules.decide(request(agent, "update", "nodes", name: "a")) == .refused)
        #expect(rules.decide(request(agent, "delete", "nodes", name: "a")) == .refused)
        try await ServerFixture.run { server in
            let api = server.server.api
            let key = ObjectKey(namespace: nil, name: "a")
            var node = ResourceType.nodes.object(key)
            node[path: "metadata", "labels"] = ["zone": "1"]
            _ = try await api.create(.nodes, node, namespace: nil, WriteOptions(fieldManager: "test"))
            func write(_ path: [String], _ value: JSON, _ subresource: String = "", as user: UserInfo) async throws {
                var object = try await api.get(.nodes, key)
                object.json[path: path] = value
                _ = try await api.update(
                    .nodes, key, object, subresource: subresource, WriteOptions(fieldManager: "agent", user: user))
            }
            func condition(_ type: String) -> JSON {
                [["type": .string(type), "status": "True", "reason": "x", "message": ""]]
            }
            let (annotations, conditions) = (["metadata", "annotations"], ["status", "conditions"])
            try await write(annotations, ["kamaji.clastix.io/agent-version": "1"], as: agent)
            try await write(conditions, condition("KamajiAgentHealthy"), "status", as: agent)
            let foreign: [(path: [String], value: JSON, subresource: String)] = [
                (annotations, ["other": "1"], ""), (["metadata", "labels"], ["zone": "2"], ""),
                (["spec", "unschedulable"], true, ""), (conditions, condition("Ready"), "status"),
                (["status", "capacity"], ["cpu": "9"], "status"),
            ]
            for (path, value, subresource) in foreign {
                let error = await #expect(throws: APIStatus.self, "\(path)") {
                    try await write(path, value, subresource, as: agent)
                }
                #expect(error?.code == 403, "\(path)")
            }
            await #expect(throws: APIStatus.self) {
                try await write(annotations, ["kamaji.clastix.io/x": "1"], as: user("kamaji:agent:b", "kamaji:agents"))
            }
        }
    }

    @Test(arguments: Kubectl.all) func `a stranger is refused in Kubernetes' words`(kubectl: Kubectl) async throws {
        try await ServerFixture.run { server in
            let bob = try ServerFixture.issue(server.authority, "bob")
            let config = Kubeconfig(
                clusterName: "test", server: "https://127.0.0.1:\(server.port)",
                certificateAuthorityPEM: server.authority.certificate.pem, userName: "bob",
                clientCertificatePEM: bob.certificate, clientKeyPEM: bob.key)
            let path = server.scratch.file("bob")
            try Data(config.yaml.utf8).write(to: URL(filePath: path))
            let refused = try await kubectl("get pods", on: server, environment: ["KUBECONFIG": path])
            #expect(
                refused.errors.contains(
                    #"pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default""#
                ),
                "\(refused)")
            let whoami = try await kubectl(
                "auth whoami -o jsonpath={.status.userInfo.username}", on: server, environment: ["KUBECONFIG": path])
            #expect(whoami.output == "bob", "\(whoami)")
            let can = try await kubectl("auth can-i get pods", on: server, environment: ["KUBECONFIG": path])
            #expect(can.output == "no\n", "\(can)")
        }
    }

    @Test func `a service account's token is known until its account is gone`() async throws {
        try await ServerFixture.run { server in
            let api = server.server.api
            let handler = server.server.handler
            let tokens = try #require(handler.tokens)
            let account = try await api.get(.serviceAccounts, ObjectKey(namespace: "default", name: "default"))
            let issued = try tokens.issue(to: account, audiences: [], seconds: 600, bound: nil, now: Date())
            let user = try await handler.authenticator.user(of: issued.token)
            #expect(user?.name == "system:serviceaccount:default:default")
            #expect(user?.groups.contains("system:serviceaccounts:default") == true)
            let stale = try tokens.issue(
                to: account, audiences: [], seconds: 600, bound: nil, now: Date(timeIntervalSinceNow: -700))
            #expect(try await handler.authenticator.user(of: stale.token) == nil)
            let foreign = try tokens.issue(to: account, audiences: ["vault"], seconds: 600, bound: nil, now: Date())
            #expect(try await handler.authenticator.user(of: foreign.token) == nil)
            var parts = issued.token.split(separator: ".").map(String.init)
            parts[1] = Base64URL.encode(Array(#"{"iss":"x"}"#.utf8))
            #expect(try await handler.authenticator.user(of: parts.joined(separator: ".")) == nil)
            _ = try await api.delete(.serviceAccounts, account.key)
            #expect(try await handler.authenticator.user(of: issued.token) == nil)
        }
    }
}
