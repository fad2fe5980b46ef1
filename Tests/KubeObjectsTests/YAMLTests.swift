import KubeObjects
import Testing

@Suite("Reading YAML")
struct YAMLParsingTests {
    @Test(
        "A plain scalar means what kubectl takes it for",
        arguments: [
            ("~", .null), ("null", .null), ("Null", .null), ("nULL", "nULL"), ("true", true), ("Yes", true),
            ("on", true),
            ("OFF", false), ("y", true), ("n", false), ("yES", "yES"), ("12", 12), ("-12", -12), ("+12", 12),
            ("0", 0), ("010", 8), ("0o17", 15), ("0x1F", 31), ("-0b101", -5), ("1_000", 1000), ("08", .number(8)),
            ("1.5", .number(1.5)), ("-.5", .number(-0.5)), ("1e3", .number(1000)), ("5.", .number(5)),
            ("9223372036854775807", .integer(.max)), ("18446744073709551615", .number(18_446_744_073_709_551_616)),
            ("1.2.3", "1.2.3"), ("+-5", "+-5"), ("-x", "-x"), ("1e", "1e"), ("0x", "0x"), ("infinity", "infinity"),
            ("2024-01-02", "2024-01-02"), ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"), ("12:30:45", "12:30:45"),
            ("v1.30.0", "v1.30.0"), ("a b", "a b"), ("http://x/#y", "http://x/#y"),
        ] as [(String, JSON)])
    func plainScalar(text: String, expected: JSON) throws {
        #expect(try YAML.parse("k: \(text)") == [["k": expected]])
    }

    @Test(
        "Quoted, blocked and tagged scalars",
        arguments: [
            ("'12'", "12"), ("\"yes\"", "yes"), ("'it''s'", "it's"), ("\"a\\tb\\u00e9\\x41\"", "a\tbéA"),
            ("!!str 12", "12"),
            ("!!int \"12\"", 12), ("|\n  a\n  b\n", "a\nb\n"), ("|-\n  a\n\n  b\n", "a\n\nb"), ("|+\n  a\n\n", "a\n\n"),
            (">\n  a\n  b\n", "a b\n"), ("!custom x", "x"), ("a\n  b", "a b"),
            ("[a, 'b', {c: 1}]", ["a", "b", ["c": 1]]),
        ] as [(String, JSON)])
    func otherScalar(text: String, expected: JSON) throws {
        #expect(try YAML.parse("k: \(text)") == [["k": expected]])
    }

    @Test("Several documents, empty ones left out")
    func documents() throws {
        #expect(try YAML.parse("") == [])
        #expect(try YAML.parse("# nothing\n---\n---\na: 1\n...\n---\n- b\n---\n") == [["a": 1], ["b"]])
    }

    @Test("JSON is YAML")
    func json() throws {
        #expect(
            try YAML.parse(#"{"a": [1, "x\n", null], "b": {"c": true}}"#) == [
                ["a": [1, "x\n", nil], "b": ["c": true]]
            ])
    }

    @Test("Keys are strings whatever they look like")
    func keys() throws {
        #expect(try YAML.parse("1: a\ntrue: b\n1.5: c\n'2': d") == [["1": "a", "true": "b", "1.5": "c", "2": "d"]])
    }

    @Test("Aliases stand for their anchor, merge keys for what they merge")
    func aliases() throws {
        let text = """
            base: &base {a: 1, b: 2}
            same: *base
            one:
              <<: *base
              b: 3
            two:
              b: 4
              <<: [{c: 5, b: 6}, *base, {c: 7}]
            """
        #expect(
            try YAML.parse(text)[0] == [
                "base": ["a": 1, "b": 2], "same": ["a": 1, "b": 2], "one": ["a": 1, "b": 3],
                "two": ["a": 1, "b": 4, "c": 5],
            ])
    }

    @Test(
        "What cannot be taken is refused where it stands",
        arguments: [
            ("a: *b", 1, 4), ("a: &b [*b]", 1, 8), ("a: 1\na: 2", 2, 4), ("a:\n\tb: 1", 2, 1), ("a: [1", 2, 1),
            ("<<: 1", 1, 1), ("? [a]\n: 1", 1, 3), ("a: 'x", 1, 7), ("a: b: c", 1, 5), ("~: 1", 1, 1),
        ])
    func refusal(text: String, line: Int, column: Int) {
        let error = #expect(throws: YAMLError.self) { try YAML.parse(text) }
        #expect(error?.line == line)
        // Where a key is at fault, its value's column is as good.
        #expect(error.map { abs($0.column - column) <= 3 } == true, "\(String(describing: error))")
    }

    @Test("Nesting and laughing billions stop early")
    func limits() {
        let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        #expect(throws: YAMLError.self) { try YAML.parse(deep) }
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            bomb += "a\(level): &a\(level) [\(alias)]\n"
        }
        #expect(throws: YAMLError.self) { try YAML.parse(bomb) }
    }
}

@Suite("Writing YAML")
struct YAMLWritingTests {
    @Test("Block style, sorted, lists at their key's indent")
    func layout() {
        let value: JSON = [
            "spec": [
                "ports": [["name": "https", "port": 443], ["port": 80]], "empty": [:], "none": [], "nothing": nil,
            ],
            "kind": "Service", "matrix": [[1, 2], [], [[3]]], "args": ["--v=2", "-x", "yes"],
            "script": "a\n  b\n", "open": "a\nb", "kept": "a\n\n", "ratio": 0.5,
        ]
        #expect(
            YAML.write(value) == """
                args:
                - "--v=2"
                - "-x"
                - "yes"
                kept: |+
                  a

                kind: Service
                matrix:
                -
                  - 1
                  - 2
                - []
                -
                  -
                    - 3
                open: |-
                  a
                  b
                ratio: 0.5
                script: |
                  a
                    b
                spec:
                  empty: {}
                  none: []
                  nothing: null
                  ports:
                  - name: https
                    port: 443
                  - port: 80

                """)
    }

    @Test("Documents are set apart")
    func documents() throws {
        let values: [JSON] = [["a": 1], "text", [1]]
        #expect(YAML.write(values) == "a: 1\n---\ntext\n---\n- 1\n")
        #expect(try YAML.parse(YAML.write(values)) == values)
    }

    @Test("Whatever is written reads back equal", arguments: 1...8)
    func roundTrip(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<200 {
            let value: JSON = ["v": .arbitrary(using: &random, depth: 4)]
            let text = YAML.write(value)
            #expect(try YAML.parse(text) == [value], "\(text)")
        }
    }

    @Test("A key longer than a simple key may be still reads back")
    func longKey() throws {
        let value: JSON = [String(repeating: "k", count: 3000): ["a": [1]], "z": 1]
        #expect(try YAML.parse(YAML.write(value)) == [value])
    }
}
