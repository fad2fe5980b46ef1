import CLibSystemd
import Glibc

/// What is said to systemd over one connection. Used on its `BusThread` alone.
final class BusSession: @unchecked Sendable {  // every call comes from the one thread that owns it
    private let address: String?
    private var connection: BusConnection?
    private let finished = FinishedJobs()

    private static let manager = "org.freedesktop.systemd1.Manager"
    private static let managerPath = "/org/freedesktop/systemd1"
    /// A reload of many units takes seconds.
    private static let callPatience = Duration.seconds(60)

    init(address: String?) { self.address = address }

    func close() { connection = nil }

    /// A connection that has broken is made anew for the next call.
    func withReconnection<Value>(
        _ body: (BusSession) throws(SystemdError) -> Value
    ) throws(SystemdError) -> Value {
        do {
            return try body(self)
        } catch {
            if case .notReachable = error.code { connection = nil }
            throw error
        }
    }

    private func bus() throws(SystemdError) -> BusConnection {
        if let connection { return connection }
        let made = try BusConnection(address: address)
        // Before any job is asked for: its end may be told before the answer to the call that asked.
        let code = sd_bus_match_signal(
            made.handle, nil, nil, Self.managerPath, Self.manager, "JobRemoved",
            { message, context, _ in
                guard let message, let context else { return 0 }
                var (id, job, unit, result):
                    (UInt32, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?) =
                        (0, nil, nil, nil)
                guard kmj_read_job_removed(message, &id, &job, &unit, &result) > 0, let job, let result else {
                    return 0
                }
                Unmanaged<FinishedJobs>.fromOpaque(context).takeUnretainedValue()
                    .note(String(cString: job), String(cString: result))
                return 0
            }, Unmanaged.passUnretained(finished).toOpaque())
        try made.check(code, doing: "listen for jobs")
        connection = made
        // Without it systemd sends no signals.
        _ = try call("Subscribe")
        return made
    }

    private func call(
        _ member: String, arguments: (OpaquePointer) -> Int32 = { _ in 0 }
    ) throws(SystemdError) -> BusMessage {
        try bus().call(
            path: Self.managerPath, interface: Self.manager, member, timeout: Self.callPatience, arguments: arguments)
    }

    private static func append(_ message: OpaquePointer, _ texts: String...) -> Int32 {
        for text in texts {
            let code = text.withCString { sd_bus_message_append_basic(message, CChar(UInt8(ascii: "s")), $0) }
            if code < 0 { return code }
        }
        return 0
    }

    // MARK: Units

    func state(of unit: String) throws(SystemdError) -> UnitState {
        let answer = try call("LoadUnit") { Self.append($0, unit) }
        guard let path = answer.text("o") else {
            throw SystemdError(.refused("LoadUnit"), "LoadUnit: the answer is no path of a unit")
        }
        let unitInterface = "org.freedesktop.systemd1.Unit"
        var state = UnitState(load: try text(path, unitInterface, "LoadState"))
        state.active = try text(path, unitInterface, "ActiveState")
        state.sub = try text(path, unitInterface, "SubState")
        state.file = try text(path, unitInterface, "UnitFileState")
        state.fragmentPath = try text(path, unitInterface, "FragmentPath")
        state.needsReload = try number(path, unitInterface, "NeedDaemonReload", "b") != 0
        if unit.hasSuffix(".service"), state.isInstalled {
            let service = "org.freedesktop.systemd1.Service"
            state.result = try text(path, service, "Result")
            state.status = Int32(bitPattern: try number(path, service, "ExecMainStatus", "i"))
            state.invocation = try bytes(path, unitInterface, "InvocationID")
            state.mainPID = try number(path, service, "MainPID", "u")
            state.restarts = try number(path, service, "NRestarts", "u")
        }
        return state
    }

