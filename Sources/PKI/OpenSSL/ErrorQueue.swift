import CLibSSL

/// libcrypto's queue of errors, one for each thread. Every failure drains it, so that no later call reports an old one.
enum ErrorQueue {
    static func clear() { ERR_clear_error() }

    /// What the library said, oldest first, without its source lines; empties the queue.
    static func drain() -> String {
        var reasons: [String] = []
        while case let error = ERR_get_error(), error != 0 {
            let reason: String
            if let text = ERR_reason_error_string(error) {
                reason = String(cString: text)
            } else {
                reason = "library \(kmj_error_library(error)), reason \(kmj_error_reason(error))"
            }
            if reasons.last != reason { reasons.append(reason) }
        }
        return reasons.joined(separator: ": ")
    }

    /// Whether the newest error only says that no further PEM block was there.
    static var endsWithNoStartLine: Bool {
        let error = ERR_peek_last_error()
        return kmj_error_library(error) == ERR_LIB_PEM && kmj_error_reason(error) == PEM_R_NO_START_LINE
    }
}

extension PKIError {
    /// The library refused to do `task` ("sign the certificate"); its reason becomes part of the message.
    static func library(_ task: String, code: Code = .libraryFailure) -> PKIError {
        let reason = ErrorQueue.drain()
        return PKIError(code, "cannot \(task): \(reason.isEmpty ? "libcrypto gave no reason" : reason)")
    }
}
