import FoundationEssentials
import HTTPTransport
import KubeClient
import KubeObjects
import NodeIdentity
import PKI

/// What a tenant tells its nodes while they are its nodes: whom to trust from now on, and whether to restart.
package struct TenantNews: Sendable, Hashable {
    /// The one that signs first. Told by somebody who proved to be the tenant by the authorities that were trusted before,
    /// and found to be such as the tenant proves itself by.
    package var authorityPEM: [UInt8]
    /// Nil when not all of them could be read.
    package var restarts: RestartWishes?
    /// How far the tenant's clock is ahead of this node's, in seconds; nil when it did not say, or took so long to answer
    /// that it cannot be told.
    package var serverAhead: TimeInterval?
}

/// Wishes that the kubelet be restarted, as after its tenant's data has moved to another datastore, where watches of the
/// old one would go on with revisions that are none of the new one's. Each is a text of its own; another text is another
/// wish. Everybody's stands at kube-public/cluster-info, a node's own at its Node
/// (`NodeAgentFields.restartAnnotation`).
package struct RestartWishes: Sendable, Hashable {
    package var everybody = ""
    package var node = ""

    package init() {}

    package init(everybody: String, node: String) {
        self.everybody = everybody
        self.node = node
    }

    /// A wish that was taken back is no wish.
    package func isNew(after followed: RestartWishes) -> Bool {
        (everybody != followed.everybody && !everybody.isEmpty) || (node != followed.node && !node.isEmpty)
    }

    package var json: JSON { ["everybody": .string(everybody), "node": .string(node)] }

    package init?(_ json: JSON) {
        guard let everybody = json["everybody"]?.string, let node = json["node"]?.string else { return nil }
        self.init(everybody: everybody, node: node)
    }
}

/// Asks the tenant for its news.
package struct TenantInquiry: Sendable {
    private let environment: NodeEnvironment
    private let tenant: JoinedTenant
    private let node: NodeName

    private static let path = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
    /// As many as two rotations at once would have.
    private static let mostAuthorities = 8
    /// Half of it is how far a clock can be misjudged, in seconds.
    private static let longestRound: TimeInterval = 10

    package init(_ environment: NodeEnvironment, _ tenant: JoinedTenant, _ node: NodeName) {
        self.environment = environment
        self.tenant = tenant
        self.node = node
    }

    /// - Throws: why nothing was learned; what was known before then stands.
    package func news() async throws -> TenantNews {
        let (told, ahead) = try await clusterInfo(trusting: tenant.authorityPEM)
        var news = TenantNews(authorityPEM: tenant.authorityPEM)
        news.serverAhead = ahead
        if let told {
            news.authorityPEM = told.authorityPEM
        } else {
            news.authorityPEM = try await publishedAuthorities()
        }
        if news.authorityPEM != tenant.authorityPEM { try await verify(news.authorityPEM) }
        // An agent whose certificate the tenant takes no more has to learn of its authorities all the same.
        if let wish = try? await wishOfNode() {
            news.restarts = RestartWishes(everybody: told?.wish ?? "", node: wish)
        }
        return news
    }

    private struct Told {
        var authorityPEM: [UInt8]
        var wish: String
    }

    /// Nothing where the tenant does not tell it to everybody. No credentials go along: who answers has to prove to be the
    /// tenant, and what it says is for all.
    private func clusterInfo(trusting authorityPEM: [UInt8]) async throws -> (told: Told?, ahead: TimeInterval?) {
        var request = HTTPRequest(
            "GET", tenant.server + Self.path, tls: TLSSettings(certificateAuthorities: authorityPEM),
            timeout: .seconds(30))
        request.headers["Accept"] = "application/json"
        request.headers["User-Agent"] = "kamaji-agent"
        request.proxy = environment.proxies.proxy(for: tenant.server)
        let sent = environment.now()
        let response = try await environment.transport.send(request)
        let received = environment.now()
        var ahead = HTTPDate.lead(of: response, sent: sent, received: received)
        if !(0...Self.longestRound).contains(received.timeIntervalSince(sent)) { ahead = nil }
        if [401, 403, 404].contains(response.status) { return (nil, ahead) }
        guard response.status == 200, let json = try? JSON(parsing: response.body) else {
            throw TenantNewsError(
                description: "\(tenant.server) answers HTTP \(response.status) when asked for its news")
        }
        guard let text = json[path: "data", "kubeconfig"]?.string else { return (nil, ahead) }
        let info = try ClusterInfo(kubeconfig: Array(text.utf8))
        let told = Told(
            authorityPEM: try Self.checked(info.authorityPEM),
            wish: KubeObject(json).annotations[NodeAgentFields.restartAnnotation] ?? "")
        return (told, ahead)
    }

    /// What pods are given to trust the API by, where nobody may read cluster-info; what the node knows where the agent
    /// may not read that either.
    private func publishedAuthorities() async throws -> [UInt8] {
        guard let client = try await client() else { return tenant.authorityPEM }
        do {
            let object = try await client.find(
                .configMaps, ObjectKey(namespace: "kube-system", name: NodeAgentFields.authoritiesConfigMap))
            guard let text = object?[path: "data", "ca.crt"]?.string else { return tenant.authorityPEM }
            return try Self.checked(Array(text.utf8))
        } catch let error as KubeError where error.isForbidden || error.isUnauthorized {
            return tenant.authorityPEM
        }
    }

    private static func checked(_ pem: [UInt8]) throws -> [UInt8] {
        let authorities = try Certificate.chain(pem: pem)
        guard !authorities.isEmpty, authorities.count <= mostAuthorities, authorities.allSatisfy(\.isAuthority) else {
            throw TenantNewsError(
                description:
                    "the tenant names \(authorities.count) certificates as its authorities, and not all of them "
                    + "are such")
        }
        return pem
    }

    /// Whoever is trusted next must prove to be the tenant by that: else it would be lost.
    private func verify(_ authorityPEM: [UInt8]) async throws {
        var request = HTTPRequest(
            "GET", "\(tenant.server)/version", tls: TLSSettings(certificateAuthorities: authorityPEM),
            timeout: .seconds(30))
        request.proxy = environment.proxies.proxy(for: tenant.server)
        do {
            _ = try await environment.transport.send(request)
        } catch let error as HTTPTransportError where error.code == .tlsFailed {
            throw TenantNewsError(
                description:
                    "the tenant names authorities that its own server is not of (\(error.message)): they are not "
                    + "taken")
        }
    }

    private func wishOfNode() async throws -> String {
        guard let client = try await client() else { return "" }
        let object = try await client.find(.nodes, ObjectKey(namespace: nil, name: node.text))
        return object?.annotations[NodeAgentFields.restartAnnotation] ?? ""
    }

    /// As the agent; nil before it is anybody.
    private func client() async throws -> KubeClient? {
        guard let identity = try await AgentStore(environment.writer).identity(node) else { return nil }
        return environment.client(
            identity.connection(tenant.server, authorityPEM: tenant.authorityPEM, proxies: environment.proxies))
    }
}

/// Why the tenant's news could not be had, or are not believed.
package struct TenantNewsError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}
