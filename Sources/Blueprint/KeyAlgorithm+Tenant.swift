import KubeObjects
import PKI
import TenantAPI

extension TenantControlPlane {
    /// The algorithm of keys that are made from now on. Keys that are there stay what they are.
    package var keyAlgorithm: KeyAlgorithm {
        object.annotations[Keys.keyAlgorithm].flatMap(KeyAlgorithm.init(rawValue:)) ?? .ecdsaP256
    }

    /// What is wrong with the annotation that chooses the algorithm; nil when it is absent or good.
    package var keyAlgorithmComplaint: String? {
        guard let given = object.annotations[Keys.keyAlgorithm], KeyAlgorithm(rawValue: given) == nil else {
            return nil
        }
        let choices = KeyAlgorithm.allCases.map(\.rawValue).joined(separator: " or ")
        return "annotation \(Keys.keyAlgorithm) is \"\(given)\": use \(choices)"
    }
}
