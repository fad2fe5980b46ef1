import Foundation
import Testing

@testable import Prometheus

@Suite("A page that is kept written out")
struct MetricPageTests {
    private static let up = MetricDefinition("up", .gauge, help: "Whether.", labels: ["tenant"])
    private static let size = MetricDefinition("size_bytes", .gauge, help: "How much.", labels: ["tenant", "part"])
    private let page = MetricPage([up, size])

    private func show(_ tenant: String, up: Bool = true, sizes: [String: Double] = [:]) {
        var samples = SampleSet(identity: ["tenant": tenant])
        samples.add(Self.up, up)
        for (part, size) in sizes.sorted(by: { $0.key < $1.key }) { samples.add(Self.size, size, ["part": part]) }
        page.set(SampleSource(tenant, "probe"), samples)
    }

    private func text(_ format: ExpositionFormat = .text, fresh: [MetricFamily] = []) -> String {
        String(decoding: page.render(format, gzip: false, fresh: fresh), as: UTF8.self)
    }

    private func lines() -> [String] { text().split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") } }

    @Test("Families stand in order of their names, and in each its objects in order of theirs")
    func order() {
        for name in ["c", "a", "b"] { show(name, sizes: ["x": 1]) }
        #expect(
            text() == """
                # HELP size_bytes How much.
                # TYPE size_bytes gauge
                size_bytes{tenant="a",part="x"} 1
                size_bytes{tenant="b",part="x"} 1
                size_bytes{tenant="c",part="x"} 1
                # HELP up Whether.
                # TYPE up gauge
                up{tenant="a"} 1
                up{tenant="b"} 1
                up{tenant="c"} 1

                """)
    }

