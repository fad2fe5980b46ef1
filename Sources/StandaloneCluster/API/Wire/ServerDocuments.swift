import APIMachinery
import KubeObjects
import Synchronization

/// Paths that are no resources: health, version, discovery, OpenAPI, and what issuers of tokens publish.
package struct ServerDocuments: Sendable {
    let version: ServerVersion
    let kept: KeptDocuments
    /// The address that /api names to clients, host and port.
    let address: String
    let issuer: String?

    func answer(_ request: WireRequest, _ api: ClusterAPI) async throws(APIStatus) -> WireResponse {
        guard ["GET", "HEAD"].contains(request.method) else { throw .methodNotAllowed() }
        let parts = request.path.split(separator: "/").map(String.init)
        switch parts.first {
        case nil: return .json(["paths": JSON(paths(api.catalog.snapshot))])
        case "healthz", "livez", "readyz": return await health(parts, request, api)
        case "version": return .json(version.json)
        case "api", "apis", "openapi":
            return try kept.answer(
                parts, accept: request.headers["accept"], etag: request.headers["if-none-match"], self, api)
        case ".well-known" where parts == [".well-known", "openid-configuration"]:
            guard let issuer else { throw .unknownResource() }
            return .json([
                "issuer": .string(issuer), "jwks_uri": .string("\(issuer)/openid/v1/jwks"),
                "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            ])
        default: throw .unknownPath(request.path)
        }
    }

    private func paths(_ snapshot: ResourceCatalog.Snapshot) -> [String] {
        var paths: Set<String> = [
            "/api", "/api/v1", "/apis", "/healthz", "/livez", "/readyz", "/openapi/v2", "/openapi/v3", "/version",
        ]
        for resource in snapshot.all where !resource.type.group.isEmpty {
            paths.insert("/apis/\(resource.type.group)")
            paths.insert("/apis/\(resource.type.apiVersion)")
        }
        return paths.sorted()
    }

    /// `ok`, or with ?verbose one line for each check.
    private func health(_ parts: [String], _ request: WireRequest, _ api: ClusterAPI) async -> WireResponse {
        let storage: Bool
        do throws(APIStatus) {
            _ = try await api.find(.namespaces, ObjectKey(namespace: nil, name: "default"))
            storage = true
        } catch {
            storage = false
        }
        let checks = [("ping", true), ("log", true), ("storage", storage)]
        if parts.count > 1 {
            guard let check = checks.first(where: { $0.0 == parts[1] }) else {
                return .text("404 page not found\n", status: 404)
            }
            return check.1 ? .text("ok") : .text("internal server error: \(check.0) failed", status: 500)
        }
        let isWell = checks.allSatisfy(\.1)
        guard request.query["verbose"] != nil || !isWell else { return .text("ok") }
        var text = checks.map { $0.1 ? "[+]\($0.0) ok\n" : "[-]\($0.0) failed: reason withheld\n" }.joined()
        text += "\(parts[0]) check \(isWell ? "passed" : "failed")\n"
        return .text(text, status: isWell ? 200 : 500)
    }
}

/// What /version says.
package struct ServerVersion: Sendable {
    /// `v1.36.0`.
    package let gitVersion: String

    package init(_ gitVersion: String) { self.gitVersion = gitVersion }

    /// The version that a cluster is asked to be, marked as not upstream's in its build metadata: that has no say in
    /// comparisons.
    package init(asked version: String) { gitVersion = version.contains("+") ? version : "\(version)+embedded" }

    var json: JSON { Discovery.versionInfo(gitVersion, platform: "linux/amd64") }
}

extension APIStatus {
    static func unknownPath(_ path: String) -> APIStatus {
        APIStatus(
            code: 404, reason: "NotFound", message: "the server could not find the requested resource",
            details: Details(causes: [Cause(reason: "UnexpectedServerResponse", message: "404 page not found")]))
    }
}
