import KubeObjects
import Testing

@testable import APIMachinery

/// The value of an expression as text, or its error.
private func value(of text: String, self json: JSON = [:], schema: JSON = ["type": "object"]) throws -> String {
    let program = try CELProgram(text)
    let schema = try StructuralSchema(schema)
    switch program.run(self: try CELValue(json, schema), oldSelf: nil).result {
    case .success(let value): return try CELFormatting.format("%s", [value])
    case .failure(let error): return "error: \(error.message)"
    }
}

@Suite struct `A CEL expression` {
    @Test(arguments: [
        ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("7 / 2", "3"), ("-7 % 3", "-1"), ("7.0 / 2.0", "3.5"),
        ("2 - 1 - 1", "0"), ("--1", "1"), ("!!true", "true"), ("1 < 2 && 2 < 3", "true"), ("5u + 6u", "11"),
        ("0x1F", "31"), ("1e3", "1000"), ("-9223372036854775808", "-9223372036854775808"),
        ("1 == 1.0", "true"), ("1u < 2", "true"), ("1.5 > 1", "true"), ("1 == '1'", "false"), ("null == 1", "false"),
        ("true ? 'a' : 'b'", "a"), ("false ? 'a' : false ? 'b' : 'c'", "c"),
        ("2 in [1, 2]", "true"), ("'k' in {'k': 1}", "true"), ("{'k': 1}.k", "1"), ("{'k': 1}['k']", "1"),
        ("[1, 2, 3][1]", "2"), ("[1] + [2]", "[1, 2]"), ("'a' + \"b\"", "ab"), ("[1, 2] == [1, 2]", "true"),
        ("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "true"), ("type(1) == int", "true"), ("type('') == string", "true"),
        ("r'\\d' + '\\n'", "\\d\n"), ("'''it's'''", "it's"), ("'\\u00e9\\x41'", "éA"), ("b'abc' == b'abc'", "true"),
        ("1 + 1 // a comment", "2"), ("[1, 2, ]", "[1, 2]"), ("'x' < 'y'", "true"),
    ])
    func `has CEL's value`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == expected)
    }

    @Test(arguments: [
        ("1 / 0", "division by zero"), ("1 % 0", "modulus by zero"), ("9223372036854775807 + 1", "integer overflow"),
        ("{'a': 1}.b", "no such key: b"), ("{'a': 1}['b']", "no such key: b"),
        ("[1][3]", "index out of bounds: 3"), ("1 + 1.0", "no such overload"),
        ("int('x')", "strconv.ParseInt: parsing \"x\": invalid syntax"), ("[].min()", "min called on empty list"),
        ("optional.none().value()", "optional.none() dereference"), ("-1u", "no such overload"),
        ("self.missing", "no such key: missing"),
        ("'a'.matches('(' + '')", "error parsing regexp: missing closing ): `(`"),
    ])
    func `fails in cel-go's words`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == "error: \(expected)")
    }

    @Test(arguments: [
        "1 +", "(1", "self..a", "foo", "self.bar()", "has(self)", "'unterminated", "self.all(x)", "1 2", "[1, 2",
        "'a'.matches('(')", "a?b", "#", "self.size(1, 2)", "'\\q'", "99999999999999999999",
    ])
    func `that cannot be read says where`(_ text: String) {
        let error = #expect(throws: CELSyntaxError.self) { try CELProgram(text) }
        #expect(error?.description.hasPrefix("ERROR: <input>:1:") == true)
    }

    @Test func `that nests too deeply is refused`() {
        let text = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000)
        #expect(throws: CELSyntaxError.self) { try CELProgram(text) }
    }

    @Test(arguments: [
        ("false && 1 / 0 > 0", "false"), ("1 / 0 > 0 && false", "false"), ("true || 1 / 0 > 0", "true"),
        ("1 / 0 > 0 || true", "true"), ("1 / 0 > 0 && true", "error: division by zero"),
        ("false || 1 / 0 > 0", "error: division by zero"),
        ("[1, 0].exists(x, 1 / x > 0)", "true"), ("[0, 1].exists(x, 1 / x > 0)", "true"),
        ("[0, 2].all(x, 4 / x > 3)", "false"), ("[0, 1].all(x, 4 / x > 3)", "error: division by zero"),
        ("[0].map(x, 1 / x)", "error: division by zero"),
    ])
    func `lets a deciding side absorb the other's error`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == expected)
    }

    @Test(arguments: [
        ("[1, 2, 3].all(x, x > 0)", "true"), ("[].all(x, x > 0)", "true"), ("[1, 2].exists(x, x == 3)", "false"),
        ("[1, 2, 3].exists_one(x, x > 2)", "true"), ("[1, 2, 3].filter(x, x % 2 == 1)", "[1, 3]"),
        ("[1, 2].map(x, x * 2)", "[2, 4]"), ("[1, 2, 3].map(x, x > 1, x * 2)", "[4, 6]"),
        ("{'a': 1, 'b': 2}.all(k, k != 'c')", "true"), ("{'a': 1}.map(k, k + '!')", "[\"a!\"]"),
        ("[1, 2].all(x, [3, 4].all(y, x < y))", "true"), ("[1, 2].all(i, v, v == i + 1)", "true"),
        ("{'a': 1}.exists(k, v, k == 'a' && v == 1)", "true"), ("['b', 'a'].sortBy(x, x)", "[\"a\", \"b\"]"),
        ("[5, 6].transformMap(i, v, v * 2) == {0: 10, 1: 12}", "true"),
        ("['a'].transformMapEntry(i, v, {v: i}) == {'a': 0}", "true"),
        ("[1, 2].transformList(i, v, v > 1, v + i)", "[3]"),
    ])
    func `expands macros`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == expected)
    }

    @Test func `is stopped when it costs too much`() throws {
        let list = "[1,2,3,4,5,6,7,8,9,10]"
        let text = (0..<8).reduce("true") { inner, index in "\(list).all(x\(index), \(inner))" }
        let outcome = try CELProgram(text).run(self: .null, oldSelf: nil)
        guard case .failure(let error) = outcome.result else {
            Issue.record("the rule ran to its end")
            return
        }
        #expect(error.isCostLimit)
        #expect(outcome.cost < CELProgram.costLimit + 100)
    }
}

