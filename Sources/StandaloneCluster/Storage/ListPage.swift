import FoundationEssentials
import KubeObjects

/// What a list asks of the store.
package struct ListQuery: Sendable {
    package var resource: String
    package var namespace: String?
    /// At most this many items; nil gives all.
    package var limit: Int?
    package var continueToken: String?
    /// The state to read: nil is the newest.
    package var version: Int64?
    /// What is wanted; nil wants everything.
    package var matches: (@Sendable (KubeObject) -> Bool)?

    package init(
        resource: String, namespace: String? = nil, limit: Int? = nil, continueToken: String? = nil,
        version: Int64? = nil, matches: (@Sendable (KubeObject) -> Bool)? = nil
    ) {
        self.resource = resource
        self.namespace = namespace
        self.limit = limit
        self.continueToken = continueToken
        self.version = version
        self.matches = matches
    }
}

/// A page of a list; all pages of one list show the same state.
package struct ListPage: Sendable {
    package var items: [KubeObject]
    package var version: Int64
    /// Opaque; nil on the last page.
    package var continueToken: String?
    /// Items that follow, where counting them needs no selector.
    package var remaining: Int?
}

/// Where a paged list goes on: the state it shows and the last key it gave.
struct ContinueToken: Equatable {
    var version: Int64
    var after: ObjectKey

    var text: String {
        let json: JSON = [
            "v": "meta.k8s.io/v1", "rv": .integer(version),
            "start": .array([.string(after.namespace ?? ""), .string(after.name)]),
        ]
        return Data(json.encoded()).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    init(version: Int64, after: ObjectKey) {
        self.version = version
        self.after = after
    }

    init?(_ text: String) {
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: base64), let json = try? JSON(parsing: Array(data)),
            json["v"]?.string == "meta.k8s.io/v1", let version = json["rv"]?.integer,
            let start = json["start"]?.strings, start.count == 2
        else { return nil }
        self.version = version
        after = ObjectKey(namespace: start[0].isEmpty ? nil : start[0], name: start[1])
    }
}

extension ObjectStore {
    /// Rows fetched and parsed at a time.
    private static let chunk = 250

    package func list(_ query: ListQuery) async throws(StorageError) -> ListPage {
        var after: ObjectKey?
        var version = query.version
        if let text = query.continueToken {
            guard let token = ContinueToken(text) else { throw .badContinueToken }
            (after, version) = (token.after, token.version)
        }
        let limit = query.limit ?? .max
        var items: [KubeObject] = []
        while true {
            let wanted = min(Self.chunk, limit == .max ? Self.chunk : limit - items.count + 1)
            let range = RowRange(resource: query.resource, namespace: query.namespace, after: after, limit: wanted)
            let asked = version
            let (rows, shown): ([StoredRow], Int64) = try await read { snapshot throws(StorageError) in
                let version: Int64
                if let asked { version = asked } else { version = try snapshot.revision() }
                return (try snapshot.rows(range, at: version), version)
            }
            version = shown
            for row in rows {
                if items.count == limit, let last = after {
                    return try await page(items, query, shown, after: last)
                }
                let object = StoredBody.object(row.body)
                if query.matches?(object) ?? true { items.append(object) }
                after = row.key
            }
            if rows.count < wanted { return ListPage(items: items, version: shown) }
        }
    }

    private func page(
        _ items: [KubeObject], _ query: ListQuery, _ version: Int64, after last: ObjectKey
    ) async throws(StorageError) -> ListPage {
        var page = ListPage(items: items, version: version)
        page.continueToken = ContinueToken(version: version, after: last).text
        if query.matches == nil {
            let range = RowRange(resource: query.resource, namespace: query.namespace, after: last, limit: 0)
            let count: Int = try await read { snapshot throws(StorageError) in try snapshot.count(range) }
            page.remaining = count
        }
        return page
    }
}
