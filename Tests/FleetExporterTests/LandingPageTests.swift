import Foundation
import HTTPTransport
import Testing

@testable import FleetExporter

@Suite(
    "The landing page in a browser", .timeLimit(.minutes(20)),
    .enabled(if: Browser.program != nil, "Debian's chromium-headless-shell is not installed"))
struct LandingPageTests {
    @Test("It shows the fleet in light and in dark, in a browser that runs no script")
    func colours() async throws {
        try await ExporterFixture.run { fixture in
            try await fixture.addTenant("alive")
            try await fixture.addTenant("dead", endpoint: "127.0.0.1:1")
            try await fixture.eventually("both tenants") {
                $0.contains("\"alive\",check=\"readyz\"} 1") && $0.contains("\"dead\",check=\"readyz\"} 0")
            }
            // Under this policy any browser runs no script, whatever stands in the page.
            let page = try await fixture.get("/")
            #expect(page.headers["content-security-policy"]?.hasPrefix("default-src 'none'; style-src") == true)
            let folder = fixture.folder
            let light = try Browser.look(at: fixture.url, isDark: false, folder: folder)
            let dark = try Browser.look(at: fixture.url, isDark: true, folder: folder)
            // As the style has them: paper, what is well, what is not.
            for (view, paper, good, bad) in [
                (light, "ffffff", "116329", "b3140e"), (dark, "14171b", "6fd08c", "ff8f85"),
            ] {
                #expect(view.colours.first == paper)
                #expect(view.colours.contains(good) && view.colours.contains(bad), "\(view.colours.prefix(10))")
                for text in ["default/alive", "default/dead", "down (refused)", "<svg "] {
                    #expect(view.document.contains(text), "\(text)")
                }
            }
            let runbooks = try Browser.look(at: "\(fixture.url)/runbooks", isDark: true, folder: folder)
            #expect(runbooks.colours.first == "14171b" && runbooks.document.contains("id=\"kamajidatastoredown\""))
        }
    }

    @Test("That browser runs no script indeed, and would if it were let")
    func scripts() throws {
        var template = Array("\(NSTemporaryDirectory())/browser-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let text = """
            <!doctype html><body style="background:#123456"><p>plain</p><script>
            document.body.style.background = "#654321"; document.querySelector("p").textContent = "changed"
            </script></body>
            """
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/page.html"))
        for (runs, colour, word) in [(false, "123456", "<p>plain"), (true, "654321", "<p>changed")] {
            let view = try Browser.look(
                at: "file://\(folder)/page.html", isDark: false, runsScripts: runs, folder: folder)
            #expect(view.colours.first == colour && view.document.contains(word))
        }
    }
}

/// Debian's Chromium without a window.
private enum Browser {
    static let program = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    struct View {
        /// The document as it is after everything has loaded.
        let document: String
        /// Of the page's pixels, the most frequent first.
        let colours: [String]
    }

    /// - Parameter runsScripts: otherwise they are switched off in the browser itself.
    static func look(at url: String, isDark: Bool, runsScripts: Bool = false, folder: String) throws -> View {
        let picture = "\(folder)/\(UUID().uuidString).png"
        let document = try run(
            "/usr/bin/python3",
            [
                "-c", driver, try #require(program), "\(folder)/browser", url, isDark ? "dark" : "light",
                runsScripts ? "on" : "off", picture,
            ])
        let text = try run("/usr/bin/python3", ["-c", reader, picture])
        return View(document: document, colours: text.split(separator: "\n").map(String.init))
    }

    /// Drives a browser by the DevTools protocol, over a pair of pipes; prints the document, writes a picture of it.
    private static let driver = """
        import base64, json, os, subprocess, sys, tempfile
        program, folder, url, scheme, scripts, picture = sys.argv[1:7]
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        def wire():
            # Where the browser looks for its pipe: 3 to read, 4 to write. Saved first, for one may lie in the other's place.
            a, b = os.dup(to_read), os.dup(from_write)
            os.dup2(a, 3)
            os.dup2(b, 4)
        browser = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,400",
             "--user-data-dir=" + folder, "--remote-debugging-pipe"],
            preexec_fn=wire, close_fds=False, stdin=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        answers = os.fdopen(from_read, "rb")
        buffered, number = b"", 0
        def receive():
            global buffered
            while b"\\0" not in buffered:
                more = os.read(answers.fileno(), 1 << 16)
                if not more: sys.exit("the browser ended")
                buffered += more
            text, buffered = buffered.split(b"\\0", 1)
            return json.loads(text)
        events = []
        def call(method, session=None, **parameters):
            global number
            number += 1
            message = {"id": number, "method": method, "params": parameters}
            if session: message["sessionId"] = session
            os.write(to_write, json.dumps(message).encode() + b"\\0")
            while True:
                answer = receive()
                if answer.get("id") == number:
                    if "error" in answer: sys.exit("%s: %s" % (method, answer["error"]))
                    return answer["result"]
                events.append(answer.get("method"))
        target = call("Target.createTarget", url="about:blank")["targetId"]
        page = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        call("Page.enable", page)
        call("DOM.enable", page)
        call("Emulation.setScriptExecutionDisabled", page, value=scripts == "off")
        call("Emulation.setEmulatedMedia", page, features=[{"name": "prefers-color-scheme", "value": scheme}])
        call("Emulation.setDeviceMetricsOverride", page, width=1200, height=400, deviceScaleFactor=1, mobile=False)
        events.clear()
        call("Page.navigate", page, url=url)
        while "Page.loadEventFired" not in events: events.append(receive().get("method"))
        image = call("Page.captureScreenshot", page, format="png")["data"]
        open(picture, "wb").write(base64.b64decode(image))
        root = call("DOM.getDocument", page)["root"]["nodeId"]
        print(call("DOM.getOuterHTML", page, nodeId=root)["outerHTML"])
        call("Browser.close")
        browser.wait()
        """

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
