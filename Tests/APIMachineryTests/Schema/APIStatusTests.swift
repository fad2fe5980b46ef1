import KubeObjects
import Testing

@testable import APIMachinery

@Suite struct `An API status` {
    private let type = ResourceType.tenantControlPlanes

    @Test func `for a missing object has Kubernetes' exact form`() {
        #expect(
            APIStatus.notFound(type, "x").json == [
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
                "message": "tenantcontrolplanes.kamaji.clastix.io \"x\" not found", "reason": "NotFound",
                "details": ["name": "x", "group": "kamaji.clastix.io", "kind": "tenantcontrolplanes"], "code": 404,
            ])
    }

    @Test func `in the core group leaves the group out`() {
        let status = APIStatus.alreadyExists(.secrets, "s")
        #expect(status.message == "secrets \"s\" already exists")
        #expect(status.json["details"] == ["name": "s", "kind": "secrets"])
        #expect(status.code == 409)
    }

    @Test func `of a stale write says what to do`() {
        let status = APIStatus.modified(type, "x")
        #expect(
            status.message
                == "Operation cannot be fulfilled on tenantcontrolplanes.kamaji.clastix.io \"x\": the object has been "
                + "modified; please apply your changes to the latest version and try again")
        #expect(status.reason == "Conflict")
    }

    @Test func `of wrong fields lists each as a cause and each text once`() {
        let twice = FieldError.required("spec.a")
        let status = APIStatus.invalid(type, "x", [twice, twice, .invalid("spec.n", 5, "too large")])
        #expect(
            status.message
                == "TenantControlPlane.kamaji.clastix.io \"x\" is invalid: [spec.a: Required value, spec.n: Invalid "
                + "value: 5: too large]")
        #expect(status.code == 422)
        #expect(status.json["details"]?["kind"] == "TenantControlPlane")
        #expect(status.json["details"]?["causes"]?.array?.count == 3)
        #expect(
            status.json["details"]?["causes"]?[2] == [
                "reason": "FieldValueInvalid", "message": "Invalid value: 5: too large", "field": "spec.n",
            ])
    }

    @Test func `of one wrong field needs no brackets`() {
        let status = APIStatus.invalid(.secrets, "x", [.forbidden("metadata.namespace", "not allowed on this type")])
        #expect(status.message == "Secret \"x\" is invalid: metadata.namespace: Forbidden: not allowed on this type")
    }

    @Test func `of a done deletion is a success without a code`() {
        #expect(
            APIStatus.deleted(.secrets, "s", uid: "u").json == [
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
                "details": ["name": "s", "kind": "secrets", "uid": "u"],
            ])
    }

    @Test(arguments: [
        (APIStatus.expired(), 410, "Expired"), (.continueExpired(), 410, "Expired"),
        (.badRequest("b"), 400, "BadRequest"),
        (.unauthorized(), 401, "Unauthorized"), (.methodNotAllowed(), 405, "MethodNotAllowed"),
        (.unsupportedMediaType(accepted: ["application/json"]), 415, "UnsupportedMediaType"),
        (.notAcceptable(accepted: ["application/json"]), 406, "NotAcceptable"),
        (.tooManyRequests(retryAfterSeconds: 1), 429, "TooManyRequests"), (.internalError("x"), 500, "InternalError"),
        (.serviceUnavailable("x"), 503, "ServiceUnavailable"), (.timeout("x"), 504, "Timeout"),
        (.requestEntityTooLarge(limit: 3), 413, "RequestEntityTooLarge"), (.unknownResource(), 404, "NotFound"),
    ])
    func `carries the code and reason that clients switch on`(_ status: APIStatus, _ code: Int, _ reason: String) {
        #expect(status.code == code)
        #expect(status.reason == reason)
        #expect(status.json["code"] == JSON(code))
    }

    @Test func `of unknown fields names them`() {
        let problems = StructuralSchema.unknownFieldProblems(["spec.a", "spec.b"])
        #expect(
            APIStatus.strictDecoding(type, problems: problems).message
                == "TenantControlPlane in version \"v1alpha1\" cannot be handled as a TenantControlPlane: strict decoding "
                + "error: unknown field \"spec.a\", unknown field \"spec.b\"")
    }
}

@Suite struct `A field error` {
    @Test(arguments: [
        (FieldError.invalid("a.b", "x\"y", "no"), "a.b: Invalid value: \"x\\\"y\": no"),
        (.invalid("a", true, "no"), "a: Invalid value: true: no"),
        (.invalid("a", 1.5, "no"), "a: Invalid value: 1.5: no"),
        (.invalid("a", ["b": "<"], "no"), "a: Invalid value: {\"b\":\"\\u003c\"}: no"),
        (.required("a"), "a: Required value"), (.required("a", "why"), "a: Required value: why"),
        (
            .notSupported("a", "x", supported: ["b", "c"]),
            "a: Unsupported value: \"x\": supported values: \"b\", \"c\""
        ),
        (.tooLong("a", limit: 63), "a: Too long: may not be more than 63 bytes"),
        (.tooLong("a", limit: 1), "a: Too long: may not be more than 1 byte"),
        (.tooMany("a", count: 3, limit: 2), "a: Too many: 3: must have at most 2 items"),
        (.duplicate("a[1]", "x"), "a[1]: Duplicate value: \"x\""), (.notFound("a", "x"), "a: Not found: \"x\""),
        (.forbidden("a", "no"), "a: Forbidden: no"), (.invalid(.root, .null, "no"), "<nil>: Invalid value: null: no"),
        (.invalid("a", .number(1e21), "no"), "a: Invalid value: 1e+21: no"),
        (.invalid("a", .number(1_234_567.5), "no"), "a: Invalid value: 1.2345675e+06: no"),
        (.internalError("a", "x"), "a: Internal error: x"),
    ])
    func `reads as Kubernetes writes it`(_ error: FieldError, _ expected: String) {
        #expect(error.description == expected)
    }

    @Test func `has a path of names, indices and keys`() {
        let path = FieldPath.root.child("spec").child("list").index(0).child("map").key("a.b")
        #expect(path.description == "spec.list[0].map[a.b]")
    }

    @Test(arguments: [
        ("tab\t", "\"tab\\t\""), ("\u{01}", "\"\\x01\""), ("é", "\"é\""), ("\u{200B}", "\"\\u200b\""),
        ("\\", "\"\\\\\""),
    ])
    func `quotes as Go does`(_ text: String, _ expected: String) {
        #expect(GoText.quoted(text) == expected)
    }
}
