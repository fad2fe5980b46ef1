import CLibSystemd
import Glibc

/// What a service tells systemd about itself (sd_notify(3)). Where nobody listens every message is dropped.
package enum ServiceNotification: Sendable, Hashable {
    /// Start-up is over, or a reload is.
    case ready
    /// A reload begins; `ready` ends it.
    case reloading
    case stopping
    /// One line that `systemctl status` shows.
    case status(String)
    /// Still alive; due at least once in each `WatchdogSec=`.
    case alive
    /// So long at most until the next message while starting, reloading or stopping.
    case extendTimeout(Duration)

    /// The message's lines. A status is cut to one line: a line break would begin another field.
    package var text: String {
        switch self {
        case .ready: "READY=1"
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Self.monotonicMicroseconds)"
        case .stopping: "STOPPING=1"
        case .status(let line): "STATUS=\(line.split(whereSeparator: \.isNewline).joined(separator: " "))"
        case .alive: "WATCHDOG=1"
        case .extendTimeout(let duration):
            "EXTEND_TIMEOUT_USEC=\(duration.components.seconds * 1_000_000)"
        }
    }

    /// CLOCK_MONOTONIC, which is the clock that systemd compares a reload's begin with.
    private static var monotonicMicroseconds: UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
    }

    /// Sends all in one datagram; false when nobody listens.
    @discardableResult
    package static func send(_ notifications: ServiceNotification...) -> Bool {
        sd_notify(0, notifications.map(\.text).joined(separator: "\n")) > 0
    }
}

/// How often systemd wants to hear of this process.
package enum Watchdog {
    /// Half of `WatchdogSec=`, as sd_watchdog_enabled(3) advises; nil when there is no watchdog for this process.
    package static var interval: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0, microseconds > 1 else { return nil }
        return .microseconds(Int64(clamping: microseconds / 2))
    }
}
