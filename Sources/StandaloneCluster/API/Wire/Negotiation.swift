import APIMachinery
import KubeObjects

/// What form of an answer a client accepts.
enum AnswerForm: Sendable, Equatable {
    case object
    /// meta.k8s.io/v1 Table, as `kubectl get` asks for it.
    case table(version: String)
    /// meta.k8s.io/v1 PartialObjectMetadata, or its list.
    case metadata(version: String)

    /// The first form in `accept` that this server has; throws 406 when there is none.
    init(accept: String?) throws(APIStatus) {
        guard let accept, !accept.isEmpty else {
            self = .object
            return
        }
        for choice in accept.split(separator: ",") {
            var parameters: [String: String] = [:]
            let parts = choice.split(separator: ";").map { $0.trimmed }
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=", maxSplits: 1)
                if pair.count == 2 { parameters[String(pair[0])] = String(pair[1]) }
            }
            guard ["application/json", "application/*", "*/*", "application/yaml"].contains(parts.first ?? "") else {
                continue
            }
            let version = parameters["v"] ?? "v1"
            switch parameters["as"] {
            case nil:
                self = .object
                return
            case "Table":
                self = .table(version: version)
                return
            case "PartialObjectMetadata", "PartialObjectMetadataList":
                self = .metadata(version: version)
                return
            default: continue
            }
        }
        throw .notAcceptable(accepted: ["application/json", "application/yaml"])
    }
}

extension StringProtocol {
    /// Without spaces and tabs at either end.
    var trimmed: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var text = Substring(self).drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return String(text)
    }
}

/// Forms of an object that are not the object.
enum PartialMetadata {
    static func of(_ object: KubeObject, version: String) -> JSON {
        [
            "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
            "metadata": object["metadata"] ?? [:],
        ]
    }

    static func list(_ page: ListPage, version: String) -> JSON {
        [
            "kind": "PartialObjectMetadataList", "apiVersion": .string("meta.k8s.io/\(version)"),
            "metadata": ListEnvelope.metadata(page), "items": .array(page.items.map { of($0, version: version) }),
        ]
    }
}

/// `KINDList`.
enum ListEnvelope {
    static func metadata(_ page: ListPage) -> JSON {
        var metadata: JSON = ["resourceVersion": .string(String(page.version))]
        if let token = page.continueToken { metadata["continue"] = .string(token) }
        if let remaining = page.remaining { metadata["remainingItemCount"] = JSON(remaining) }
        return metadata
    }

    static func of(_ page: ListPage, type: ResourceType, isCustom: Bool) -> JSON {
        var items = page.items.map(\.json)
        // Items of a built-in list go without their kind, which the list says.
        if !isCustom {
            for index in items.indices {
                items[index]["apiVersion"] = nil
                items[index]["kind"] = nil
            }
        }
        return [
            "kind": .string(type.kind + "List"), "apiVersion": .string(type.apiVersion), "metadata": metadata(page),
            "items": .array(items),
        ]
    }
}
