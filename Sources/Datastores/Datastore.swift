/// The names under which one tenant's data lives in a store, and the password where the store knows passwords.
package struct TenantStorage: Sendable, Hashable {
    /// Database, key prefix or bucket.
    package let schema: String
    package let user: String
    package let password: String?

    package init(schema: String, user: String, password: String?) {
        self.schema = schema
        self.user = user
        self.password = password
    }
}

extension TenantStorage: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "TenantStorage(schema: \(schema), user: \(user))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["schema": schema, "user": user]) }
}

/// A store that holds many tenants' data apart. Every call may be repeated, and one that was interrupted anywhere ends
/// the same when it is repeated.
package protocol Datastore: Sendable {
    /// Whether the store answers and lets us administer it; the error says why not and what to do.
    func probe() async throws

    /// Brings the tenant's user, its place and its right to it into being.
    func provision(_ tenant: TenantStorage) async throws

    /// Takes away user, rights and all data.
    func teardown(_ tenant: TenantStorage) async throws
}
