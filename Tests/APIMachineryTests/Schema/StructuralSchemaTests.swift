import KubeObjects
import Testing

@testable import APIMachinery

private func root(_ properties: JSON) throws -> StructuralSchema {
    try StructuralSchema(["type": "object", "properties": properties])
}

@Suite struct `A schema's defaults` {
    private static let nested: JSON = [
        "spec": [
            "type": "object",
            "properties": [
                "a": ["type": "string", "default": "x"],
                "inner": [
                    "type": "object", "default": [:], "properties": ["port": ["type": "integer", "default": 6443]],
                ],
                "bare": ["type": "object", "properties": ["b": ["type": "boolean", "default": true]]],
                "list": [
                    "type": "array",
                    "items": ["type": "object", "properties": ["mode": ["type": "string", "default": "rw"]]],
                ],
                "map": [
                    "type": "object",
                    "additionalProperties": [
                        "type": "object", "properties": ["n": ["type": "integer", "default": 1]],
                    ],
                ],
                "maybe": ["type": "string", "nullable": true, "default": "d"],
            ],
        ]
    ]

    @Test(
        arguments: [
            ([:], [:]),
            (["spec": [:]], ["spec": ["a": "x", "inner": ["port": 6443], "maybe": "d"]]),
            (
                ["spec": ["a": "y", "inner": [:], "bare": [:]]],
                ["spec": ["a": "y", "inner": ["port": 6443], "bare": ["b": true], "maybe": "d"]]
            ),
            (
                ["spec": ["list": [[:], ["mode": "ro"]], "map": ["k": [:]]]],
                [
                    "spec": [
                        "a": "x", "inner": ["port": 6443], "list": [["mode": "rw"], ["mode": "ro"]],
                        "map": ["k": ["n": 1]],
                        "maybe": "d",
                    ]
                ]
            ),
            // Null without nullable counts as absent, and nullable keeps it.
            (
                ["spec": ["a": nil, "bare": nil, "inner": nil, "maybe": nil]],
                ["spec": ["a": "x", "inner": ["port": 6443], "maybe": nil]]
            ),
            (["spec": ["map": ["k": nil]]], ["spec": ["a": "x", "inner": ["port": 6443], "map": [:], "maybe": "d"]]),
        ] as [(JSON, JSON)])
    func `fill what is absent where the parent is there`(_ given: JSON, _ expected: JSON) throws {
        #expect(try root(Self.nested).defaulted(given) == expected)
    }
}

@Suite struct `Pruning` {
    private static let schema: JSON = [
        "spec": [
            "type": "object",
            "properties": [
                "known": ["type": "string"],
                "list": ["type": "array", "items": ["type": "object", "properties": ["a": ["type": "string"]]]],
                "labels": ["type": "object", "additionalProperties": ["type": "string"]],
                "free": [
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                    "properties": ["typed": ["type": "object", "properties": ["a": ["type": "string"]]]],
                ],
                "embedded": [
                    "type": "object", "x-kubernetes-embedded-resource": true,
                    "properties": ["spec": ["type": "object", "x-kubernetes-preserve-unknown-fields": true]],
                ],
                "port": ["x-kubernetes-int-or-string": true],
                "noSchema": ["type": "object"],
            ],
        ]
    ]

    @Test(
        arguments: [
            (["spec": ["known": "x"], "kind": "K", "metadata": ["name": "n"]], []),
            (["spec": ["known": "x", "foo": 1], "bar": [:]], ["bar", "spec.foo"]),
            (["spec": ["list": [["a": "x"], ["a": "x", "b": 1]]]], ["spec.list[1].b"]),
            (["spec": ["labels": ["any": "x"], "port": 80]], []),
            (["spec": ["free": ["any": ["deep": 1], "typed": ["a": "x", "b": 1]]]], ["spec.free.typed.b"]),
            (
                [
                    "spec": [
                        "embedded": ["kind": "K", "apiVersion": "v1", "metadata": [:], "spec": ["x": 1], "extra": 1]
                    ]
                ], ["spec.embedded.extra"]
            ),
            (["spec": ["noSchema": ["x": 1]]], ["spec.noSchema.x"]),
        ] as [(JSON, [String])])
    func `finds the fields that the schema does not know`(_ object: JSON, _ expected: [String]) throws {
        let schema = try root(Self.schema)
        let (pruned, unknown) = schema.prune(object)
        #expect(unknown == expected)
        #expect(schema.unknownFields(in: pruned).isEmpty)
        #expect((pruned == object) == expected.isEmpty)
    }

    @Test func `keeps what it knows as it is`() throws {
        let pruned = try root(Self.schema).pruned(["spec": ["known": "x", "foo": 1, "list": [["a": "y", "b": nil]]]])
        #expect(pruned == ["spec": ["known": "x", "list": [["a": "y"]]]])
    }
}

@Suite struct `A schema` {
    @Test(
        arguments: [
            (["type": "thing"], "openAPIV3Schema.type: Unsupported value: \"thing\""),
            (["type": 1], "openAPIV3Schema.type: Invalid value: 1: must be a string"),
            (
                ["properties": ["a": ["items": ["nullable": "x"]]]],
                "openAPIV3Schema.properties[a].items.nullable: Invalid value: \"x\": must be a boolean"
            ),
            ("x", "openAPIV3Schema: Invalid value: \"x\": must be an object"),
            (["maxLength": "1"], "openAPIV3Schema.maxLength: Invalid value: \"1\": must be an integer"),
        ] as [(JSON, String)])
    func `that is wrong says where`(_ json: JSON, _ expected: String) {
        let error = #expect(throws: FieldError.self) { try StructuralSchema(json) }
        #expect(error?.description.hasPrefix(expected) == true)
    }

    @Test func `that never ends is refused`() {
        var json: JSON = ["type": "object"]
        for _ in 0..<400 { json = ["type": "object", "properties": ["x": json]] }
        #expect(throws: FieldError.self) { try StructuralSchema(json) }
    }
}
