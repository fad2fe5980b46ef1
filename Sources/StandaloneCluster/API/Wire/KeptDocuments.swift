import APIMachinery
import KubeObjects
import Synchronization

/// Discovery and OpenAPI documents, made once for each state of the catalog and kept as bytes.
package final class KeptDocuments: Sendable {
    private struct Document {
        var bytes: [UInt8]
        var etag: String
    }

    private struct State {
        var generation = 0
        var documents: [String: Document] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Answers a path below /api, /apis and /openapi that names no resource; `parts` are its steps.
    func answer(
        _ parts: [String], accept: String?, etag: String?, _ server: ServerDocuments, _ api: ClusterAPI
    ) throws(APIStatus) -> WireResponse {
        let snapshot = api.catalog.snapshot
        let path = parts.joined(separator: "/")
        if parts.first == "openapi" {
            let accepted = accept ?? ""
            if parts == ["openapi", "v2"], OpenAPIProtobuf.isAccepted(by: accepted) {
                return try keptBytes("\(path) protobuf", etag, OpenAPIProtobuf.mediaType, snapshot) {
                    let documents = OpenAPIDocuments(snapshot.all.map(\.served), version: server.version.gitVersion)
                    return OpenAPIProtobuf.document(documents.swagger)
                }
            }
            let takesJSON = accepted.isEmpty || ["json", "*/*", "application/*"].contains { accepted.contains($0) }
            guard takesJSON else { throw .notAcceptable(accepted: ["application/json"]) }
            return try kept(path, etag, "application/json", snapshot) {
                let documents = OpenAPIDocuments(snapshot.all.map(\.served), version: server.version.gitVersion)
                switch parts.count {
                case 2 where parts[1] == "v2": return documents.swagger
                case 2 where parts[1] == "v3": return documents.index
                case 3... where parts[1] == "v3": return documents.document(parts.dropFirst(2).joined(separator: "/"))
                default: return nil
                }
            }
        }
        if parts.count == 1, let version = Discovery.AggregatedVersion(accept: accept ?? "") {
            return try kept("\(path) \(version.rawValue)", etag, version.contentType, snapshot) {
                Discovery(snapshot.all.map(\.served)).aggregated(core: parts[0] == "api", version)
            }
        }
        return try kept(path, nil, "application/json", snapshot) {
            let discovery = Discovery(snapshot.all.map(\.served))
            switch (parts.first, parts.count) {
            case ("api", 1): return discovery.coreVersions(serverAddress: server.address)
            case ("apis", 1): return discovery.groupList
            case ("apis", 2): return discovery.group(parts[1])
            case ("api", 2): return discovery.resourceList(group: "", version: parts[1])
            case ("apis", 3): return discovery.resourceList(group: parts[1], version: parts[2])
            default: return nil
            }
        }
    }

    private func kept(
        _ name: String, _ asked: String?, _ contentType: String, _ snapshot: ResourceCatalog.Snapshot,
        _ make: () -> JSON?
    ) throws(APIStatus) -> WireResponse {
        try keptBytes(name, asked, contentType, snapshot) { make()?.encoded() }
    }

    private func keptBytes(
        _ name: String, _ asked: String?, _ contentType: String, _ snapshot: ResourceCatalog.Snapshot,
        _ make: () -> [UInt8]?
    ) throws(APIStatus) -> WireResponse {
        var found = state.withLock { state -> Document? in
            if state.generation != snapshot.generation { state = State(generation: snapshot.generation) }
            return state.documents[name]
        }
        if found == nil {
            guard let bytes = make() else { throw .unknownResource() }
            let document = Document(bytes: bytes, etag: "\"\(Checksum.md5(bytes).uppercased())\"")
            found = document
            state.withLock { state in
                if state.generation == snapshot.generation { state.documents[name] = document }
            }
        }
        guard let found else { throw .unknownResource() }
        let headers = [
            ("Content-Type", contentType), ("ETag", found.etag), ("Vary", "Accept"), ("Cache-Control", "public"),
        ]
        if let asked, asked == found.etag {
            return WireResponse(status: 304, headers: headers, body: .bytes([]))
        }
        return WireResponse(status: 200, headers: headers, body: .bytes(found.bytes))
    }
}
