import KubeObjects
import Testing

@testable import APIMachinery

private func schema(_ rules: JSON, _ rest: [String: JSON] = [:]) throws -> CompiledSchema {
    var spec: [String: JSON] = ["type": "object", "x-kubernetes-validations": rules]
    spec.merge(rest) { _, new in new }
    return try CompiledSchema(["type": "object", "properties": ["spec": .object(spec)]])
}

private func texts(_ verdict: CompiledSchema.Verdict) -> [String] { verdict.errors.map(\.description) }

@Suite struct `Validation rules` {
    private static let fields: [String: JSON] = [
        "properties": [
            "name": ["type": "string"], "size": ["type": "integer"],
            "items": [
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
                "items": [
                    "type": "object", "properties": ["id": ["type": "string"], "value": ["type": "integer"]],
                    "x-kubernetes-validations": [["rule": "self.value >= oldSelf.value", "message": "must grow"]],
                ],
            ],
        ]
    ]

    @Test func `that do not hold give their message, without the object`() throws {
        let schema = try schema([["rule": "self.size > 3", "message": "too small "]], Self.fields)
        #expect(texts(schema.validate(["spec": ["size": 1]])) == ["spec: Invalid value: too small"])
        #expect(schema.validate(["spec": ["size": 4]]).isAccepted)
    }

