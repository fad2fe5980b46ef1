import Testing

@testable import APIMachinery

@Suite struct `A regular expression` {
    @Test(arguments: [
        ("abc", "xabcx", true), ("^abc$", "xabc", false), ("a.c", "a\nc", false), ("(?s)a.c", "a\nc", true),
        ("^a$", "a\n", false), ("(?m)^b$", "a\nb\nc", true), ("(?i)straße", "STRAßE", true), ("a|b|", "", true),
        ("^(ab)*$", "ababab", true), ("^(ab)*$", "aba", false), ("^a{2,3}$", "aaaa", false), ("^a{2,}$", "aaaa", true),
        ("^[^a-c]+$", "xyz", true), ("^[^a-c]+$", "xaz", false), ("^[]a]+$", "]a", true), ("^[a-]+$", "a-", true),
        (#"^\d+\.\d+$"#, "1.25", true), (#"^\w+\s\w+$"#, "a b", true), (#"^[\d_]+$"#, "1_2", true),
        (#"^\p{L}+$"#, "äé", true), (#"^\P{L}+$"#, "12", true), ("^[[:alpha:]]+$", "abc", true),
        (#"\bfoo\b"#, "a foo b", true), (#"\bfoo\b"#, "afoob", false), (#"^\x41\x{1F600}$"#, "A😀", true),
        (#"^\Qa.b\E$"#, "a.b", true), ("^(?P<name>x)(?:y)$", "xy", true), ("{", "{", true), ("a{,2}", "a{,2}", true),
        ("^.$", "é", true), ("^.$", "e\u{301}", false), ("", "anything", true), ("^(a?){3}a{3}$", "aaa", true),
        (#"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#, "*.example.com", true),
        (#"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE])?$"#, "1.5Gi", true),
        (#"^[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"#, "/a(b)", true), (".*\\..*", "a.b", true),
    ])
    func `matches as RE2 does`(_ pattern: String, _ text: String, _ expected: Bool) throws {
        #expect(try RegularExpression(pattern).matches(text) == expected)
    }

    @Test(
        arguments: [
            ("a+", "baaac", ["aaa"]), ("a*", "baaac", ["", "aaa", ""]), ("a|ab", "ab", ["a"]), ("ab|a", "ab", ["ab"]),
            ("a+?", "aaa", ["a", "a", "a"]), ("[0-9]+", "1a22", ["1", "22"]), ("x", "abc", []),
            ("(?U)a+", "aa", ["a", "a"]),
        ] as [(String, String, [String])])
    func `finds the leftmost match that it prefers`(_ pattern: String, _ text: String, _ expected: [String]) throws {
        #expect(try RegularExpression(pattern).allMatches(in: text) == expected)
    }

    @Test(arguments: [
        ("(", "missing closing )"), ("a)", "unexpected )"), ("[a", "missing closing ]"),
        ("*a", "missing argument to repetition operator"),
        ("a**", "invalid nested repetition operator"), ("a{1001}", "invalid repeat count"),
        ("[z-a]", "invalid character class range"),
        (#"\8"#, "invalid escape sequence"), ("(?=a)", "invalid or unsupported Perl syntax"),
        (#"\p{Nope}"#, "invalid character class range"),
        (#"\"#, "trailing backslash at end of expression"), ("((a{500}){500}){500}", "expression too large"),
    ])
    func `that is none says why`(_ pattern: String, _ problem: String) {
        let error = #expect(throws: RegularExpressionError.self) { try RegularExpression(pattern) }
        #expect(error?.problem == problem)
    }

    @Test func `takes linear time where backtracking would never end`() throws {
        let expression = try RegularExpression("^(a+)+$")
        #expect(!expression.matches(String(repeating: "a", count: 2000) + "b"))
    }
}
