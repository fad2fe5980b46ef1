import FoundationEssentials
import NodeIdentity

/// The end of what a unit has logged, as journald keeps it.
struct UnitLog: Sendable {
    private let environment: NodeEnvironment

    /// Of lines, and of letters in each.
    private static let (most, widest) = (8, 400)

    init(_ environment: NodeEnvironment) { self.environment = environment }

    /// - Returns: its last lines since then, the oldest first and without secrets; none where nobody keeps its log.
    func end(of unit: String, since date: Date) async -> [String] {
        let programs = environment.programs
        guard environment.units != nil,
            let path = try? await environment.writer.thread.run({ programs.find("journalctl") }),
            let text = await programs.output(
                path,
                [
                    // Its own words alone, without systemd's about it.
                    "_SYSTEMD_UNIT=\(unit)", "--since", "@\(Int(date.timeIntervalSince1970))", "--lines",
                    "\(Self.most)",
                    "--no-pager", "--output", "cat", "--quiet",
                ])
        else { return [] }
        return text.split(separator: "\n").suffix(Self.most).map { String(Self.withoutSecrets($0).prefix(Self.widest)) }
    }

    /// The same, for the end of a message; empty where there is nothing to tell.
    func appendix(of unit: String, since date: Date) async -> String {
        // The journal's seconds are whole ones.
        let lines = await end(of: unit, since: date.addingTimeInterval(-1)).map { "\n    \($0)" }
        return lines.isEmpty ? "" : "\n  The log of \(unit) ends:" + lines.joined()
    }

    /// Without the secret halves of bootstrap tokens, and without what looks like a token of a service account.
    static func withoutSecrets(_ line: some StringProtocol) -> String {
        var cleared = ""
        var word = ""
        func flush() {
            // A full stop may end the sentence and not the word.
            let stops = String(word.reversed().prefix { $0 == "." })
            let bare = String(word.dropLast(stops.count))
            let parts = bare.split(separator: ".", omittingEmptySubsequences: false)
            if let token = BootstrapToken(bare) {
                cleared += "\(token.id).***"
            } else if parts.count == 3, parts[0].hasPrefix("eyJ") {
                cleared += "eyJ***"
            } else {
                cleared += bare
            }
            cleared += stops
            word = ""
        }
        for letter in line {
            if letter.isASCII, letter.isLetter || letter.isNumber || "._-".contains(letter) {
                word.append(letter)
            } else {
                flush()
                cleared.append(letter)
            }
        }
        flush()
        return cleared
    }
}
