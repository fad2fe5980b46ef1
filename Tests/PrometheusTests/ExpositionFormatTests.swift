import Testing

@testable import Prometheus

@Suite("What a scraper can read")
struct ExpositionFormatTests {
    @Test(
        "The format that a scraper prefers is taken, and text 0.0.4 where it names nothing that is known",
        arguments: [
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                    + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,"
                    + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", .openMetrics1
            ),
            ("application/openmetrics-text; version=0.0.1", .openMetrics0), ("text/plain;version=0.0.4", .text),
            ("text/plain;version=1.0.0;escaping=underscores;q=0.9,application/openmetrics-text;q=0.1", .text1),
            ("text/plain;q=0.3,application/openmetrics-text;version=\"1.0.0\";q=0.4", .openMetrics1),
            ("application/openmetrics-text;version=9", .text), ("application/json", .text), ("*/*", .text),
            ("application/openmetrics-text;q=0", .text), ("application/openmetrics-text;q=7,text/plain", .text),
            (nil, .text), ("", .text), (";;,,=q", .text),
        ] as [(String?, ExpositionFormat)])
    func negotiation(accept: String?, expected: ExpositionFormat) {
        #expect(ExpositionFormat.negotiated(accept: accept) == expected)
    }

    @Test(
        "A page is compressed for whom asks for it",
        arguments: [
            ("gzip", true), ("deflate, gzip;q=0.5", true), ("*", true), ("gzip;q=0", false), ("*;q=1, gzip;q=0", false),
            ("identity", false), (nil, false), ("br", false),
        ] as [(String?, Bool)])
    func encodings(header: String?, expected: Bool) {
        #expect(WeightedValue.acceptsGzip(header) == expected)
    }

    private func header(_ name: String, _ kind: MetricFamily.Kind, _ format: ExpositionFormat) -> String {
        String(decoding: MetricDefinition(name, kind, help: "Says \"it\".").header(format), as: UTF8.self)
    }

    @Test("OpenMetrics names a family without its suffix and says its unit; the text format does neither")
    func headers() {
        #expect(
            header("a_seconds_total", .counter, .openMetrics1)
                == "# HELP a_seconds Says \\\"it\\\".\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\n")
        #expect(
            header("a_seconds_total", .counter, .text)
                == "# HELP a_seconds_total Says \"it\".\n# TYPE a_seconds_total counter\n")
        #expect(header("b_info", .info, .openMetrics0) == "# HELP b Says \\\"it\\\".\n# TYPE b info\n")
        #expect(header("b_info", .info, .text1) == "# HELP b_info Says \"it\".\n# TYPE b_info gauge\n")
        #expect(
            header("c_bytes", .gauge, .openMetrics1)
                == "# HELP c_bytes Says \\\"it\\\".\n# TYPE c_bytes gauge\n# UNIT c_bytes bytes\n")
    }

    @Test("OpenMetrics writes the bounds of buckets as floats, and ends what it says")
    func buckets() {
        var histogram = Histogram(bounds: [0.5, 1])
        histogram.observe(0.7)
        var family = MetricFamily(name: "d", help: "", kind: .histogram)
        family.add(histogram)
        let text = MetricText.render([family], .openMetrics1)
        #expect(text.contains("d_bucket{le=\"1.0\"} 1\n"))
        #expect(text.contains("d_bucket{le=\"0.5\"} 0\n"))
        #expect(text.contains("d_bucket{le=\"+Inf\"} 1\n"))
        #expect(text.hasSuffix("\n# EOF\n"))
        #expect(MetricText.render([family]).contains("d_bucket{le=\"1\"} 1\n"))
    }

    @Test("What another server exposes is read, and what is no sample is passed over")
    func reading() {
        let page = """
            # HELP a Something.
            a 1
            a{x="1",y="say \\"hi\\"\\n",} 2.5 1700000000
            b{x="}"} +Inf
            a{broken
            a
            a{x=1} 3
            other 9
            """
        let samples = ExpositionReader.samples(Array(page.utf8)) { $0 == "a" || $0 == "b" }
        #expect(
            samples == [
                ScrapedSample(name: "a", labels: [:], value: 1),
                ScrapedSample(name: "a", labels: ["x": "1", "y": "say \"hi\"\n"], value: 2.5),
                ScrapedSample(name: "b", labels: ["x": "}"], value: .infinity),
            ])
    }
}
