import Testing

@testable import HTTPTransport

@Suite("Response heads")
struct ResponseHeadTests {
    private func events(_ lines: [String], end: String = "\r\n") -> [ResponseHeadParser.Event] {
        var parser = ResponseHeadParser()
        return lines.compactMap { parser.read(Array(($0 + end).utf8)) }
    }

    @Test("A head is told once it is complete, whatever ends its lines", arguments: ["\r\n", "\n", ""])
    func head(end: String) {
        let expected = ResponseHead(status: 200, headers: HTTPHeaders([.init("A", "1"), .init("b", "x: y")]))
        #expect(events(["HTTP/1.1 200 OK", "A:1", "b: \t x: y \t"], end: end).isEmpty)
        #expect(events(["HTTP/1.1 200 OK", "A:1", "b: \t x: y \t", ""], end: end) == [.head(expected)])
    }

    @Test(
        "The status line",
        arguments: [
            ("HTTP/1.1 200 OK", 200, false), ("HTTP/1.0 404 Not Found", 404, false), ("HTTP/2 204", 204, true),
            ("HTTP/2.0 500 x", 500, true), ("HTTP/1.1 599", 599, false),
        ])
    func statusLine(line: String, status: Int, isHTTP2: Bool) {
        #expect(events([line, ""]) == [.head(ResponseHead(status: status, isHTTP2: isHTTP2))])
    }

    @Test(
        "A line that is no status line makes no head", arguments: ["HTTP/1.1", "HTTP/1.1 abc", "HTTP/1.1 99", "x", ""])
    func noStatusLine(line: String) {
        #expect(events([line, "A: 1", ""]).isEmpty)
    }

    @Test("Interim responses are skipped")
    func interim() {
        let lines = [
            "HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "Link: x", "", "HTTP/1.1 201 Created", "",
        ]
        #expect(events(lines) == [.head(ResponseHead(status: 201))])
    }

    @Test("Fields after the head are trailers")
    func trailers() {
        let lines = ["HTTP/2 200", "", "grpc-status: 0", "", "Grpc-Message:"]
        #expect(
            events(lines) == [
                .head(ResponseHead(status: 200, isHTTP2: true)), .trailer(.init("grpc-status", "0")),
                .trailer(.init("Grpc-Message", "")),
            ])
    }

    @Test("Lines without a name are left out, and bytes that are no UTF-8 are no crash")
    func oddLines() {
        var parser = ResponseHeadParser()
        for line in ["HTTP/1.1 200 OK", ": nameless", "colonless"] { #expect(parser.read(Array(line.utf8)) == nil) }
        #expect(parser.read([0x41, 0x3A, 0xFF, 0xFE]) == nil)
        #expect(parser.read([]) == .head(ResponseHead(status: 200, headers: ["A": "\u{FFFD}\u{FFFD}"])))
    }

    @Test("Header names compare without regard to case, and setting replaces all of a name")
    func caseOfNames() {
        var headers = HTTPHeaders([.init("Accept", "a"), .init("X", "1"), .init("accept", "b")])
        #expect(headers["ACCEPT"] == "a")
        #expect(headers["missing"] == nil)
        headers["aCCept"] = "c"
        #expect(headers.fields == [.init("X", "1"), .init("aCCept", "c")])
        headers["x"] = nil
        #expect(headers.fields == [.init("aCCept", "c")])
    }

    @Test(
        "Where a URL's connection goes",
        arguments: [
            ("https://example.com", "example.com", 443), ("http://example.com/a:b", "example.com", 80),
            ("https://example.com:6443/x", "example.com", 6443), ("https://[::1]:6443?x", "[::1]", 6443),
            ("https://[fd00::1]", "[fd00::1]", 443),
        ])
    func target(url: String, host: String, port: Int) throws {
        let target = try #require(URLTarget(url))
        #expect(target.host == host)
        #expect(target.port == port)
    }

    @Test("What is no URL goes nowhere", arguments: ["", "example.com", "https://", "https://a:b", "https://[::1]:x"])
    func noTarget(url: String) {
        #expect(URLTarget(url) == nil)
    }

    @Test("Settings of TLS never show a key")
    func hidden() {
        let tls = TLSSettings(clientCertificate: Array("c".utf8), clientKey: [211, 222, 233])
        var shown = "\(tls) \(String(reflecting: tls)) \(HTTPRequest("GET", "https://a", tls: tls))"
        dump(HTTPRequest("GET", "https://a", tls: tls), to: &shown)
        #expect(shown.contains("certificate: true"))
        for byte in ["211", "222", "233"] { #expect(!shown.contains(byte)) }
    }
}