    private func property(
        _ path: String, _ interface: String, _ name: String, _ type: String
    ) throws(SystemdError) -> BusMessage {
        let answer = try bus().call(
            path: path, interface: "org.freedesktop.DBus.Properties", "Get", timeout: Self.callPatience
        ) { Self.append($0, interface, name) }
        guard sd_bus_message_enter_container(answer.pointer, CChar(UInt8(ascii: "v")), type) > 0 else {
            throw SystemdError(.refused(name), "property \(name) of \(path) is not of type \(type)")
        }
        return answer
    }

    private func text(_ path: String, _ interface: String, _ name: String) throws(SystemdError) -> String {
        try property(path, interface, name, "s").text() ?? ""
    }

    /// A property of type `ay`, in hexadecimal digits.
    private func bytes(_ path: String, _ interface: String, _ name: String) throws(SystemdError) -> String {
        let answer = try property(path, interface, name, "ay")
        var start: UnsafeRawPointer?
        var count = 0
        guard sd_bus_message_read_array(answer.pointer, CChar(UInt8(ascii: "y")), &start, &count) > 0 else { return "" }
        return UnsafeRawBufferPointer(start: start, count: count).map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0\(text)" : text
        }.joined()
    }

    /// A property of type `u`, `i` or `b`, all of which take four bytes.
    private func number(
        _ path: String, _ interface: String, _ name: String, _ type: Character
    ) throws(SystemdError) -> UInt32 {
        let answer = try property(path, interface, name, String(type))
        var value: UInt32 = 0
        _ = sd_bus_message_read_basic(answer.pointer, CChar(type.asciiValue ?? 0), &value)
        return value
    }

    func resetFailed(_ unit: String) throws(SystemdError) {
        do {
            _ = try call("ResetFailedUnit") { Self.append($0, unit) }
        } catch {
            // A unit that is not in memory has nothing to be forgotten.
            guard case .noSuchUnit = error.code else { throw error }
        }
    }

    func reload() throws(SystemdError) { _ = try call("Reload") }

    func setEnabled(_ isEnabled: Bool, _ unit: String) throws(SystemdError) {
        _ = try call(isEnabled ? "EnableUnitFiles" : "DisableUnitFiles") { message in
            let code = unit.withCString { kmj_append_one_name(message, $0) }
            guard code >= 0 else { return code }
            let runtime = kmj_append_flag(message, 0)
            return isEnabled && runtime >= 0 ? kmj_append_flag(message, 0) : runtime
        }
    }

    // MARK: Jobs

    /// Asks for a job and waits for its end.
    func runJob(_ method: String, _ unit: String, patience: Duration) throws(SystemdError) {
        let answer = try call(method) { Self.append($0, unit, "replace") }
        guard let job = answer.text("o") else {
            throw SystemdError(.refused(method), "\(method): the answer is no path of a job")
        }
        let bus = try bus()
        let deadline = ContinuousClock.now.advanced(by: patience)
        while true {
            if let result = finished.take(job) {
                guard result == "done" || result == "skipped" else {
                    throw SystemdError(.jobFailed(result), "\(method) \(unit): the job ended with \"\(result)\"")
                }
                return
            }
            let code = sd_bus_process(bus.handle, nil)
            guard code >= 0 else {
                throw SystemdError(.notReachable, "\(method) \(unit): \(String(cString: strerror(-code)))")
            }
            if code > 0 { continue }
            let left = deadline - .now
            guard left > .zero else {
                throw SystemdError(.timedOut, "\(method) \(unit): no end after \(patience.components.seconds) s")
            }
            let (seconds, attoseconds) = left.components
            _ = sd_bus_wait(bus.handle, UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000) + 1)
        }
    }
}

/// Ends of jobs that were told and not asked for yet. Used on the bus's thread alone.
private final class FinishedJobs {
    private var results: [String: String] = [:]
    private var order: [String] = []
    /// Of other people's jobs, which nobody asks for.
    private static let limit = 256

    func note(_ job: String, _ result: String) {
        if results.updateValue(result, forKey: job) == nil { order.append(job) }
        if order.count > Self.limit { results[order.removeFirst()] = nil }
    }

    func take(_ job: String) -> String? {
        guard let result = results.removeValue(forKey: job) else { return nil }
        order.removeAll { $0 == job }
        return result
    }
}
