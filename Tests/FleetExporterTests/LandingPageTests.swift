import Foundation
import HTTPTransport
import Testing

@testable import FleetExporter

@Suite(
    "The landing page in a browser", .timeLimit(.minutes(20)),
    .enabled(if: Browser.program != nil, "Debian's chromium-headless-shell is not installed"))
struct LandingPageTests {
    @Test("It shows the fleet in light and in dark, without a script")
    func colours() async throws {
        try await ExporterFixture.run { fixture in
            try await fixture.addTenant("alive")
            try await fixture.addTenant("dead", endpoint: "127.0.0.1:1")
            try await fixture.eventually("both tenants") {
                $0.contains("\"alive\",check=\"readyz\"} 1") && $0.contains("\"dead\",check=\"readyz\"} 0")
            }
            // Under this policy a browser runs no script, whatever stands in the page.
            let page = try await fixture.get("/")
            #expect(page.headers["content-security-policy"]?.hasPrefix("default-src 'none'; style-src") == true)
            let folder = fixture.folder
            let light = try Browser.colours(of: fixture.url, isDark: false, folder: folder)
            let dark = try Browser.colours(of: fixture.url, isDark: true, folder: folder)
            // As the style has them: paper, what is well, what is not.
            for (page, paper, good, bad) in [
                (light, "ffffff", "116329", "b3140e"), (dark, "14171b", "6fd08c", "ff8f85"),
            ] {
                #expect(page.first == paper)
                #expect(page.contains(good) && page.contains(bad), "\(page.prefix(10))")
            }
        }
    }
}

/// Debian's Chromium without a window.
private enum Browser {
    static let program = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// The colours of the page's pixels, the most frequent first.
    static func colours(of url: String, isDark: Bool, folder: String) throws -> [String] {
        let picture = "\(folder)/\(isDark ? "dark" : "light").png"
        try run(
            try #require(program),
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,400",
                "--user-data-dir=\(folder)/browser",
                "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)",
                "--screenshot=\(picture)", url,
            ])
        let text = try run("/usr/bin/python3", ["-c", reader, picture])
        return text.split(separator: "\n").map(String.init)
    }

    @discardableResult
    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        let (output, complaints) = (Pipe(), "\(NSTemporaryDirectory())/complaints-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: complaints, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: complaints) }
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: URL(filePath: complaints))
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let said = (try? String(contentsOfFile: complaints, encoding: .utf8)) ?? ""
        #expect(process.terminationStatus == 0, "\(program): \(said.suffix(2000))")
        return String(decoding: data, as: UTF8.self)
    }

    /// Reads a PNG of eight bits a channel (RFC 2083) and prints its colours, the most frequent first.
    private static let reader = """
        import collections, struct, sys, zlib
        data = open(sys.argv[1], "rb").read()
        place, packed = 8, b""
        while place < len(data):
            length, kind = struct.unpack(">I4s", data[place:place + 8])
            body = data[place + 8:place + 8 + length]
            if kind == b"IHDR": width, height, depth, form = struct.unpack(">IIBB", body[:10])
            if kind == b"IDAT": packed += body
            place += 12 + length
        step = {2: 3, 6: 4}[form]
        raw, row, counts = zlib.decompress(packed), bytearray(width * step), collections.Counter()
        def nearest(a, b, c):
            p = a + b - c
            return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        for y in range(height):
            start = y * (width * step + 1)
            kind, line, above = raw[start], bytearray(raw[start + 1:start + 1 + width * step]), row
            for x in range(len(line)):
                left = line[x - step] if x >= step else 0
                corner = above[x - step] if x >= step else 0
                line[x] = (line[x] + (0, left, above[x], (left + above[x]) // 2, nearest(left, above[x], corner))[kind]) & 255
            row = line
            for x in range(0, len(line), step): counts[bytes(line[x:x + 3]).hex()] += 1
        for colour, _ in counts.most_common(): print(colour)
        """
}