@Suite struct `A hostile expression` {
    private static let long = String(repeating: "a", count: 100_000)

    @Test(arguments: [
        "1" + String(repeating: " + 1", count: 9000), String(repeating: "!", count: 9001) + "true",
        "self" + String(repeating: ".a", count: 9000), "true" + String(repeating: " || false", count: 9000),
        "lists.range(1000000).map(x, lists.range(1000000))", "'\(long)'.replace('', '\(long)').size()",
        "lists.range(100000).map(x, 'a').join('\(long)')", String(repeating: "[", count: 9000),
        "lists.range(999999999999)", "'\(long)'.matches('(x+x+)+y') || true",
        "1" + String(repeating: " +", count: 30000),
    ])
    func `ends, whatever it asks for`(_ text: String) {
        let outcome = (try? CELProgram(text)).map { $0.run(self: .map(CELMap()), oldSelf: nil) }
        #expect((outcome?.cost ?? 0) < 10 * CELProgram.costLimit)
    }

    @Test func `made of noise is refused or runs, and traps nowhere`() {
        var generator = SplitMix(state: 7)
        let pieces = [
            "self", "oldSelf", "1", "-", "9223372036854775807", "1.5", "'a'", "[", "]", "(", ")", "{", "}", ".", ",",
            "?",
            ":", "+", "*", "/", "%", "&&", "||", "!", "==", "<", "in", "size", "all(x, ", "map(x, ", "x",
            "matches('a')",
            "has(", "duration('1h')", "timestamp('9999-12-31T23:59:59Z')", "null", "true", "b'x'", "2u",
            "substring(-1)",
            "slice(0, 9)", "format([1])", "'%d %s'", "optional.of(", "orValue(", "cidr('10.0.0.0/8')", "0x", "r'\\'",
            "`",
        ]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined(separator: Bool.random(using: &generator) ? " " : "")
            guard let program = try? CELProgram(text) else { continue }
            #expect(program.run(self: .list([.int(.min), .string("é")]), oldSelf: .int(.max)).cost > 0)
        }
    }
}

