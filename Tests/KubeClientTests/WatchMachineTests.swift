import HTTPTransport
import KubeObjects
import Testing

@testable import KubeClient

@Suite("The state of a watch")
struct WatchMachineTests {
    private var machine = WatchMachine()

    private func object(_ version: String, kind: String? = "ConfigMap") -> JSON {
        var object: JSON = ["metadata": ["name": "a", "resourceVersion": .string(version)]]
        if let kind { object["kind"] = .string(kind) }
        return object
    }

    private mutating func receive(_ type: String, _ object: JSON) throws -> WatchEvent? {
        try machine.received(["type": .string(type), "object": object], type: .configMaps)
    }

    private static func failure(_ code: Int) -> KubeError {
        KubeError(.status(code: code, reason: "", retryAfter: nil), "")
    }

    private static let broken = KubeError(.transport(HTTPTransportError(.connectionLost, "")), "")

    private func next() -> WatchMachine.Step { machine.next(jitter: 0) }

    @Test("It lists first, then watches from there at once")
    mutating func begins() {
        #expect(next() == .list(after: .zero))
        machine.listed(resourceVersion: "7")
        #expect(next() == .watch(resourceVersion: "7", after: .zero))
    }

    @Test("Every event and every bookmark moves the place from which it resumes")
    mutating func advances() throws {
        machine.listed(resourceVersion: "7")
        for (type, version) in [("ADDED", "8"), ("MODIFIED", "9"), ("DELETED", "10"), ("BOOKMARK", "20")] {
            let event = try receive(type, object(version))
            switch (type, event) {
            case ("DELETED", .deleted(let object)), ("ADDED", .changed(let object)), ("MODIFIED", .changed(let object)):
                #expect(object.resourceVersion == version)
            case ("BOOKMARK", nil): break
            default: Issue.record("\(type) became \(String(describing: event))")
            }
            #expect(next() == .watch(resourceVersion: version, after: .zero))
        }
        machine.ended()
        #expect(next() == .watch(resourceVersion: "20", after: .zero))
    }

    @Test("An object without a kind, or with that of metadata alone, is told as what was asked for")
    mutating func identified() throws {
        for kind in [nil, "PartialObjectMetadata"] {
            guard case .changed(let object) = try receive("ADDED", object("1", kind: kind)) else {
                Issue.record("no change")
                continue
            }
            #expect(object.kind == "ConfigMap")
            #expect(object.apiVersion == "v1")
        }
    }

    @Test(
        "A line that is no event tells nothing and moves nothing", arguments: [[:], ["type": "NEW"], [], "x"] as [JSON])
    mutating func noEvent(line: JSON) throws {
        machine.listed(resourceVersion: "7")
        #expect(try machine.received(line, type: .configMaps) == nil)
        #expect(next() == .watch(resourceVersion: "7", after: .zero))
    }

    @Test("A broken stream is resumed, later each time, until something is heard")
    mutating func resumes() throws {
        machine.listed(resourceVersion: "7")
        var delays: [Duration] = []
        for _ in 0..<12 {
            machine.failed(Self.broken)
            guard case .watch("7", let delay) = next() else {
                Issue.record("\(next())")
                return
            }
            delays.append(delay)
        }
        #expect(delays.prefix(4) == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800)])
        #expect(delays.last == WatchMachine.longestDelay / 2)
        #expect(machine.next(jitter: 1) == .watch(resourceVersion: "7", after: WatchMachine.longestDelay))
        _ = try receive("BOOKMARK", object("8"))
        #expect(next() == .watch(resourceVersion: "8", after: .zero))
    }

    @Test("A forgotten place is listed anew at once, but not in a circle")
    mutating func forgotten() throws {
        machine.listed(resourceVersion: "7")
        let error = #expect(throws: KubeError.self) {
            try receive("ERROR", ["kind": "Status", "code": 410, "reason": "Expired", "message": "too old"])
        }
        #expect(error?.isGone == true)
        #expect(error?.message == "too old")
        #expect(machine.failed(try #require(error)) == .expired)
        #expect(next() == .list(after: .zero))
        var listing = machine
        #expect(listing.failed(Self.failure(410)) == nil, "a list that fails has lost no place")
        #expect(listing.failed(Self.failure(403)) == nil)

        machine.listed(resourceVersion: "9")
        #expect(next() == .watch(resourceVersion: "9", after: .zero))
        machine.failed(Self.failure(410))
        #expect(next() == .list(after: .milliseconds(100)))
        machine.listed(resourceVersion: "10")
        machine.failed(Self.failure(410))
        #expect(next() == .list(after: .milliseconds(200)))

        machine.listed(resourceVersion: "11")
        _ = try receive("ADDED", object("12"))
        machine.failed(Self.failure(410))
        #expect(next() == .list(after: .zero))
    }

    @Test("A busy server is asked for the same place again; one that refuses is asked for the list")
    mutating func refused() {
        for (code, resumes) in [(429, true), (500, true), (503, true), (400, false), (401, false), (403, false)] {
            machine.listed(resourceVersion: "7")
            #expect(machine.failed(Self.failure(code)) == (resumes ? nil : .refused), "\(code)")
            switch next() {
            case .watch(let version, let delay): #expect(resumes && version == "7" && delay > .zero, "\(code)")
            case .list(let delay): #expect(!resumes && delay > .zero, "\(code)")
            }
        }
    }

    @Test("A stream that ends without a word is not opened in a circle, and never long after")
    mutating func silent() {
        machine.listed(resourceVersion: "7")
        machine.ended()
        #expect(next() == .watch(resourceVersion: "7", after: .milliseconds(100)))
        for _ in 0..<20 { machine.ended() }
        #expect(machine.next(jitter: 1) == .watch(resourceVersion: "7", after: .milliseconds(1600)))
    }
}

@Suite("Lines of a stream")
struct LineSplitterTests {
    @Test("Lines come out whole, however the bytes were cut", arguments: 1...9)
    func cuts(size: Int) throws {
        let text = Array("{\"a\":\"é\"}\n\n{}\nlast".utf8)
        var splitter = LineSplitter()
        var lines: [String] = []
        for start in stride(from: 0, to: text.count, by: size) {
            let piece = Array(text[start..<min(start + size, text.count)])
            let complete = splitter.append(piece)
            for line in try #require(complete) { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(lines == ["{\"a\":\"é\"}", "{}"])
        #expect(splitter.append([0x0A]) == [Array("last".utf8)])
    }

    @Test("A line beyond the limit is given up")
    func limit() {
        var splitter = LineSplitter()
        let half = [UInt8](repeating: 0x41, count: LineSplitter.limit / 2)
        #expect(splitter.append(half) == [])
        #expect(splitter.append(half) == [])
        #expect(splitter.append([0x41]) == nil)
    }
}
