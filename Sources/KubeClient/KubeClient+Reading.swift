import HTTPTransport
import KubeObjects

/// A consistent list: every object as it was at `resourceVersion`.
package struct ListResult: Sendable {
    package var items: [KubeObject]
    package var resourceVersion: String
}

extension KubeClient {
    package func get(_ type: ResourceType, _ key: ObjectKey) async throws -> KubeObject {
        KubeObject(try await send(Call(method: "GET", path: type.path(key))))
    }

    /// Nil when there is none.
    package func find(_ type: ResourceType, _ key: ObjectKey) async throws -> KubeObject? {
        do {
            return try await get(type, key)
        } catch let error as KubeError where error.isNotFound {
            return nil
        }
    }

    /// Every object, read in pages of `limit`. When the server forgets the list between two pages it is begun anew.
    ///
    /// `reduced` is what is kept of each object: pages are large, and their objects need not all be there at once.
    package func list(
        _ type: ResourceType, namespace: String?, labelSelector: LabelSelector = LabelSelector(),
        fieldSelector: FieldSelector = FieldSelector(), limit: Int = 500, metadataOnly: Bool = false,
        reduced: (KubeObject) -> KubeObject = { $0 }
    ) async throws -> ListResult {
        var call = Call(method: "GET", path: type.path(namespace: namespace))
        call.query = Self.selection(labelSelector, fieldSelector)
        call.accept = Self.accept(metadataOnly: metadataOnly, isList: true)
        call.timeout = .seconds(60)
        var restarts = 0
        while true {
            do {
                return try await pages(call, type, limit: limit, reduced)
            } catch let error as KubeError where error.isGone && restarts < 3 {
                restarts += 1
            }
        }
    }

    private func pages(
        _ call: Call, _ type: ResourceType, limit: Int, _ reduced: (KubeObject) -> KubeObject
    ) async throws -> ListResult {
        var result = ListResult(items: [], resourceVersion: "")
        var token = ""
        repeat {
            var page = call
            page.query.append(("limit", "\(limit)"))
            if !token.isEmpty { page.query.append(("continue", token)) }
            let json = try await send(page)
            guard let items = json["items"]?.array ?? (json["items"]?.isNull == true ? [] : nil) else {
                throw KubeError(.malformed, "\(call.summary): the answer is no list")
            }
            // Items of a list carry neither kind nor version; everything of ours expects them.
            for item in items { result.items.append(reduced(KubeObject(item).identified(as: type))) }
            result.resourceVersion = json[path: "metadata", "resourceVersion"]?.string ?? ""
            token = json[path: "metadata", "continue"]?.string ?? ""
        } while !token.isEmpty
        return result
    }

    static func selection(_ labels: LabelSelector, _ fields: FieldSelector) -> [(String, String)] {
        var query: [(String, String)] = []
        if !labels.isEverything { query.append(("labelSelector", labels.description)) }
        if !fields.terms.isEmpty { query.append(("fieldSelector", fields.description)) }
        return query
    }

    static func accept(metadataOnly: Bool, isList: Bool) -> String {
        guard metadataOnly else { return "application/json" }
        let kind = isList ? "PartialObjectMetadataList" : "PartialObjectMetadata"
        return "application/json;as=\(kind);g=meta.k8s.io;v=v1,application/json"
    }

    /// Whether the server's discovery knows this kind.
    package func serves(_ type: ResourceType) async throws -> Bool {
        let path = type.group.isEmpty ? "/api/\(type.version)" : "/apis/\(type.group)/\(type.version)"
        do {
            let list = try await send(Call(method: "GET", path: path))
            return (list["resources"]?.array ?? []).contains { $0["name"]?.string == type.plural }
        } catch let error as KubeError where error.isNotFound {
            return false
        }
    }

    /// What the server says to a GET of this path, as a status code: for what it passes on to others and no object comes
    /// back from. Asked once; throws when the server itself cannot be asked.
    package func status(of path: String, within timeout: Duration? = nil) async throws -> Int {
        var call = Call(method: "GET", path: path)
        call.timeout = timeout
        return try await slots.run { try await transport.send(try await request(call)) }.status
    }

    /// The server's `/version`.
    package func serverVersion() async throws -> JSON { try await send(Call(method: "GET", path: "/version")) }
}

extension KubeObject {
    func identified(as type: ResourceType) -> KubeObject {
        var object = self
        if object.json["kind"] == nil || object.kind == "PartialObjectMetadata" {
            object.json["kind"] = .string(type.kind)
            object.json["apiVersion"] = .string(type.apiVersion)
        }
        return object
    }
}