    @Test("An object's samples take the place of its former ones, and what it no longer says is gone")
    func replacing() {
        show("a", sizes: ["x": 1, "y": 2])
        show("b", sizes: ["x": 5])
        show("a", up: false, sizes: ["y": 3])
        #expect(
            lines() == [
                #"size_bytes{tenant="a",part="y"} 3"#, #"size_bytes{tenant="b",part="x"} 5"#, #"up{tenant="a"} 0"#,
                #"up{tenant="b"} 1"#,
            ])
        show("a")
        show("b")
        #expect(!text().contains("size_bytes"), "a family without samples has no header either")
    }

    @Test("A family that is full takes no more, says how many were left out, and has room again when somebody leaves")
    func limit() {
        let page = MetricPage([Self.up, Self.size], familyLimit: 2)
        func show(_ tenant: String, _ sizes: Int) {
            var samples = SampleSet(identity: ["tenant": tenant])
            samples.add(Self.up, true)
            for part in 0..<sizes { samples.add(Self.size, 1, ["part": "\(part)"]) }
            page.set(SampleSource(tenant, "probe"), samples)
        }
        func sizes() -> Int {
            String(decoding: page.render(.text, gzip: false), as: UTF8.self).split(separator: "\n")
                .count { $0.hasPrefix("size_bytes{") }
        }
        #expect(page.dropped == ["up": 0, "size_bytes": 0])
        show("a", 2)
        show("b", 1)
        #expect(sizes() == 2 && page.seriesCount == 4)
        #expect(page.dropped == ["up": 0, "size_bytes": 1])
        show("a", 1)
        show("b", 1)
        #expect(sizes() == 2)
        show("b", 2)
        #expect(sizes() == 1, "all of a source or nothing: part of a histogram would lie")
        #expect(page.dropped["size_bytes"] == 3)
        page.remove(objects: ["a"])
        show("b", 2)
        #expect(sizes() == 2)
    }

    @Test("What leaves takes all that was asked of it along, and nothing of its neighbours")
    func leaving() {
        show("a", sizes: ["x": 1])
        show("ab", sizes: ["x": 2])
        var more = SampleSet(identity: ["tenant": "a"])
        more.add(Self.size, 7, ["part": "z"])
        page.set(SampleSource("a", "storage"), more)
        #expect(page.seriesCount == 5)
        page.remove(objects: ["a"])
        #expect(lines() == [#"size_bytes{tenant="ab",part="x"} 2"#, #"up{tenant="ab"} 1"#])
        #expect(page.seriesCount == 2)
    }

    @Test("Many changes in any order leave what the last of each says, in order")
    func manyChanges() {
        var random = SystemRandomNumberGenerator()
        var expected: [String: Double] = [:]
        for _ in 0..<4000 {
            let number = Int.random(in: 0..<500, using: &random)
            let name = "t\(number + 1000)"
            if Int.random(in: 0..<3, using: &random) == 0 {
                expected[name] = nil
                page.remove(objects: [name])
            } else {
                let value = Double(Int.random(in: 0..<1_000_000, using: &random))
                expected[name] = value
                show(name, sizes: ["x": value])
            }
        }
        let wanted = expected.sorted { $0.key < $1.key }
        #expect(
            lines() == wanted.map { "size_bytes{tenant=\"\($0.key)\",part=\"x\"} \(Int($0.value))" }
                + wanted.map { "up{tenant=\"\($0.key)\"} 1" })
        #expect(page.seriesCount == 2 * expected.count)
    }

    @Test("Compressed, a page is the same, whether its blocks were compressed, changed since, or both")
    func gzip() throws {
        for number in 0..<300 { show("t\(number)", sizes: ["x": Double(number)]) }
        #expect(try unzipped(page.render(.text, gzip: true)) == text())
        page.compress()
        let small = page.render(.text, gzip: true)
        #expect(try unzipped(small) == text())
        #expect(small.count * 4 < text().utf8.count)
        show("t7", up: false)
        show("new", sizes: ["\u{1F680}\"\n": 1])
        var fresh = MetricFamily(name: "process_threads", help: "Threads.", kind: .gauge)
        fresh.add(3)
        for format in ExpositionFormat.allCases {
            #expect(
                try unzipped(page.render(format, gzip: true, fresh: [fresh])) == text(format, fresh: [fresh]),
                "\(format)")
        }
        #expect(text(fresh: [fresh]).contains("# TYPE process_threads gauge\nprocess_threads 3\n# HELP size_bytes"))
    }

    @Test("An empty page is one that can be read")
    func empty() throws {
        #expect(text() == "")
        #expect(text(.openMetrics1) == "# EOF\n")
        #expect(try unzipped(page.render(.openMetrics1, gzip: true)) == "# EOF\n")
    }

    @Test("A block larger than deflate stores in one piece is stored in several")
    func largeBlock() throws {
        for number in 0..<40 {
            show("t\(number)", sizes: ["x" + String(repeating: "\(number)", count: 120): 1])
            for part in 0..<40 {
                var samples = SampleSet(identity: ["tenant": "t\(number)"])
                samples.add(Self.size, Double(part), ["part": "p" + String(repeating: "\(part)", count: 100)])
                page.set(SampleSource("t\(number)", "part\(part)"), samples)
            }
        }
        #expect(try unzipped(page.render(.text, gzip: true)) == text())
    }

    @Test("Families that are not wanted are left out, in both forms")
    func filter() throws {
        show("a", sizes: ["x": 1])
        let plain = String(decoding: page.render(.text, gzip: false, filter: { $0 == "up" }), as: UTF8.self)
        #expect(plain == "# HELP up Whether.\n# TYPE up gauge\nup{tenant=\"a\"} 1\n")
        #expect(try unzipped(page.render(.text, gzip: true, filter: { $0 == "up" })) == plain)
    }

    @Test("Long values of labels are cut, and two that begin alike stay two")
    func longValues() {
        let long = String(repeating: "ä", count: 300)
        let (one, other) = (LabelText.bounded(long + "1"), LabelText.bounded(long + "2"))
        #expect(one != other)
        #expect(one.utf8.count <= LabelText.limit && one.hasPrefix("ääää"))
        #expect(LabelText.bounded(long + "1") == one)
        #expect(LabelText.bounded("short") == "short")
    }

    /// By the gzip that everybody has.
    private func unzipped(_ bytes: [UInt8]) throws -> String {
        let file = URL(filePath: NSTemporaryDirectory()).appending(path: "page-\(UUID().uuidString).gz")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/bin/gzip")
        process.arguments = ["-dc", file.path]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }
}
