import Glibc

/// The parts of files, of the program and its libraries above all, that this process holds in memory. What only its start
/// has needed stays there until somebody asks for it; for a program that then sleeps it is most of what it holds.
package struct FileMappings: Sendable, Hashable {
    /// Addresses of those that are as in their files: letting go of one loses nothing, for the next look at it reads the file.
    package private(set) var unchanged: [Range<UInt>] = []

    /// - Parameter smaps: the text of `/proc/PID/smaps` (proc_pid_smaps(5)).
    package init(smaps: String) {
        var present: Range<UInt>?
        for line in smaps.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard let first = words.first else { continue }
            if !first.hasSuffix(":") {
                // ADDRESS-ADDRESS PERMISSIONS OFFSET DEVICE INODE PATH
                present = words.count >= 6 && words[5].hasPrefix("/") ? Self.range(first, permissions: words[1]) : nil
            } else if first == "Anonymous:", words.count > 1, words[1] == "0", let range = present {
                unchanged.append(range)
            }
        }
    }

    /// Nil for what can be written to.
    private static func range(_ text: Substring, permissions: Substring) -> Range<UInt>? {
        let ends = text.split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard ends.count == 2, ends[0] < ends[1], permissions.hasPrefix("r-"), permissions.hasSuffix("p") else {
            return nil
        }
        return ends[0]..<ends[1]
    }

    /// Lets go of what this process holds of files unchanged. What it needs again comes back with the next use, mostly from
    /// the system's own copy. Blocks for no longer than reading a small file.
    package static func release() throws(HostError) {
        let text = try HostFiles().text("/proc/self/smaps") ?? ""
        for range in FileMappings(smaps: text).unchanged {
            guard let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { continue }
            // What the kernel refuses stays as it is.
            _ = madvise(start, Int(range.upperBound - range.lowerBound), MADV_DONTNEED)
        }
    }
}
