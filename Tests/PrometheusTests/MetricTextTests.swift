import Testing

@testable import Prometheus

@Suite("Text exposition")
struct MetricTextTests {
    private func lines(_ family: MetricFamily) -> [String] {
        MetricText.render([family]).split(separator: "\n").map(String.init)
    }

    private func gauge(_ value: Double, labels: [String: String] = [:]) -> String {
        var family = MetricFamily(name: "g", help: "", kind: .gauge)
        family.add(value, labels: labels)
        return lines(family).last ?? ""
    }

    @Test("Help, type and samples of each family follow one another")
    func families() {
        var requests = MetricFamily(name: "requests_total", help: "Requests.", kind: .counter)
        requests.add(3, labels: ["code": "200"])
        requests.add(1, labels: ["code": "500"])
        let empty = MetricFamily(name: "empty", help: "Nothing.", kind: .gauge)
        #expect(
            MetricText.render([requests, empty]) == """
                # HELP requests_total Requests.
                # TYPE requests_total counter
                requests_total{code="200"} 3
                requests_total{code="500"} 1
                # HELP empty Nothing.
                # TYPE empty gauge

                """)
        #expect(MetricText.render([]) == "")
    }

    @Test("Labels stand in alphabetical order")
    func labelOrder() {
        #expect(gauge(1, labels: ["b": "2", "a": "1", "_c": "3", "Z": "0"]) == #"g{Z="0",_c="3",a="1",b="2"} 1"#)
    }

    @Test(
        "Back slashes, quotes and line feeds in a label's value are escaped, wherever they stand",
        arguments: [
            (#"C:\dir"#, #"C:\\dir"#), (#"say "hi""#, #"say \"hi\""#), ("a\nb", #"a\nb"#), ("a\r\nb", "a\r\\nb"),
            ("\\\u{301}", "\\\\\u{301}"), ("\"\u{301}", "\\\"\u{301}"), ("\n\u{301}", "\\n\u{301}"), (#"\n"#, #"\\n"#),
            ("Zürich 東京 🚀", "Zürich 東京 🚀"), ("", ""),
        ])
    func labelEscapes(value: String, expected: String) {
        #expect(Array(gauge(0, labels: ["l": value]).utf8) == Array("g{l=\"\(expected)\"} 0".utf8))
    }

    @Test("Help escapes back slashes and line feeds, and leaves quotes")
    func helpEscapes() {
        let family = MetricFamily(name: "h", help: "a \"b\" \\ c\nd\r\ne", kind: .gauge)
        #expect(
            Array(MetricText.render([family]).utf8)
                == Array("# HELP h a \"b\" \\\\ c\\nd\r\\ne\n# TYPE h gauge\n".utf8))
    }

    @Test(
        "Numbers are written as Prometheus reads them",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (-17, "-17"), (0.1, "0.1"), (1.5e-9, "1.5e-09"), (1e21, "1e+21"),
            (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (9_007_199_254_740_992, "9007199254740992"),
        ] as [(Double, String)])
    func numbers(value: Double, expected: String) {
        #expect(gauge(value) == "g \(expected)")
    }

    @Test("The buckets of a histogram are cumulative, and end with +Inf, the sum and the count")
    func histogram() {
        var histogram = Histogram(bounds: [0.1, 1, 10])
        for value in [0.05, 0.1, 0.5, 10, 11, 12] { histogram.observe(value) }
        var family = MetricFamily(name: "d", help: "", kind: .histogram)
        family.add(histogram, labels: ["z": "1", "a": "2"])
        #expect(
            lines(family).dropFirst(2) == [
                #"d_bucket{a="2",z="1",le="0.1"} 2"#, #"d_bucket{a="2",z="1",le="1"} 3"#,
                #"d_bucket{a="2",z="1",le="10"} 4"#, #"d_bucket{a="2",z="1",le="+Inf"} 6"#,
                #"d_sum{a="2",z="1"} 33.65"#, #"d_count{a="2",z="1"} 6"#,
            ])
    }

    @Test("An infinite last bound makes no second +Inf bucket")
    func infiniteBound() {
        var histogram = Histogram(bounds: [1, .infinity])
        histogram.observe(2)
        var family = MetricFamily(name: "d", help: "", kind: .histogram)
        family.add(histogram)
        #expect(
            lines(family).dropFirst(2) == [
                #"d_bucket{le="1"} 0"#, #"d_bucket{le="+Inf"} 1"#, "d_sum 2", "d_count 1",
            ])
    }

    @Test("An observation that is no number counts in the total alone")
    func notANumber() {
        var histogram = Histogram(bounds: [1])
        histogram.observe(.nan)
        histogram.observe(1)
        var family = MetricFamily(name: "d", help: "", kind: .histogram)
        family.add(histogram)
        #expect(
            lines(family).dropFirst(2) == [
                #"d_bucket{le="1"} 1"#, #"d_bucket{le="+Inf"} 2"#, "d_sum NaN", "d_count 2",
            ])
    }

    @Test("This process has used CPU and memory, and says so under the usual names")
    func processUsage() {
        #expect(ProcessUsage.cpuSeconds > 0)
        #expect(ProcessUsage.residentBytes > 1_000_000)
        #expect(
            ProcessUsage.families.map(\.name) == ["process_cpu_seconds_total", "process_resident_memory_bytes"])
    }
}
