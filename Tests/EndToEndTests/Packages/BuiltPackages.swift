import Foundation

/// The packages as `scripts/packages.sh` makes them, of the programs that were built with these tests.
enum BuiltPackages {
    static let packages = ["kamaji-agent", "kamaji-exporter"]

    /// Nil where they can be built; otherwise what is missing.
    static let obstacle: String? = {
        let missing = ["dpkg-deb", "dpkg-shlibdeps", "strip", "python3", "gzip"].filter { Programs.find($0) == nil }
        return missing.isEmpty ? nil : "missing: \(missing.joined(separator: " "))"
    }()

    /// Builds Debian's kind into a folder of a machine's.
    ///
    /// - Parameters:
    ///   - version: nil is the programs' own.
    ///   - folder: in this machine's file system.
    static func build(_ packages: [String] = packages, version: String? = nil, into folder: String) async throws {
        var environment = [
            "PROGRAMS": URL(filePath: Programs.manager).deletingLastPathComponent().path, "OUT": folder,
            "PACKAGES": packages.joined(separator: " "), "FORMATS": "deb", "COMPRESSION": "none",
            // Swift's own libraries are of no package; released programs have them inside.
            "SHLIBS": "lax",
        ]
        environment["VERSION"] = version
        let outcome = try await Programs.run(
            "\(Programs.repository)/scripts/packages.sh", [], environment: environment)
        guard outcome.isSuccess else { throw Failure("packages.sh: \(outcome)") }
    }
}
