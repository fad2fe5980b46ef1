import KubeObjects

/// A metav1.Status: what a Kubernetes API answers with when it does not answer with an object. The texts are
/// Kubernetes' own, since clients print them and some match on them.
package struct APIStatus: Error, Sendable, Hashable {
    package struct Cause: Sendable, Hashable {
        package var reason: String
        package var message: String
        package var field: String

        package init(reason: String = "", message: String, field: String = "") {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    package struct Details: Sendable, Hashable {
        package var name: String
        package var group: String
        /// The plural of the resource, and in a 422 the kind.
        package var kind: String
        package var uid: String
        package var causes: [Cause]
        package var retryAfterSeconds: Int

        package init(
            name: String = "", group: String = "", kind: String = "", uid: String = "", causes: [Cause] = [],
            retryAfterSeconds: Int = 0
        ) {
            self.name = name
            self.group = group
            self.kind = kind
            self.uid = uid
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    package var isSuccess: Bool
    package var message: String
    package var reason: String
    /// The HTTP status; 0 for a success, whose Status carries none.
    package var code: Int
    package var details: Details?

    package init(code: Int, reason: String, message: String, details: Details? = nil, isSuccess: Bool = false) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.isSuccess = isSuccess
    }
}

extension APIStatus: CustomStringConvertible {
    package var description: String { message }

    /// The Status object, with empty fields left out as Kubernetes leaves them out.
    package var json: JSON {
        var json: JSON = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": isSuccess ? "Success" : "Failure",
        ]
        if !message.isEmpty { json["message"] = .string(message) }
        if !reason.isEmpty { json["reason"] = .string(reason) }
        if let details { json["details"] = details.json }
        if code != 0 { json["code"] = JSON(code) }
        return json
    }
}

extension APIStatus.Details {
    fileprivate var json: JSON {
        var json: JSON = [:]
        if !name.isEmpty { json["name"] = .string(name) }
        if !group.isEmpty { json["group"] = .string(group) }
        if !kind.isEmpty { json["kind"] = .string(kind) }
        if !uid.isEmpty { json["uid"] = .string(uid) }
        if !causes.isEmpty { json["causes"] = .array(causes.map(\.json)) }
        if retryAfterSeconds != 0 { json["retryAfterSeconds"] = JSON(retryAfterSeconds) }
        return json
    }
}

extension APIStatus.Cause {
    fileprivate var json: JSON {
        var json: JSON = [:]
        if !reason.isEmpty { json["reason"] = .string(reason) }
        if !message.isEmpty { json["message"] = .string(message) }
        if !field.isEmpty { json["field"] = .string(field) }
        return json
    }
}

// MARK: - What a request about an object can be answered with

extension APIStatus {
    private static func details(_ type: ResourceType, _ name: String) -> Details {
        Details(name: name, group: type.group, kind: type.plural)
    }

    /// The answer to a deletion that is done at once.
    package static func deleted(_ type: ResourceType, _ name: String, uid: String) -> APIStatus {
        var details = details(type, name)
        details.uid = uid
        return APIStatus(code: 0, reason: "", message: "", details: details, isSuccess: true)
    }

    package static func notFound(_ type: ResourceType, _ name: String) -> APIStatus {
        APIStatus(
            code: 404, reason: "NotFound", message: "\(type) \(GoText.quoted(name)) not found",
            details: details(type, name))
    }

    /// A path that names no resource of this server.
    package static func unknownResource() -> APIStatus {
        APIStatus(
            code: 404, reason: "NotFound", message: "the server could not find the requested resource",
            details: Details())
    }

    package static func alreadyExists(_ type: ResourceType, _ name: String) -> APIStatus {
        APIStatus(
            code: 409, reason: "AlreadyExists", message: "\(type) \(GoText.quoted(name)) already exists",
            details: details(type, name))
    }

    /// No name made from `generateName` was free.
    package static func generateNameConflict(_ type: ResourceType, _ name: String) -> APIStatus {
        var details = details(type, name)
        details.retryAfterSeconds = 1
        return APIStatus(
            code: 409, reason: "AlreadyExists",
            message: "\(type) \(GoText.quoted(name)) already exists, the server was not able to generate a unique name "
                + "for the object",
            details: details)
    }

    /// A write from a resourceVersion that is no longer the stored one.
    package static func modified(_ type: ResourceType, _ name: String) -> APIStatus {
        conflict(
            type, name,
            "the object has been modified; please apply your changes to the latest version and try again")
    }

    package static func conflict(_ type: ResourceType, _ name: String, _ why: String) -> APIStatus {
        APIStatus(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(type) \(GoText.quoted(name)): \(why)",
            details: details(type, name))
    }

    /// Preconditions of a deletion or update that do not hold. `field` is `UID` or `ResourceVersion`.
    package static func preconditionFailed(
        _ type: ResourceType, _ name: String, field: String, wanted: String, found: String
    ) -> APIStatus {
        conflict(
            type, name,
            "Precondition failed: \(field) in precondition: \(wanted), \(field) in object meta: \(found)")
    }

    /// A server-side apply that would take fields from other managers; one cause for each field.
    package static func applyConflict(_ message: String, causes: [Cause]) -> APIStatus {
        APIStatus(code: 409, reason: "Conflict", message: message, details: Details(causes: causes))
    }

    /// The object's fields are wrong. One cause for each error; the message holds each text once.
    package static func invalid(_ type: ResourceType, _ name: String, _ errors: [FieldError]) -> APIStatus {
        invalid(group: type.group, kind: type.kind, name: name, errors)
    }

    package static func invalid(group: String, kind: String, name: String, _ errors: [FieldError]) -> APIStatus {
        var texts: [String] = []
        for text in errors.map(\.description) where !texts.contains(text) { texts.append(text) }
        let subject = "\(group.isEmpty ? kind : "\(kind).\(group)") \(GoText.quoted(name)) is invalid"
        let message =
            switch texts.count {
            case 0: subject
            case 1: "\(subject): \(texts[0])"
            default: "\(subject): [\(texts.joined(separator: ", "))]"
            }
        return APIStatus(
            code: 422, reason: "Invalid", message: message,
            details: Details(
                name: name, group: group, kind: kind,
                causes: errors.map { Cause(reason: $0.kind.rawValue, message: $0.body, field: $0.path.description) }))
    }

    package static func forbidden(_ type: ResourceType, _ name: String, _ why: String) -> APIStatus {
        let subject = name.isEmpty ? "\(type)" : "\(type) \(GoText.quoted(name))"
        return APIStatus(
            code: 403, reason: "Forbidden", message: "\(subject) is forbidden: \(why)", details: details(type, name))
    }

    /// A path outside the resources that its caller may not read.
    package static func forbiddenPath(_ path: String, verb: String, user: String) -> APIStatus {
        APIStatus(
            code: 403, reason: "Forbidden",
            message: "forbidden: User \(GoText.quoted(user)) cannot \(verb) path \(GoText.quoted(path))",
            details: Details())
    }

    package static func methodNotSupported(_ type: ResourceType, _ action: String) -> APIStatus {
        APIStatus(
            code: 405, reason: "MethodNotAllowed",
            message: "\(action) is not supported on resources of kind \(GoText.quoted(type.description))",
            details: Details(group: type.group, kind: type.plural))
    }
}

// MARK: - What any request can be answered with

extension APIStatus {
    /// A path that serves other methods than the request's.
    package static func methodNotAllowed() -> APIStatus {
        APIStatus(
            code: 405, reason: "MethodNotAllowed",
            message: "the server does not allow this method on the requested resource", details: Details())
    }

    package static func badRequest(_ message: String) -> APIStatus {
        APIStatus(code: 400, reason: "BadRequest", message: message)
    }

    /// A body that cannot be read as the kind that its path asks for. `problem` is the decoder's.
    package static func undecodable(_ type: ResourceType, _ problem: String) -> APIStatus {
        badRequest(
            "\(type.kind) in version \(GoText.quoted(type.version)) cannot be handled as a \(type.kind): \(problem)")
    }

    /// A body whose kind is missing. `start` is its first 30 bytes.
    package static func unrecognizable(_ type: ResourceType, _ problem: String, start: String) -> APIStatus {
        badRequest("the object provided is unrecognized (must be of type \(type.kind)): \(problem) (\(start))")
    }

    /// Fields that the kind does not have, under fieldValidation=Strict.
    package static func strictDecoding(_ type: ResourceType, problems: [String]) -> APIStatus {
        undecodable(type, strictDecodingMessage(problems))
    }

    /// `strict decoding error: unknown field "spec.foo", unknown field "spec.bar"`.
    package static func strictDecodingMessage(_ problems: [String]) -> String {
        "strict decoding error: " + problems.joined(separator: ", ")
    }

    package static func unauthorized(_ message: String = "Unauthorized") -> APIStatus {
        APIStatus(code: 401, reason: "Unauthorized", message: message)
    }

    package static func notAcceptable(accepted: [String]) -> APIStatus {
        APIStatus(
            code: 406, reason: "NotAcceptable",
            message: "only the following media types are accepted: " + accepted.joined(separator: ", "))
    }

    package static func unsupportedMediaType(accepted: [String]) -> APIStatus {
        APIStatus(
            code: 415, reason: "UnsupportedMediaType",
            message: "the body of the request was in an unknown format - accepted media types include: "
                + accepted.joined(separator: ", "))
    }

    package static func requestEntityTooLarge(limit: Int) -> APIStatus {
        APIStatus(
            code: 413, reason: "RequestEntityTooLarge",
            message: "Request entity too large: limit is \(limit)")
    }

    /// A watch or a page from a resourceVersion that is no longer kept.
    package static func expired(_ message: String = "The resourceVersion for the provided watch is too old.")
        -> APIStatus
    {
        APIStatus(code: 410, reason: "Expired", message: message)
    }

    package static func tooOldResourceVersion(_ wanted: String, oldest: String) -> APIStatus {
        expired("too old resource version: \(wanted) (\(oldest))")
    }

    /// The token of a paged list that has outlived the version it was started at.
    package static func continueExpired() -> APIStatus {
        expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                + "without the continue parameter.")
    }

    /// A read that asks for a version which is still to come.
    package static func tooLargeResourceVersion(_ wanted: Int64, current: Int64, retryAfterSeconds: Int = 1)
        -> APIStatus
    {
        APIStatus(
            code: 504, reason: "Timeout",
            message: "Timeout: Too large resource version: \(wanted), current: \(current)",
            details: Details(
                causes: [Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version")],
                retryAfterSeconds: retryAfterSeconds))
    }

    package static func timeout(_ message: String, retryAfterSeconds: Int = 0) -> APIStatus {
        APIStatus(
            code: 504, reason: "Timeout", message: "Timeout: \(message)",
            details: Details(retryAfterSeconds: retryAfterSeconds))
    }

    package static func tooManyRequests(retryAfterSeconds: Int) -> APIStatus {
        APIStatus(
            code: 429, reason: "TooManyRequests", message: "Too many requests, please try again later.",
            details: Details(retryAfterSeconds: retryAfterSeconds))
    }

    package static func serviceUnavailable(_ message: String) -> APIStatus {
        APIStatus(code: 503, reason: "ServiceUnavailable", message: message)
    }

    package static func internalError(_ message: String) -> APIStatus {
        APIStatus(
            code: 500, reason: "InternalError", message: "Internal error occurred: \(message)",
            details: Details(causes: [Cause(message: message)]))
    }
}
