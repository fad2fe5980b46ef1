/// A semantic version (semver.org, 2.0.0).
struct CELSemanticVersion: Sendable, Hashable, Comparable {
    let major: Int64
    let minor: Int64
    let patch: Int64
    let prerelease: [String]

    /// With `normalized`, a `v` in front, missing parts and zeros in front are forgiven.
    init?(_ text: String, normalized: Bool = false) {
        var rest = text[...]
        if normalized, rest.hasPrefix("v") { rest.removeFirst() }
        if let plus = rest.firstIndex(of: "+") {
            guard Self.areIdentifiers(rest[rest.index(after: plus)...]) else { return nil }
            rest = rest[..<plus]
        }
        var prerelease: [String] = []
        if let dash = rest.firstIndex(of: "-") {
            let tail = rest[rest.index(after: dash)...]
            guard Self.areIdentifiers(tail) else { return nil }
            prerelease = tail.split(separator: ".").map(String.init)
            guard normalized || !prerelease.contains(where: Self.hasLeadingZero) else { return nil }
            rest = rest[..<dash]
        }
        var parts = rest.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if normalized { while parts.count < 3 { parts.append("0") } }
        guard parts.count == 3 else { return nil }
        var numbers: [Int64] = []
        for part in parts {
            guard !part.isEmpty, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(part),
                normalized || !Self.hasLeadingZero(part)
            else { return nil }
            numbers.append(number)
        }
        (major, minor, patch) = (numbers[0], numbers[1], numbers[2])
        self.prerelease = prerelease
    }

    private static func areIdentifiers(_ text: Substring) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
    }

    private static func hasLeadingZero(_ text: String) -> Bool {
        text.count > 1 && text.hasPrefix("0") && text.allSatisfy(\.isNumber)
    }

    static func < (left: CELSemanticVersion, right: CELSemanticVersion) -> Bool {
        let numbers = ((left.major, left.minor, left.patch), (right.major, right.minor, right.patch))
        if numbers.0 != numbers.1 { return numbers.0 < numbers.1 }
        // A pre-release comes before its release.
        if left.prerelease.isEmpty || right.prerelease.isEmpty {
            return !left.prerelease.isEmpty && right.prerelease.isEmpty
        }
        for (one, other) in zip(left.prerelease, right.prerelease) where one != other {
            switch (Int64(one), Int64(other)) {
            case (.some(let one), .some(let other)): return one < other
            case (.some, nil): return true
            case (nil, .some): return false
            case (nil, nil): return one < other
            }
        }
        return left.prerelease.count < right.prerelease.count
    }
}