/// The same numbers on every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct `CEL's libraries` {
    @Test(arguments: [
        ("'hello'.size()", "5"), ("size('héllo')", "5"), ("'hello'.contains('ell')", "true"),
        ("'hello'.startsWith('he') && 'hello'.endsWith('lo')", "true"), ("'a-b'.matches('^[a-z]-[a-z]$')", "true"),
        ("'Ab'.lowerAscii() + 'Ab'.upperAscii()", "abAB"), ("'  x '.trim()", "x"),
        ("'a,b,c'.split(',')", "[\"a\", \"b\", \"c\"]"),
        ("'a,b,c'.split(',', 2)", "[\"a\", \"b,c\"]"), ("'abc'.split('')", "[\"a\", \"b\", \"c\"]"),
        ("['a', 'b'].join('-')", "a-b"),
        ("'aXbX'.replace('X', '-')", "a-b-"), ("'aXbX'.replace('X', '-', 1)", "a-bX"),
        ("'tacocat'.substring(4)", "cat"), ("'tacocat'.substring(0, 4)", "taco"), ("'hello'.indexOf('l')", "2"),
        ("'hello'.lastIndexOf('l')", "3"), ("'hello'.charAt(4)", "o"), ("'abc'.find('[bc]+')", "bc"),
        ("'a1b22'.findAll('[0-9]+')", "[\"1\", \"22\"]"), ("'a1b22'.findAll('[0-9]+', 1)", "[\"1\"]"),
        ("'%s=%d %.2f %x'.format(['n', 5, 1.005, 255])", "n=5 1.00 ff"),
        ("'%e|%b|%o'.format([1234.5, 5, 8])", "1.234500×10⁰³|101|10"),
        ("strings.quote('a\"b')", "\"a\\\"b\""),
    ])
    func `handle strings`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == expected)
    }

    @Test(arguments: [
        ("[1, 2, 3].isSorted()", "true"), ("[3, 1].isSorted()", "false"), ("[1, 2, 3].sum()", "6"),
        ("[2, 3, 1].max()", "3"), ("[2, 3, 1].min()", "1"), ("[1, 2, 1].indexOf(1)", "0"),
        ("[1, 2, 1].lastIndexOf(1)", "2"), ("[[1], [2, [3]]].flatten() == [1, 2, [3]]", "true"),
        ("[1, 2, 1].distinct()", "[1, 2]"), ("[3, 1, 2].sort()", "[1, 2, 3]"), ("[1, 2, 3].slice(1, 3)", "[2, 3]"),
        ("[1, 2].reverse()", "[2, 1]"), ("lists.range(3)", "[0, 1, 2]"), ("sets.contains([1, 2], [2])", "true"),
        ("sets.equivalent([1, 2], [2, 1, 1])", "true"), ("sets.intersects([1], [2])", "false"),
    ])
    func `handle lists`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == expected)
    }

    @Test(arguments: [
        ("isIP('10.0.0.1') && isIP('::1')", "true"), ("isIP('10.0.0.01')", "false"), ("isIP('10.0.0')", "false"),
        ("isIP('::ffff:1.2.3.4')", "false"), ("isIP('fe80::1%eth0')", "false"), ("ip('2001:db8::1').family()", "6"),
        ("ip.isCanonical('2001:DB8::1')", "false"), ("string(ip('2001:0DB8:0:0::1'))", "2001:db8::1"),
        ("ip('127.0.0.1').isLoopback() && ip('::').isUnspecified()", "true"),
        ("ip('8.8.8.8').isGlobalUnicast()", "true"),
        ("ip('169.254.0.1').isLinkLocalUnicast() && ip('224.0.0.1').isLinkLocalMulticast()", "true"),
        ("isCIDR('10.0.0.0/8') && isCIDR('2001:db8::/32')", "true"), ("isCIDR('10.0.0.0/33')", "false"),
        ("isCIDR('10.0.0.0')", "false"), ("cidr('10.0.0.0/8').containsIP('10.1.2.3')", "true"),
        ("cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))", "false"),
        ("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", "true"),
        ("cidr('10.1.0.0/16').containsCIDR('10.0.0.0/8')", "false"), ("cidr('10.1.2.3/8').prefixLength()", "8"),
        ("string(cidr('10.1.2.3/8').masked())", "10.0.0.0/8"), ("string(cidr('10.1.2.3/8').ip())", "10.1.2.3"),
        ("cidr('10.0.0.0/7').containsIP('11.255.0.1')", "true"),
    ])
    func `handle networks`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == expected)
    }

    @Test(arguments: [
        ("isURL('https://example.com:8443/a?x=1') && !isURL('example')", "true"),
        ("url('https://example.com:8443/a?x=1&x=2').getHost()", "example.com:8443"),
        ("url('https://[::1]:80/a').getHostname()", "::1"), ("url('https://h:80/a%20b').getEscapedPath()", "/a%20b"),
        ("url('http://h/?x=1&x=2').getQuery()['x']", "[\"1\", \"2\"]"), ("url('/path').getScheme() == ''", "true"),
        ("isQuantity('1.5Gi') && !isQuantity('1.5G i')", "true"),
        ("quantity('1Gi').isGreaterThan(quantity('1G'))", "true"),
        ("quantity('1500m').compareTo(quantity('1.5'))", "0"),
        ("quantity('2').add(quantity('500m')).isLessThan(quantity('3'))", "true"),
        ("quantity('50k').asInteger()", "50000"), ("quantity('1.5').isInteger()", "false"),
        ("quantity('-3').sign()", "-1"),
        ("quantity('1.5').asApproximateFloat()", "1.5"), ("semver('1.2.3').isLessThan(semver('1.10.0'))", "true"),
        ("isSemver('v1.2') || !isSemver('v1.2', true)", "false"),
        ("semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))", "true"),
        ("format.dns1123Label().validate('my-name').hasValue()", "false"),
        ("format.dns1123Label().validate('My').value().size()", "1"), ("format.named('uuid').hasValue()", "true"),
        ("format.named('nothing').hasValue()", "false"),
    ])
    func `handle Kubernetes' types`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == expected)
    }

    @Test(arguments: [
        ("duration('1h30m') > duration('89m')", "true"), ("duration('1m') + duration('30s')", "90s"),
        ("duration('-1.5s').getMilliseconds()", "-1500"), ("duration('90m').getHours()", "1"),
        ("timestamp('2024-02-29T12:00:00Z').getMonth()", "1"),
        ("timestamp('2024-02-29T12:00:00+02:00').getHours()", "10"),
        ("timestamp('2024-12-31T23:00:00Z').getDayOfYear()", "365"),
        ("timestamp('2024-01-01T00:00:00Z').getDayOfWeek()", "1"),
        ("timestamp('2024-01-01T00:00:00Z') - timestamp('2023-12-31T00:00:00Z') == duration('24h')", "true"),
        ("timestamp('1969-12-31T23:59:59Z') + duration('2s')", "1970-01-01T00:00:01Z"),
        ("timestamp('2024-01-01T00:00:00.5Z')", "2024-01-01T00:00:00.5Z"),
        ("timestamp('2024-01-01T01:00:00Z').getDate('-02:00')", "31"),
        ("int(timestamp('1970-01-02T00:00:00Z'))", "86400"),
        (
            "timestamp('2023-02-29T00:00:00Z')",
            "error: parsing time \"2023-02-29T00:00:00Z\": not in the form of RFC 3339"
        ),
    ])
    func `handle time`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == expected)
    }

    @Test(arguments: [
        ("int('42') + int(1.9)", "43"), ("double('1.5')", "1.5"), ("string(1.0)", "1"), ("string(true)", "true"),
        ("bool('true')", "true"), ("uint(3) == 3u", "true"), ("int(1e30)", "error: integer overflow"),
        ("string(b'abc')", "abc"), ("dyn(1) == 1", "true"),
    ])
    func `convert`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == expected)
    }

    @Test(arguments: [
        ("{'a': 1}.?a.value()", "1"), ("{'a': 1}.?b.orValue(2)", "2"), ("{'a': 1}[?'b'].hasValue()", "false"),
        ("[1][?0].orValue(9)", "1"), ("[1][?5].orValue(9)", "9"), ("{'a': {'b': 3}}.?a.b.value()", "3"),
        ("optional.of(1).or(optional.of(2)).value()", "1"), ("optional.ofNonZeroValue('').hasValue()", "false"),
        ("optional.of(2).optMap(x, x * 2).value()", "4"), ("[?optional.none(), 1]", "[1]"),
        ("{?'a': optional.of(1)}.a", "1"), ("has({'a': 1}.?a.b)", "error: no such overload"),
        ("optional.of(1) == optional.of(1)", "true"),
    ])
    func `handle optionals`(_ text: String, _ expected: String) throws {
        #expect(try value(of: text) == expected)
    }
}

