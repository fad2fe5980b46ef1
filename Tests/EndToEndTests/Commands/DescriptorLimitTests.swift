import Foundation
import Testing

extension EndToEnd {
    @Suite struct DescriptorLimitTests {
        /// As in most shells, only lower: a fleet's connections are soon through what programs of the last century need.
        @Test func `a cluster may open as many files as the system lets it, whatever its shell says`() async throws {
            let scratch = try ScratchDirectory()
            let (limits, _) = try await RunningProgram.run(
                "/usr/bin/prlimit",
                [
                    "--nofile=200:", Programs.manager, "standalone", "--engine", "embedded", "--port", "0",
                    "--state-dir", scratch.file("cluster"),
                ]
            ) { program in
                _ = try await program.output.line(containing: "export KUBECONFIG=")
                return try String(contentsOfFile: "/proc/\(program.pid)/limits", encoding: .utf8)
            }
            let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
            let words = line.split(separator: " ").map(String.init)
            #expect(words[3] == words[4] && words[3] != "200", "\(line)")
        }
    }
}