    @Test func `on a scalar show its value`() throws {
        let schema = try CompiledSchema([
            "type": "object",
            "properties": ["name": ["type": "string", "x-kubernetes-validations": [["rule": "self.startsWith('x')"]]]],
        ])
        #expect(
            texts(schema.validate(["name": "abc"]))
                == ["name: Invalid value: \"abc\": failed rule: self.startsWith('x')"])
    }

    @Test func `that fail to run say why and which they are`() throws {
        let schema = try schema(
            [["rule": "self.name == 'x'", "message": "name must be x"], ["rule": "self.size / 0 == 1"]], Self.fields)
        #expect(
            texts(schema.validate(["spec": ["size": 1]])) == [
                "spec: Invalid value: \"object\": no such key: name evaluating rule: name must be x",
                "spec: Invalid value: \"object\": division by zero evaluating rule: self.size / 0 == 1",
            ])
    }

    @Test func `that meet types they cannot take say so`() throws {
        let schema = try schema([["rule": "self.size + 'a' == 'b'"]], Self.fields)
        #expect(
            texts(schema.validate(["spec": ["size": 1]])) == [
                "spec: Invalid value: \"object\": 'no such overload': call arguments did not match a "
                    + "supported operator, function or macro signature for rule: self.size + 'a' == 'b'"
            ])
    }

    @Test(arguments: [
        ("FieldValueForbidden", "spec.size: Forbidden: no"), ("FieldValueRequired", "spec.size: Required value: no"),
        ("FieldValueDuplicate", "spec.size: Duplicate value"), ("FieldValueInvalid", "spec.size: Invalid value: no"),
    ])
    func `give their reason at their field path`(_ reason: String, _ expected: String) throws {
        let schema = try schema(
            [["rule": "false", "message": "no", "reason": .string(reason), "fieldPath": ".size"]], Self.fields)
        #expect(texts(schema.validate(["spec": [:]])) == [expected])
    }

    @Test(arguments: [
        ("'size is %d'.format([self.size])", "size is 1"), ("self.name", "fallback"), ("'two\\nlines'", "fallback"),
        ("' '", "fallback"), ("'  trimmed '", "trimmed"),
    ])
    func `speak through their messageExpression when it has something to say`(
        _ expression: String, _ expected: String
    ) throws {
        let schema = try schema(
            [["rule": "false", "message": "fallback", "messageExpression": .string(expression)]], Self.fields)
        #expect(texts(schema.validate(["spec": ["size": 1]])) == ["spec: Invalid value: \(expected)"])
    }

    @Test func `on transitions run only when there was something before`() throws {
        let schema = try schema([["rule": "self.name == oldSelf.name", "message": "immutable"]], Self.fields)
        let old: JSON = ["spec": ["name": "a"]]
        #expect(schema.validate(["spec": ["name": "b"]]).isAccepted)
        #expect(texts(schema.validate(["spec": ["name": "b"]], old: old)) == ["spec: Invalid value: immutable"])
        #expect(schema.validate(["spec": ["name": "b"]], old: [:]).isAccepted)
    }

    @Test func `with an optional oldSelf run on creation too`() throws {
        let schema = try schema(
            [
                [
                    "rule": "!oldSelf.hasValue() || oldSelf.value().size <= self.size", "optionalOldSelf": true,
                    "message": "must not shrink",
                ]
            ], Self.fields)
        #expect(schema.validate(["spec": ["size": 1]]).isAccepted)
        #expect(!schema.validate(["spec": ["size": 1]], old: ["spec": ["size": 2]]).isAccepted)
    }

    @Test func `compare items of a list-map with their own past, wherever they stood`() throws {
        let schema = try schema([], Self.fields)
        let old: JSON = ["spec": ["items": [["id": "a", "value": 5], ["id": "b", "value": 1]]]]
        let new: JSON = [
            "spec": ["items": [["id": "b", "value": 2], ["id": "c", "value": 0], ["id": "a", "value": 4]]]
        ]
        #expect(texts(schema.validate(new, old: old)) == ["spec.items[2]: Invalid value: must grow"])
    }

    @Test func `that an update leaves broken as they were only warn`() throws {
        let schema = try schema(
            [],
            [
                "properties": [
                    "name": [
                        "type": "string", "x-kubernetes-validations": [["rule": "self != 'bad'", "message": "bad"]],
                    ],
                    "size": ["type": "integer"],
                ]
            ])
        let old: JSON = ["spec": ["name": "bad", "size": 1]]
        let verdict = schema.validate(["spec": ["name": "bad", "size": 2]], old: old)
        #expect(verdict.isAccepted)
        #expect(verdict.warnings.map(\.description) == ["spec.name: Invalid value: \"bad\": bad"])
        #expect(!schema.validate(["spec": ["name": "bad"]], old: ["spec": ["name": "good"]]).isAccepted)
    }

    @Test func `see kind, apiVersion and name at the root`() throws {
        let schema = try CompiledSchema([
            "type": "object", "properties": ["metadata": ["type": "object"]],
            "x-kubernetes-validations": [
                ["rule": "self.metadata.name.size() < 5 && self.kind == 'Tenant'", "message": "no"]
            ],
        ])
        #expect(schema.validate(["kind": "Tenant", "metadata": ["name": "abc", "labels": [:]]]).isAccepted)
        #expect(
            texts(schema.validate(["kind": "Tenant", "metadata": ["name": "abcdef"]])) == ["<nil>: Invalid value: no"])
    }

    @Test func `are not run on an object of the wrong shape`() throws {
        let schema = try schema([["rule": "self.size > 3"]], Self.fields)
        #expect(
            texts(schema.validate(["spec": ["size": "x"]])) == [
                "spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"",
                "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
                    + "correct the existing errors to complete validation",
            ])
    }

    @Test func `stop when they cost too much`() throws {
        let schema = try schema(
            [["rule": "self.l.all(a, self.l.all(b, self.l.all(c, a + b + c >= 0)))", "message": "never"]],
            ["properties": ["l": ["type": "array", "items": ["type": "integer"]]]])
        let list = JSON.array((0..<200).map { JSON($0) })
        let errors = texts(schema.validate(["spec": ["l": list]]))
        #expect(
            errors == [
                "spec: Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': no further "
                    + "validation rules will be run due to call cost exceeds limit for rule: never"
            ])
    }

    @Test func `in an allOf run with the types of the schema around`() throws {
        let schema = try schema(
            [],
            [
                "properties": ["size": ["type": "integer"]],
                "allOf": [["x-kubernetes-validations": [["rule": "self.size == 1", "message": "one"]]]],
            ])
        #expect(texts(schema.validate(["spec": ["size": 2]])) == ["spec: Invalid value: one"])
    }

    @Test func `that cannot be read are named by place`() throws {
        let schema = try schema([["rule": "true"], ["rule": "self.name ==", "message": "x"]], Self.fields)
        let problems = schema.ruleProblems(at: "spec.schema")
        #expect(problems.map(\.path.description) == ["spec.schema.properties[spec].x-kubernetes-validations[1].rule"])
        #expect(problems.first?.detail.hasPrefix("compilation failed: ERROR: <input>:1:13: Syntax error") == true)
    }
}
