import KubeObjects

/// What a request says about how a write is to be done.
package struct WriteOptions: Sendable {
    package enum FieldValidation: String, Sendable {
        case strict = "Strict"
        case warn = "Warn"
        case ignore = "Ignore"
    }

    /// Do everything but store the result.
    package var isDryRun: Bool
    /// Who owns the fields that are written.
    package var fieldManager: String
    package var fieldValidation: FieldValidation
    /// Takes fields from other managers in an apply.
    package var force: Bool
    package var user: UserInfo

    package init(
        fieldManager: String, isDryRun: Bool = false, fieldValidation: FieldValidation = .ignore, force: Bool = false,
        user: UserInfo = .itself
    ) {
        self.fieldManager = fieldManager
        self.isDryRun = isDryRun
        self.fieldValidation = fieldValidation
        self.force = force
        self.user = user
    }
}

/// What a write led to.
package struct WriteResult: Sendable {
    package var object: KubeObject
    package var isCreated = false
    /// Texts for the client's eyes, sent as Warning headers.
    package var warnings: [String] = []
}

/// metav1.DeleteOptions.
package struct DeleteOptions: Sendable {
    package enum Propagation: String, Sendable {
        case background = "Background"
        case foreground = "Foreground"
        case orphan = "Orphan"
    }

    package var isDryRun = false
    package var propagation: Propagation?
    /// Seconds; nil leaves it to the object.
    package var gracePeriod: Int64?
    package var uid: String?
    package var resourceVersion: String?

    package init(
        isDryRun: Bool = false, propagation: Propagation? = nil, gracePeriod: Int64? = nil, uid: String? = nil,
        resourceVersion: String? = nil
    ) {
        self.isDryRun = isDryRun
        self.propagation = propagation
        self.gracePeriod = gracePeriod
        self.uid = uid
        self.resourceVersion = resourceVersion
    }
}

/// What a deletion led to.
package enum DeleteResult: Sendable {
    case removed(KubeObject)
    /// Marked; it goes when its finalizers are gone.
    case terminating(KubeObject)
}
