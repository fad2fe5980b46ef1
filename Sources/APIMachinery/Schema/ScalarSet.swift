/// A set of Unicode scalars, as a regular expression's brackets describe one.
struct ScalarSet: Sendable, Hashable {
    /// Sorted, without overlaps or neighbours, once `normalize` has run.
    private(set) var ranges: [ClosedRange<UInt32>]
    /// Unicode categories as bits (see `bit(of:)`), each set with whether it is excluded instead of included.
    private(set) var categories: [CategoryTest] = []
    /// Applies to all of the above.
    var isInverted = false

    struct CategoryTest: Sendable, Hashable {
        let bits: UInt32
        let isExcluded: Bool
    }

    init(_ ranges: [ClosedRange<UInt32>] = []) {
        self.ranges = ranges
        normalize()
    }

    init(categories bits: UInt32, isExcluded: Bool) {
        ranges = []
        categories = [CategoryTest(bits: bits, isExcluded: isExcluded)]
    }

    static let last: UInt32 = 0x10FFFF

    static let digits = ScalarSet([0x30...0x39])
    static let spaces = ScalarSet([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])
    static let words = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])

    func contains(_ scalar: UInt32) -> Bool { hasMember(scalar) != isInverted }

    private func hasMember(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if scalar < ranges[middle].lowerBound {
                high = middle
            } else if scalar > ranges[middle].upperBound {
                low = middle + 1
            } else {
                return true
            }
        }
        guard !categories.isEmpty, let member = Unicode.Scalar(scalar) else { return false }
        let bit = Self.bit(of: member.properties.generalCategory)
        return categories.contains { ($0.bits & bit != 0) != $0.isExcluded }
    }

    /// Adds the members of another set, whose own inversion is resolved first.
    mutating func formUnion(_ other: ScalarSet) {
        if other.isInverted {
            ranges += other.complement
            categories += other.categories.map { CategoryTest(bits: $0.bits, isExcluded: !$0.isExcluded) }
        } else {
            ranges += other.ranges
            categories += other.categories
        }
        normalize()
    }

    /// What lies between the ranges.
    private var complement: [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= Self.last { result.append(next...Self.last) }
        return result
    }

    /// Adds the other case of every letter in the set; large ranges hold both cases of their scripts already.
    mutating func foldCase() {
        var added: [ClosedRange<UInt32>] = []
        for range in ranges where range.count <= 0x300 {
            for scalar in range {
                for other in Self.otherCases(of: scalar) { added.append(other...other) }
            }
        }
        ranges += added
        normalize()
    }

    /// The scalars that differ from this one by case alone.
    static func otherCases(of scalar: UInt32) -> [UInt32] {
        guard let member = Unicode.Scalar(scalar) else { return [] }
        var found: [UInt32] = []
        for mapping in [member.properties.lowercaseMapping, member.properties.uppercaseMapping] {
            let scalars = mapping.unicodeScalars
            if scalars.count == 1, let only = scalars.first, only != member { found.append(only.value) }
        }
        return found
    }

    private mutating func normalize() {
        guard ranges.count > 1 else { return }
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let previous = merged.last, range.lowerBound <= previous.upperBound &+ 1 {
                merged[merged.count - 1] = previous.lowerBound...max(previous.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
    }

    /// The categories that a name such as `L` or `Lu` stands for; nil for a name that is none.
    static func categoryBits(named name: String) -> UInt32? {
        if name == "Any" { return .max }
        var bits: UInt32 = 0
        for (index, known) in categoryNames.enumerated() where known.hasPrefix(name) { bits |= 1 << UInt32(index) }
        return name.isEmpty || bits == 0 ? nil : bits
    }

    private static let categoryNames = [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
    ]

    private static func bit(of category: Unicode.GeneralCategory) -> UInt32 {
        let index: UInt32 =
            switch category {
            case .uppercaseLetter: 0
            case .lowercaseLetter: 1
            case .titlecaseLetter: 2
            case .modifierLetter: 3
            case .otherLetter: 4
            case .nonspacingMark: 5
            case .spacingMark: 6
            case .enclosingMark: 7
            case .decimalNumber: 8
            case .letterNumber: 9
            case .otherNumber: 10
            case .connectorPunctuation: 11
            case .dashPunctuation: 12
            case .openPunctuation: 13
            case .closePunctuation: 14
            case .initialPunctuation: 15
            case .finalPunctuation: 16
            case .otherPunctuation: 17
            case .mathSymbol: 18
            case .currencySymbol: 19
            case .modifierSymbol: 20
            case .otherSymbol: 21
            case .spaceSeparator: 22
            case .lineSeparator: 23
            case .paragraphSeparator: 24
            case .control: 25
            case .format: 26
            case .surrogate: 27
            case .privateUse: 28
            case .unassigned: 29
            @unknown default: 29
            }
        return 1 << index
    }
}
