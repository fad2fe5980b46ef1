import FoundationEssentials
import KubeObjects
import Synchronization

/// Which generators there are, and what each last made of each tenant: as long as nothing of that changes, a pass reads
/// lists only.
package final class GeneratorMemory: Sendable {
    /// All that a generated Secret depends on, by its versions.
    struct Inputs: Sendable, Hashable {
        let generator: Int64
        let tenant: String
        /// User and groups, as the tenant's object has them now.
        let subject: Int
        /// Checksums of the admin kubeconfig and of the authority, as the tenant's status has them.
        let checksums: [String?]
        /// The Secret's own.
        let version: String
    }

    private struct Entry {
        let inputs: Inputs
        let renewal: Date
    }

    private let generators = Mutex<[String: [ObjectKey: Entry]]>([:])

    package init() {}

    var names: [String] { generators.withLock { $0.keys.sorted() } }

    func expect(_ generator: String) { generators.withLock { $0[generator, default: [:]] = $0[generator] ?? [:] } }

    func forget(_ generator: String) { generators.withLock { $0[generator] = nil } }

    /// When the tenant's Secret has to be looked at, if it was left in order with just these inputs.
    func renewal(_ generator: String, _ tenant: ObjectKey, _ inputs: Inputs) -> Date? {
        generators.withLock { $0[generator]?[tenant].flatMap { $0.inputs == inputs ? $0.renewal : nil } }
    }

    func record(_ generator: String, _ tenant: ObjectKey, _ inputs: Inputs, renewal: Date) {
        generators.withLock { $0[generator, default: [:]][tenant] = Entry(inputs: inputs, renewal: renewal) }
    }

    /// Whether a Secret is in the version in which the generator left it.
    func knows(_ generator: String, _ tenant: ObjectKey, version: String) -> Bool {
        generators.withLock { $0[generator]?[tenant]?.inputs.version == version }
    }

    /// Forgets tenants that are not meant any more.
    func keep(_ generator: String, _ tenants: Set<ObjectKey>) {
        generators.withLock { $0[generator] = ($0[generator] ?? [:]).filter { tenants.contains($0.key) } }
    }
}