@Suite struct `An object in a rule` {
    private static let schema: JSON = [
        "type": "object",
        "properties": [
            "count": ["type": "integer"], "ratio": ["type": "number"], "port": ["x-kubernetes-int-or-string": true],
            "a-b": ["type": "string"], "namespace": ["type": "string"], "under__score": ["type": "string"],
            "maybe": ["type": "string", "nullable": true], "since": ["type": "string", "format": "date-time"],
            "wait": ["type": "string", "format": "duration"], "data": ["type": "string", "format": "byte"],
            "labels": ["type": "object", "additionalProperties": ["type": "string"]],
            "tags": ["type": "array", "items": ["type": "string"], "x-kubernetes-list-type": "set"],
            "ports": [
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": ["type": "object", "properties": ["name": ["type": "string"], "port": ["type": "integer"]]],
            ],
            "free": ["x-kubernetes-preserve-unknown-fields": true],
        ],
    ]

    private static let object: JSON = [
        "count": 2, "ratio": 3, "port": "http", "a-b": "dash", "namespace": "ns", "under__score": "u", "maybe": nil,
        "since": "2024-01-01T00:00:00Z", "wait": "90s", "data": "aGk=", "labels": ["app/x": "y", "in": "z"],
        "tags": ["a", "b"], "ports": [["name": "web", "port": 80], ["name": "tls", "port": 443]],
        "free": ["any": 1], "unknown": 1,
    ]

