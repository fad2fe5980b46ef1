import KubeObjects
import Testing

@Suite("Writing JSON")
struct JSONWritingTests {
    @Test(
        "A value has one text, keys in order",
        arguments: [
            (.null, "null"), (true, "true"), (.integer(.min), "-9223372036854775808"),
            (.integer(.max), "9223372036854775807"), (.number(1.5), "1.5"), (.number(3), "3"), (.number(-0.0), "0"),
            (.number(1e300), "1e+300"), (.number(.nan), "null"), (.number(.infinity), "null"),
            (["b": 1, "a": [nil, "x"], "B": [:]], #"{"B":{},"a":[null,"x"],"b":1}"#), ([], "[]"),
            ("\u{0}\u{1f}\"\\\n\r\t/é😀", #""\u0000\u001f\"\\\n\r\t/é😀""#),
        ] as [(JSON, String)])
    func text(value: JSON, expected: String) {
        #expect(value.description == expected)
        #expect(value.encoded() == Array(expected.utf8))
    }

    @Test("What is written reads back equal", arguments: [1, 2, 3, 4])
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let value = JSON.arbitrary(using: &random, depth: 4)
            #expect(try JSON(parsing: value.encoded()) == value)
        }
    }
}

@Suite("Reaching into JSON")
struct JSONAccessTests {
    @Test("A number is an integer when it has no fraction")
    func integers() {
        #expect(JSON.number(2).integer == 2)
        #expect(JSON.number(2.5).integer == nil)
        #expect(JSON.number(1e30).integer == nil)
        #expect(JSON.integer(7).number == 7)
        #expect(JSON.string("7").integer == nil)
    }

    @Test("Lists and maps of strings are all or nothing")
    func strings() {
        #expect(JSON(["a", "b"]).strings == ["a", "b"])
        #expect((["a", 1] as JSON).strings == nil)
        #expect(JSON(["a": "b"]).stringMap == ["a": "b"])
        #expect((["a": nil] as JSON).stringMap == nil)
    }

    @Test("Writing down a path makes the way, writing nil does not")
    func paths() {
        var value: JSON = [:]
        value[path: "a", "b", "c"] = 1
        #expect(value == ["a": ["b": ["c": 1]]])
        value[path: "a", "b", "c"] = nil
        #expect(value == ["a": ["b": [:]]])
        value[path: "x", "y"] = nil
        #expect(value == ["a": ["b": [:]]])
        value["a"] = nil
        #expect(value == [:])
        value[path: []] = "whole"
        #expect(value == "whole")
    }

    @Test("Reading where nothing is gives nil")
    func absent() {
        let value: JSON = ["a": [1, 2], "s": "text"]
        #expect(value[path: "a", "b"] == nil)
        #expect(value["a"]?[2] == nil)
        #expect(value["a"]?[-1] == nil)
        #expect(value["s"]?["t"] == nil)
        #expect(value["a"]?[1] == 2)
    }
}

/// SplitMix64: the same seed gives the same run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension JSON {
    /// Awkward words and characters, so that a writer that quotes too little is found out.
    private static let pieces = [
        "a", "Z", "0", "12", "true", "no", "~", "null", ".inf", "- ", ": ", " #", ":", "-", "\n", "\n\n", "\t", " ",
        "\"",
        "'", "\\", "|", ">", "{", "[", "*", "&", "!", "%", "@", "`", "é", "😀", "\u{7f}", "\u{85}", "\u{2028}", "\u{0}",
        "1e3", "0x1f", "2024-01-02", "12:30", "=", "<<", "?", ",", "---", "...", "\r", "y", "\u{feff}", "_", "+1",
        "0o7",
    ]

    static func arbitraryText(using random: inout some RandomNumberGenerator) -> String {
        (0..<Int.random(in: 0...4, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
    }

    static func arbitrary(using random: inout some RandomNumberGenerator, depth: Int) -> JSON {
        switch Int.random(in: depth > 0 ? 0...7 : 0...4, using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
        case 3: return .number(Double(Int64.random(in: -999...999, using: &random)) + 0.25)
        case 4, 5: return .string(arbitraryText(using: &random))
        case 6: return .array((0..<3).map { _ in arbitrary(using: &random, depth: depth - 1) })
        default:
            var fields: [String: JSON] = [:]
            for _ in 0..<3 {
                fields[arbitraryText(using: &random)] = arbitrary(using: &random, depth: depth - 1)
            }
            return .object(fields)
        }
    }
}
