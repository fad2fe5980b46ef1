/// How a unit stands, in systemd's own words.
package struct UnitState: Sendable, Hashable {
    /// `loaded`, `not-found`, `masked`, `bad-setting`, `error`…
    package var load: String
    /// `active`, `inactive`, `failed`, `activating`…
    package var active: String
    /// `running`, `dead`, `auto-restart`…
    package var sub: String
    /// `enabled`, `disabled`, `static`, `masked`; empty where there is no file.
    package var file: String
    /// Of the last run: `success`, `exit-code`, `watchdog`, `start-limit-hit`… Empty for what is no service.
    package var result: String
    /// With what its last main process ended: an exit code, or a signal's number; 0 while it runs.
    package var status: Int32
    /// Names this one of its starts (systemd.exec(5), "$INVOCATION_ID"); empty before the first.
    package var invocation: String
    package var mainPID: UInt32
    package var restarts: UInt32
    package var needsReload: Bool
    package var fragmentPath: String

    package init(
        load: String, active: String = "inactive", sub: String = "dead", file: String = "", result: String = "",
        status: Int32 = 0, invocation: String = "", mainPID: UInt32 = 0, restarts: UInt32 = 0,
        needsReload: Bool = false, fragmentPath: String = ""
    ) {
        self.load = load
        self.active = active
        self.sub = sub
        self.file = file
        self.result = result
        self.status = status
        self.invocation = invocation
        self.mainPID = mainPID
        self.restarts = restarts
        self.needsReload = needsReload
        self.fragmentPath = fragmentPath
    }

    package var isInstalled: Bool { load != "not-found" }
    package var isMasked: Bool { load == "masked" || file.hasPrefix("masked") }
    package var isRunning: Bool { active == "active" || active == "reloading" }
    /// On its way up, or waiting to be tried again.
    package var isStarting: Bool { active == "activating" }
    /// Between an end that nobody asked for and the next start, which systemd sees to.
    package var waitsForRestart: Bool { isStarting && sub.hasPrefix("auto-restart") }
    /// Neither running nor on its way up by itself.
    package var hasEnded: Bool { waitsForRestart || !(isRunning || isStarting) }
    package var isEnabled: Bool { file.hasPrefix("enabled") || file == "static" || file == "generated" }
}

/// Why systemd did not do what it was asked.
package struct SystemdError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// No systemd on this machine, or no way to it.
        case notReachable
        case noSuchUnit, masked, accessDenied, timedOut
        /// The job came to an end, and a bad one: `failed`, `timeout`, `dependency`…
        case jobFailed(String)
        /// The bus's error, by its name or by errno.
        case refused(String)
        case closed
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
