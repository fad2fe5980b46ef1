import HTTPTransport

/// Which question an API server was asked.
package enum ProbeCheck: String, Sendable, Hashable, CaseIterable {
    /// Whether the process lives, whatever its datastore does.
    case livez
    /// Whether it serves, datastore included.
    case readyz

    package var path: String {
        switch self {
        case .livez: "/livez?verbose&exclude=etcd"
        case .readyz: "/readyz?verbose"
        }
    }
}

/// Why a probe failed: a closed list, for it becomes a label.
package enum ProbeFailure: String, Sendable, Hashable, CaseIterable {
    case noAddress = "no_address"
    case noAuthority = "no_ca"
    case dns, refused, timeout
    case verification = "tls_verify"
    case handshake = "tls_handshake"
    /// It answered, and does not let everybody ask: anonymous requests may be switched off.
    case unauthorized
    case serverError = "http_5xx"
    case otherStatus = "http_other"
    /// What came back ended too early, or did not end.
    case body
    case other

    package init(_ error: any Error) {
        guard let error = error as? HTTPTransportError else {
            self = .other
            return
        }
        self =
            switch error.code {
            case .unresolvedHost: .dns
            case .connectFailed: .refused
            case .tlsFailed: .handshake
            case .timedOut: .timeout
            case .connectionLost, .bodyTooLarge: .body
            case .invalidRequest: .noAddress
            case .cancelled, .shutDown: .other
            }
    }

    /// Nil where the status is well.
    package static func of(status: Int) -> ProbeFailure? {
        switch status {
        case 200..<300: nil
        case 401, 403: .unauthorized
        case 500..<600: .serverError
        default: .otherStatus
        }
    }
}

/// How one question was answered.
package struct ProbeResult: Sendable, Hashable {
    package let check: ProbeCheck
    /// Nil when it was answered in full.
    package let failure: ProbeFailure?
    /// 0 where there was no answer.
    package let status: Int
    /// Seconds.
    package let duration: Double
    package let failedChecks: [String]
    /// What the library said of it, for people; nil where it was answered.
    package let detail: String?

    /// A server that turns us away is up; `failure` says why no more is known.
    package var isSuccess: Bool { failure == nil || failure == .unauthorized }

    package init(
        check: ProbeCheck, failure: ProbeFailure?, status: Int = 0, duration: Double, failedChecks: [String] = [],
        detail: String? = nil
    ) {
        self.check = check
        self.failure = failure
        self.status = status
        self.duration = duration
        self.failedChecks = failedChecks
        self.detail = detail
    }
}

/// All that one visit to an API server brought back.
package struct ProbeVisit: Sendable {
    package var results: [ProbeResult]
    /// Of a visit that made a connection of its own.
    package var measurement: HTTPMeasurement?
    package var served: HeldCertificate?
    /// From `/version`; nil where it was not asked or not told.
    package var version: String?

    package init(
        results: [ProbeResult], measurement: HTTPMeasurement? = nil, served: HeldCertificate? = nil,
        version: String? = nil
    ) {
        self.results = results
        self.measurement = measurement
        self.served = served
        self.version = version
    }

    package var isFailure: Bool { results.contains { !$0.isSuccess } }
}
