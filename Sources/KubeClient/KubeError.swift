import HTTPTransport
import KubeObjects

/// What the API server answered instead of an object (metav1.Status), or why it did not answer.
package struct KubeError: Error, Sendable, CustomStringConvertible {
    package enum Cause: Sendable {
        case status(code: Int, reason: String, retryAfter: Duration?)
        case transport(HTTPTransportError)
        /// An answer that is no Kubernetes object.
        case malformed
        /// The credentials could not be had.
        case credentials
    }

    package let cause: Cause
    /// In the API server's own words where it said any; names the request, never its body.
    package let message: String
    /// `details` of the Status, as it came.
    package let details: JSON?

    package init(_ cause: Cause, _ message: String, details: JSON? = nil) {
        self.cause = cause
        self.message = message
        self.details = details
    }

    package var description: String { message }

    package var code: Int? {
        guard case .status(let code, _, _) = cause else { return nil }
        return code
    }

    package var reason: String? {
        guard case .status(_, let reason, _) = cause else { return nil }
        return reason
    }

    package var isNotFound: Bool { code == 404 }
    package var isAlreadyExists: Bool { reason == "AlreadyExists" }
    /// Somebody else wrote first, or a precondition does not hold.
    package var isConflict: Bool { code == 409 && !isAlreadyExists }
    package var isInvalid: Bool { code == 422 }
    package var isUnauthorized: Bool { code == 401 }
    package var isForbidden: Bool { code == 403 }
    /// A resourceVersion or continue token that the server no longer knows.
    package var isGone: Bool { code == 410 }

    /// Whether the same request may succeed later without anything else changing.
    package var isRetryable: Bool {
        switch cause {
        case .status(let code, _, _): code == 429 || code == 500 || (502...504).contains(code)
        case .transport(let error): error.code != .invalidRequest && error.code != .cancelled
        case .malformed, .credentials: false
        }
    }
}

extension KubeError {
    /// Reads the Status of a response that is no success; a body that is none still gives its code and beginning.
    init(_ response: HTTPResponse, request: String) {
        let status = try? JSON(parsing: response.body)
        let retryAfter =
            response.headers["retry-after"].flatMap(Int.init)
            ?? status?[path: "details", "retryAfterSeconds"]?.integer.map(Int.init)
        let text: String
        if status?["kind"]?.string == "Status", let message = status?["message"]?.string {
            text = message
        } else {
            text = "\(request): HTTP \(response.status): \(String(decoding: response.body.prefix(200), as: UTF8.self))"
        }
        self.init(
            .status(
                code: response.status, reason: status?["reason"]?.string ?? "",
                retryAfter: retryAfter.map { .seconds($0) }),
            text, details: status?["details"])
    }

    /// The Status of an ERROR event in a watch.
    init(watchStatus status: JSON) {
        self.init(
            .status(
                code: Int(status["code"]?.integer ?? 500), reason: status["reason"]?.string ?? "", retryAfter: nil),
            status["message"]?.string ?? "the watch ended with an error", details: status["details"])
    }
}