    @Test(arguments: [
        ("self.count + 1 == 3", "true"), ("self.ratio == 3.0 && type(self.ratio) == double", "true"),
        ("self.port == 'http'", "true"), ("self.a__dash__b", "dash"), ("self.__namespace__", "ns"),
        ("self.under__underscores__score", "u"), ("self.`a-b`", "dash"), ("has(self.maybe)", "false"),
        ("has(self.a__dash__b) && !has(self.nothing)", "true"),
        ("self.since < timestamp('2025-01-01T00:00:00Z')", "true"),
        ("self.wait > duration('1m')", "true"), ("string(self.data)", "hi"), ("self.labels['app/x']", "y"),
        ("'app/x' in self.labels && self.labels.in == 'z'", "error"),
        ("self.labels.all(k, self.labels[k] != '')", "true"),
        ("self.tags == ['b', 'a'] || self.tags == ['a', 'b']", "true"),
        ("self.tags + ['a', 'c'] == ['a', 'b', 'c']", "true"),
        ("self.ports.filter(p, p.port > 100)[0].name", "tls"), ("self.ports[0].port", "80"),
        ("self.ports[7].port", "error: index out of bounds: 7"), ("self.unknown", "error: no such key: unknown"),
        ("self.free == self.free", "true"), ("'count' in self", "true"), ("self.labels.size()", "2"),
    ])
    func `is seen through its schema`(_ text: String, _ expected: String) throws {
        if expected == "error" {
            #expect(throws: CELSyntaxError.self) { try CELProgram(text) }
        } else {
            #expect(try value(of: text, self: Self.object, schema: Self.schema) == expected)
        }
    }

    @Test(arguments: [
        ("a-b", "a__dash__b"), ("a.b/c", "a__dot__b__slash__c"), ("namespace", "__namespace__"),
        ("x__y", "x__underscores__y"), ("plain", "plain"), ("_x", "_x"),
    ])
    func `has names that survive being escaped`(_ name: String, _ escaped: String) {
        #expect(CELNames.escaped(name) == escaped)
        #expect(CELNames.unescaped(escaped) == name)
    }

    @Test(arguments: ["1abc", "", "a b", "é"]) func `may have a name that no rule can write`(_ name: String) {
        #expect(CELNames.escaped(name) == nil)
    }
}
