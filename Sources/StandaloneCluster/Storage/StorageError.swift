/// Why the store did not do what it was asked.
package enum StorageError: Error, Sendable, Equatable {
    case alreadyExists
    case notFound
    /// The object changed since the caller read it; `current` is the version it has now.
    case conflict(current: Int64)
    /// History before `oldest` is gone; a list has to start over.
    case expired(requested: Int64, oldest: Int64)
    /// The version asked for lies in the future of this store.
    case future(requested: Int64, current: Int64)
    /// Somebody else holds this value of this space (an address, a port).
    case claimed(Claim)
    case badContinueToken
    /// SQLite refused; `code` is its extended result code.
    case database(code: Int32, message: String)
    case closed
}

/// A value that only one object may hold at a time, such as a Service's address.
package struct Claim: Sendable, Hashable {
    package let space: String
    package let value: String

    package init(space: String, value: String) {
        self.space = space
        self.value = value
    }
}
