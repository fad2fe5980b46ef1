import KubeObjects
import Testing

@testable import APIMachinery

private func errors(_ value: JSON, _ field: JSON) throws -> [String] {
    let schema = try CompiledSchema(["type": "object", "properties": ["f": field]])
    return schema.validate(["f": value]).errors.map(\.description)
}

@Suite struct `A value's schema` {
    @Test(
        arguments: [
            ("x", ["type": "integer"], ["f: Invalid value: \"string\": f in body must be of type integer: \"string\""]),
            (1, ["type": "string"], ["f: Invalid value: \"integer\": f in body must be of type string: \"integer\""]),
            (1.5, ["type": "boolean"], ["f: Invalid value: \"number\": f in body must be of type boolean: \"number\""]),
            ([], ["type": "object"], ["f: Invalid value: \"array\": f in body must be of type object: \"array\""]),
            (nil, ["type": "string"], ["f: Invalid value: \"null\": f in body must be of type string: \"null\""]),
            (nil, ["type": "string", "nullable": true], []), (1, ["type": "number"], []),
            (2.0, ["type": "integer"], []),
            (
                true, ["x-kubernetes-int-or-string": true],
                ["f: Invalid value: \"boolean\": f in body must be of type integer,string: \"boolean\""]
            ),
            (80, ["x-kubernetes-int-or-string": true], []), ("http", ["x-kubernetes-int-or-string": true], []),
            (
                "c", ["type": "string", "enum": ["a", "b"]],
                ["f: Unsupported value: \"c\": supported values: \"a\", \"b\""]
            ),
            (3, ["type": "integer", "enum": [1, 2]], ["f: Unsupported value: 3: supported values: \"1\", \"2\""]),
            ("abcd", ["type": "string", "maxLength": 3], ["f: Too long: may not be more than 3 bytes"]),
            (
                "", ["type": "string", "minLength": 1],
                ["f: Invalid value: \"\": f in body should be at least 1 chars long"]
            ),
            (
                "X", ["type": "string", "pattern": "^[a-z]$"],
                ["f: Invalid value: \"X\": f in body should match '^[a-z]$'"]
            ),
            (
                "x", ["type": "string", "pattern": "("],
                [
                    "f: Invalid value: \"x\": f in body should match '(, but pattern is invalid: error parsing regexp: missing closing ): `(`'"
                ]
            ),
            (
                70000, ["type": "integer", "maximum": 65535],
                ["f: Invalid value: 70000: f in body should be less than or equal to 65535"]
            ),
            (
                0, ["type": "integer", "minimum": 1],
                ["f: Invalid value: 0: f in body should be greater than or equal to 1"]
            ),
            (
                1, ["type": "integer", "minimum": 1, "exclusiveMinimum": true],
                ["f: Invalid value: 1: f in body should be greater than 1"]
            ),
            (
                1.5, ["type": "number", "maximum": 1.25],
                ["f: Invalid value: 1.5: f in body should be less than or equal to 1.25"]
            ),
            (5, ["type": "integer", "multipleOf": 2], ["f: Invalid value: 5: f in body should be a multiple of 2"]),
            (
                3_000_000_000, ["type": "integer", "format": "int32"],
                ["<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in f"]
            ),
            (
                [1, 2, 3], ["type": "array", "items": ["type": "integer"], "maxItems": 2],
                ["f: Too many: 3: must have at most 2 items"]
            ),
            (
                [], ["type": "array", "items": ["type": "integer"], "minItems": 1],
                ["f: Invalid value: 0: f in body should have at least 1 items"]
            ),
            (
                [1, "x"], ["type": "array", "items": ["type": "integer"]],
                ["f[1]: Invalid value: \"string\": f[1] in body must be of type integer: \"string\""]
            ),
            ([:], ["type": "object", "required": ["a"]], ["f.a: Required value"]),
            (
                [:], ["type": "object", "minProperties": 1],
                ["f: Invalid value: 0: f in body should have at least 1 properties"]
            ),
            (
                ["a": "1"], ["type": "object", "additionalProperties": ["type": "integer"]],
                ["f.a: Invalid value: \"string\": f.a in body must be of type integer: \"string\""]
            ),
            (
                ["a", "b", "a"], ["type": "array", "items": ["type": "string"], "x-kubernetes-list-type": "set"],
                ["f[2]: Duplicate value: \"a\""]
            ),
        ] as [(JSON, JSON, [String])])
    func `refuses what does not fit, in the API server's words`(
        _ value: JSON, _ schema: JSON, _ expected: [String]
    ) throws {
        #expect(try errors(value, schema) == expected || expected.allSatisfy { try errors(value, schema).contains($0) })
        #expect(try errors(value, schema).isEmpty == expected.isEmpty)
    }

