/// An RE2 expression, which schemas and CEL rules are written in.
///
/// Matching takes time linear in the text, whatever the pattern: a pattern in somebody's CRD must not be able to stop
/// the server. Swift's own `Regex` backtracks, works on grapheme clusters, and cannot be sent between tasks.
package struct RegularExpression: Sendable {
    enum Assertion: Sendable {
        case textStart
        case textEnd
        case lineStart
        case lineEnd
        case wordBoundary
        case notWordBoundary
    }

    private enum Instruction: Sendable {
        case scalar(UInt32)
        case set(ScalarSet)
        case any
        case anyButNewline
        case assertion(Assertion)
        /// The first target is preferred.
        case split(Int, Int)
        case jump(Int)
        case match
    }

    /// More instructions than this are refused: a few nested counted repetitions would make millions.
    private static let sizeLimit = 50_000

    package let pattern: String
    private var program: [Instruction] = []

    package init(_ pattern: String) throws(RegularExpressionError) {
        self.pattern = pattern
        try emit(RegularExpressionParser.parse(pattern))
        program.append(.match)
    }

    // MARK: - Compiling

    private mutating func emit(_ node: RegularExpressionNode) throws(RegularExpressionError) {
        guard program.count < Self.sizeLimit else {
            throw RegularExpressionError(problem: "expression too large", fragment: pattern)
        }
        switch node {
        case .empty: break
        case .scalar(let scalar): program.append(.scalar(scalar))
        case .set(let set): program.append(.set(set))
        case .any: program.append(.any)
        case .anyButNewline: program.append(.anyButNewline)
        case .assertion(let assertion): program.append(.assertion(assertion))
        case .sequence(let nodes): for node in nodes { try emit(node) }
        case .alternatives(let branches): try emit(alternatives: branches)
        case .repetition(let body, let least, let most, let isLazy):
            for _ in 0..<least { try emit(body) }
            if let most {
                try emit(optionals: most - least, of: body, isLazy: isLazy)
            } else {
                let split = program.count
                program.append(.jump(0))
                try emit(body)
                program.append(.jump(split))
                patchSplit(at: split, skipTo: program.count, isLazy: isLazy)
            }
        }
    }

    private mutating func emit(alternatives branches: [RegularExpressionNode]) throws(RegularExpressionError) {
        var jumps: [Int] = []
        for (index, branch) in branches.enumerated() {
            guard index < branches.count - 1 else {
                try emit(branch)
                break
            }
            let split = program.count
            program.append(.jump(0))
            try emit(branch)
            jumps.append(program.count)
            program.append(.jump(0))
            patchSplit(at: split, skipTo: program.count, isLazy: false)
        }
        for jump in jumps { program[jump] = .jump(program.count) }
    }

    private mutating func emit(
        optionals count: Int, of body: RegularExpressionNode, isLazy: Bool
    ) throws(RegularExpressionError) {
        var splits: [Int] = []
        for _ in 0..<count {
            splits.append(program.count)
            program.append(.jump(0))
            try emit(body)
        }
        for split in splits { patchSplit(at: split, skipTo: program.count, isLazy: isLazy) }
    }

    private mutating func patchSplit(at split: Int, skipTo end: Int, isLazy: Bool) {
        program[split] = isLazy ? .split(end, split + 1) : .split(split + 1, end)
    }

    // MARK: - Matching

    /// Whether the expression matches anywhere in the text.
    package func matches(_ text: String) -> Bool {
        let scalars = text.unicodeScalars.map(\.value)
        return search(scalars, from: 0, stopsAtFirst: true) != nil
    }

    /// The leftmost match, and of those the one that the expression prefers.
    package func firstMatch(in text: String) -> String? { allMatches(in: text, limit: 1).first }

    /// Matches that do not overlap, in order, at most `limit` of them.
    package func allMatches(in text: String, limit: Int = .max) -> [String] {
        let scalars = text.unicodeScalars.map(\.value)
        var found: [String] = []
        var start = 0
        var previousEnd = -1
        while start <= scalars.count, found.count < limit, let range = search(scalars, from: start) {
            // An empty match right behind another one is none, as in Go.
            if !range.isEmpty || range.lowerBound != previousEnd {
                var piece = String.UnicodeScalarView()
                piece.append(contentsOf: scalars[range].compactMap(Unicode.Scalar.init))
                found.append(String(piece))
            }
            previousEnd = range.upperBound
            start = range.isEmpty ? range.upperBound + 1 : range.upperBound
        }
        return found
    }

    private struct Threads {
        /// In order of preference.
        var list: [(instruction: Int, start: Int)] = []
        /// The position at which an instruction was last added.
        var seen: [Int]
        /// Instructions still to be followed; kept here so that its storage is used again.
        var pending: [Int] = []

        init(_ count: Int) { seen = Array(repeating: -1, count: count) }
    }

    private func search(_ text: [UInt32], from origin: Int, stopsAtFirst: Bool = false) -> Range<Int>? {
        var current = Threads(program.count)
        var next = Threads(program.count)
        var best: Range<Int>?
        for position in origin...text.count {
            if best == nil { follow(0, start: position, at: position, in: text, into: &current) }
            if current.list.isEmpty, best != nil { break }
            let scalar = position < text.count ? text[position] : nil
            next.list.removeAll(keepingCapacity: true)
            threads: for thread in current.list {
                let advances: Bool
                switch program[thread.instruction] {
                case .match:
                    best = thread.start..<position
                    if stopsAtFirst { return best }
                    break threads  // what comes behind is preferred less
                case .scalar(let wanted): advances = scalar == wanted
                case .set(let set): advances = scalar.map(set.contains) ?? false
                case .any: advances = scalar != nil
                case .anyButNewline: advances = scalar != nil && scalar != 0x0A
                case .assertion, .split, .jump: advances = false
                }
                if advances {
                    follow(thread.instruction + 1, start: thread.start, at: position + 1, in: text, into: &next)
                }
            }
            swap(&current, &next)
        }
        return best
    }

    /// Adds the instructions that can be reached without reading a scalar.
    private func follow(
        _ instruction: Int, start: Int, at position: Int, in text: [UInt32], into threads: inout Threads
    ) {
        threads.pending.append(instruction)
        while let here = threads.pending.popLast() {
            guard threads.seen[here] != position else { continue }
            threads.seen[here] = position
            switch program[here] {
            case .jump(let target): threads.pending.append(target)
            case .split(let preferred, let other):
                threads.pending.append(other)
                threads.pending.append(preferred)
            case .assertion(let assertion):
                if holds(assertion, at: position, in: text) { threads.pending.append(here + 1) }
            default: threads.list.append((here, start))
            }
        }
    }

    private func holds(_ assertion: Assertion, at position: Int, in text: [UInt32]) -> Bool {
        switch assertion {
        case .textStart: position == 0
        case .textEnd: position == text.count
        case .lineStart: position == 0 || text[position - 1] == 0x0A
        case .lineEnd: position == text.count || text[position] == 0x0A
        case .wordBoundary: isWord(text, position - 1) != isWord(text, position)
        case .notWordBoundary: isWord(text, position - 1) == isWord(text, position)
        }
    }

    private func isWord(_ text: [UInt32], _ index: Int) -> Bool {
        text.indices.contains(index) && ScalarSet.words.contains(text[index])
    }
}
