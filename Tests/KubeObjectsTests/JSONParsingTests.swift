import KubeObjects
import Testing

@Suite("Parsing JSON")
struct JSONParsingTests {
    @Test(
        "A text becomes the value it says",
        arguments: [
            ("null", .null), (" true ", true), ("false", false), ("\t\"x\"\r\n", "x"), ("[]", []), ("{}", [:]),
            ("[1,[2],{\"a\":[3]}]", [1, [2], ["a": [3]]]),
            ("{\"a\":{\"b\":null}}", ["a": ["b": nil]]),
            ("{\"\":1}", ["": 1]),
            ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{c}\n\r\t"),
            ("\"\\u0041\\u00e9\\u20AC\"", "Aé€"),
            ("\"é€😀\"", "é€😀"),
        ] as [(String, JSON)])
    func value(text: String, expected: JSON) throws {
        #expect(try JSON(parsing: text) == expected)
        #expect(try JSON(parsing: Array(text.utf8)) == expected)
        // A collection without contiguous storage goes another way in.
        #expect(try JSON(parsing: text.utf8.lazy.map { $0 }) == expected)
    }

    @Test(
        "Numbers keep all 64 bits as integers and fall back to doubles beyond",
        arguments: [
            ("0", .integer(0)), ("-0", .integer(0)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("-9223372036854775809", .number(-9_223_372_036_854_775_808)), ("1.5", .number(1.5)),
            ("1e3", .number(1000)), ("1E+2", .number(100)), ("25e-1", .number(2.5)),
            ("5e-324", .number(.leastNonzeroMagnitude)),
        ] as [(String, JSON)])
    func number(text: String, expected: JSON) throws {
        #expect(try JSON(parsing: text) == expected)
    }

    @Test(
        "Surrogate pairs join, halves become the replacement character",
        arguments: [
            (#""\ud83d\ude00""#, "😀"), (#""\uD83D""#, "\u{FFFD}"), (#""\ude00""#, "\u{FFFD}"),
            (#""\ud83dx""#, "\u{FFFD}x"), (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
            (#""\ud83d\n""#, "\u{FFFD}\n"),
        ])
    func surrogates(text: String, expected: String) throws {
        #expect(try JSON(parsing: text) == .string(expected))
    }

    @Test("Of a key given twice the last value stands")
    func duplicates() throws {
        #expect(try JSON(parsing: #"{"a":1,"b":2,"a":{"c":3}}"#) == ["a": ["c": 3], "b": 2])
    }

    @Test(
        "What is no JSON is refused, at the byte where it stops being JSON",
        arguments: [
            ("", 0), ("  ", 2), ("nul", 0), ("tru", 0), ("1 2", 2), ("01", 2), ("-", 1), ("1.", 2), (".5", 0),
            ("1e", 2),
            ("+1", 0), ("1e999", 5), ("[1,]", 3), ("[1 2]", 3), ("[", 1), ("{\"a\"}", 4), ("{\"a\":1,}", 7),
            ("{a:1}", 1),
            ("{\"a\":1", 6), ("\"a", 2), ("\"\\x\"", 3), ("\"\\u12\"", 3), ("\"\\u12g4\"", 5), ("\"a\nb\"", 2),
            ("'a'", 0),
            ("NaN", 0), ("\u{FEFF}1", 0),
        ])
    func refusal(text: String, offset: Int) {
        let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
        #expect(error?.offset == offset)
    }

    @Test("Nesting stops before the stack does")
    func depth() throws {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        var value = try JSON(parsing: nested(500))
        var levels = 0
        while let inner = value.array {
            levels += 1
            guard let first = inner.first else { break }
            value = first
        }
        #expect(levels == 500)
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: nested(501)) }
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test("Bytes that are not UTF-8 are replaced, not trusted")
    func invalidUTF8() throws {
        #expect(try JSON(parsing: [0x22, 0x61, 0xFF, 0x62, 0x22]) == "a\u{FFFD}b")
    }
}
