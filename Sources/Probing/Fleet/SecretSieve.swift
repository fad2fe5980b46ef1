import KubeObjects
import Synchronization

/// Keeps the public halves of Secrets while a list of them is read page by page, and lets the rest go: ten thousand
/// tenants' keys never stand in memory together, nor for longer than it takes to read one.
final class SecretSieve: Sendable {
    private let kept = Mutex<[ObjectKey: [HeldCertificate]]>([:])

    /// The object without its content.
    func sift(_ secret: KubeObject) -> KubeObject {
        let certificates = SecretReading.certificates(of: secret)
        kept.withLock { $0[secret.key] = certificates }
        var bare = KubeObject(
            apiVersion: secret.apiVersion, kind: secret.kind, name: secret.name, namespace: secret.namespace)
        bare.labels = secret.labels
        return bare
    }

    /// What was kept of a Secret; afterwards it is forgotten here.
    func take(_ key: ObjectKey) -> [HeldCertificate] { kept.withLock { $0.removeValue(forKey: key) } ?? [] }

    /// Lets go of what a list that was broken off left.
    func clear() { kept.withLock { $0 = [:] } }
}
