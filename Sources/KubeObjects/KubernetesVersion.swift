/// A Kubernetes version: `v1.36.2`, the `v` optional, a pre-release after a dash, build metadata after a plus.
package struct KubernetesVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let major: Int
    package let minor: Int
    package let patch: Int
    /// Empty for a release.
    package let preRelease: String

    package init?(_ text: String) {
        let release = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)[0]
        let halves = release.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let core = halves[0].hasPrefix("v") ? halves[0].dropFirst() : halves[0]
        let numbers = core.split(separator: ".", omittingEmptySubsequences: false).map { part -> Int? in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
        }
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return nil
        }
        self.major = major
        self.minor = minor
        self.patch = patch
        preRelease = halves.count == 2 ? String(halves[1]) : ""
    }

    /// By major, minor and patch; a pre-release comes before its release, and two of them compare as text.
    package static func < (left: KubernetesVersion, right: KubernetesVersion) -> Bool {
        if (left.major, left.minor, left.patch) != (right.major, right.minor, right.patch) {
            return (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
        }
        if left.preRelease.isEmpty || right.preRelease.isEmpty {
            return !left.preRelease.isEmpty && right.preRelease.isEmpty
        }
        return left.preRelease < right.preRelease
    }

    package var description: String { "v\(major).\(minor).\(patch)\(preRelease.isEmpty ? "" : "-\(preRelease)")" }
}