    @Test func `finds keys that stand twice in a list-map`() throws {
        let schema: JSON = [
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": ["type": "object", "properties": ["name": ["type": "string"], "x": ["type": "integer"]]],
        ]
        #expect(
            try errors([["name": "a"], ["name": "b"], ["name": "a", "x": 1]], schema)
                == ["f[2]: Duplicate value: {\"name\":\"a\"}"])
    }

    @Test(
        arguments: [
            (
                ["anyOf": [["required": ["a"]], ["required": ["b"]]]], ["c": 1],
                "\"f\" must validate at least one schema (anyOf)"
            ),
            (
                ["oneOf": [["required": ["a"]], ["required": ["b"]]]], ["c": 1],
                "\"f\" must validate one and only one schema (oneOf). Found none valid"
            ),
            (
                ["oneOf": [["required": ["a"]], ["required": ["b"]]]], ["a": 1, "b": 1],
                "\"f\" must validate one and only one schema (oneOf). Found 2 valid alternatives"
            ),
            (
                ["allOf": [["required": ["a"]], ["required": ["b"]]]], ["a": 1],
                "\"f\" must validate all the schemas (allOf)"
            ),
            (["not": ["required": ["a"]]], ["a": 1], "\"f\" must not validate the schema (not)"),
        ] as [(JSON, JSON, String)])
    func `combines`(_ combination: JSON, _ value: JSON, _ expected: String) throws {
        var schema = combination
        schema["type"] = "object"
        schema["x-kubernetes-preserve-unknown-fields"] = true
        #expect(try errors(value, schema).contains("<nil>: Invalid value: \"\": \(expected)"))
        #expect(try errors(["a": 1], ["type": "object", "anyOf": [["required": ["a"]]]]).isEmpty)
    }

    @Test(arguments: [
        ("ipv4", "10.0.0.1", "10.0.0"), ("ipv6", "::1", "10.0.0.1"), ("cidr", "10.0.0.0/8", "10.0.0.0"),
        ("date-time", "2024-01-02T03:04:05Z", "2024-01-02"), ("date", "2024-02-29", "2023-02-29"),
        ("byte", "aGk=", "!"), ("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x"),
        ("mac", "00:00:5e:00:53:01", "00"),
        ("duration", "1h30m", "soon"), ("uri", "https://example.com/a", "a b"), ("hostname", "a.example.com", "a_b!"),
        ("email", "a@example.com", "a"), ("hexcolor", "#ff00aa", "ff00zz"), ("k8s-short-name", "my-name", "My"),
        ("isbn", "0321751043", "0321751044"), ("creditcard", "4111111111111111", "4111111111111112"),
    ])
    func `checks formats`(_ format: String, _ good: String, _ bad: String) throws {
        let schema: JSON = ["type": "string", "format": .string(format)]
        #expect(try errors(.string(good), schema) == [])
        #expect(
            try errors(.string(bad), schema)
                == ["f: Invalid value: \"\(bad)\": f in body must be of type \(format): \"\(bad)\""])
    }

    @Test func `ignores formats that it does not know`() throws {
        #expect(try errors("anything", ["type": "string", "format": "mystery"]) == [])
    }

    @Test func `forgives on an update what was wrong before and did not change`() throws {
        let schema = try CompiledSchema([
            "type": "object",
            "properties": [
                "spec": [
                    "type": "object",
                    "properties": [
                        "mode": ["type": "string", "enum": ["a"]], "n": ["type": "integer", "maximum": 5],
                    ],
                ]
            ],
        ])
        let old: JSON = ["spec": ["mode": "gone", "n": 9]]
        let verdict = schema.validate(["spec": ["mode": "gone", "n": 8]], old: old)
        #expect(
            verdict.errors.map(\.description)
                == ["spec.n: Invalid value: 8: spec.n in body should be less than or equal to 5"])
        #expect(verdict.warnings.count == 1)
    }

    @Test func `looks on a status update at the status alone`() throws {
        let schema = try CompiledSchema([
            "type": "object",
            "properties": [
                "spec": ["type": "object", "required": ["a"]],
                "status": ["type": "object", "properties": ["n": ["type": "integer"]]],
            ],
        ])
        let old: JSON = ["spec": [:], "status": [:]]
        #expect(schema.validateStatus(["spec": [:], "status": ["n": 1]], old: old).isAccepted)
        #expect(
            schema.validateStatus(["spec": [:], "status": ["n": "x"]], old: old).errors.map(\.description)
                == ["status.n: Invalid value: \"string\": status.n in body must be of type integer: \"string\""])
    }

    @Test func `asks embedded resources for their identity`() throws {
        let schema: JSON = [
            "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true,
        ]
        #expect(try errors(["kind": "Pod"], schema) == ["f.apiVersion: Required value"])
    }
}

@Suite struct `A scale subresource's paths` {
    @Test(
        arguments: [
            (["spec": ["replicas": 2]], []), ([:], []),
            (
                ["spec": ["replicas": "2"]],
                [
                    ".spec.replicas: Invalid value: 0: .spec.replicas accessor error: 2 is of the type string, expected int64"
                ]
            ),
            (["spec": ["replicas": -1]], [".spec.replicas: Invalid value: -1: should be a non-negative integer"]),
            (
                ["spec": ["replicas": 3_000_000_000]],
                [".spec.replicas: Invalid value: 3000000000: should be less than or equal to 2147483647"]
            ),
            (
                ["status": ["selector": 1]],
                [
                    ".status.selector: Invalid value: \"\": .status.selector accessor error: 1 is of the type int64, "
                        + "expected string"
                ]
            ),
        ] as [(JSON, [String])])
    func `hold what scaling can read`(_ object: JSON, _ expected: [String]) throws {
        let scale = ScalePaths([
            "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        ])
        let schema = try CompiledSchema(["type": "object", "x-kubernetes-preserve-unknown-fields": true], scale: scale)
        #expect(schema.validate(object).errors.map(\.description) == expected)
    }
}

@Suite struct `Name rules` {
    @Test func `are Kubernetes'`() {
        #expect(NameRules.dns1123Label("my-name").isEmpty)
        #expect(NameRules.dns1123Label("a.b") == ["must not contain dots"])
        #expect(
            NameRules.dns1123Subdomain("A")
                == [
                    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
                        + "must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
                        + "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                ])
        #expect(NameRules.dns1035Label("1a").count == 1)
        #expect(NameRules.qualifiedName("example.com/MyName").isEmpty)
        #expect(NameRules.qualifiedName("/x") == ["prefix part must be non-empty"])
        #expect(NameRules.labelValue("").isEmpty && NameRules.labelValue("-a").count == 1)
        #expect(NameRules.dns1123Label(String(repeating: "a", count: 64)) == ["must be no more than 63 bytes"])
    }
}
