import CLibSystemd
import Glibc

/// A connection to a message bus, or straight to a peer. Not Sendable: it lives and dies on one `BusThread`.
final class BusConnection {
    let handle: OpaquePointer

    /// - Parameter address: of a bus or peer, as D-Bus writes addresses; nil is the system bus.
    init(address: String?) throws(SystemdError) {
        var opened: OpaquePointer?
        let code: Int32
        if let address {
            code = Self.open(address, &opened)
        } else {
            // As root systemd's own socket works while the bus itself is not up, early in boot.
            let first = sd_bus_open_system(&opened)
            code = first < 0 && geteuid() == 0 ? Self.open("unix:path=/run/systemd/private", &opened) : first
        }
        guard code >= 0, let opened else {
            sd_bus_unref(opened)
            throw SystemdError(
                .notReachable, "systemd is not reached: \(String(cString: strerror(-code))). Is it this machine's init?"
            )
        }
        handle = opened
    }

    deinit { sd_bus_flush_close_unref(handle) }

    private static func open(_ address: String, _ opened: inout OpaquePointer?) -> Int32 {
        var made: OpaquePointer?
        var code = sd_bus_new(&made)
        guard code >= 0, let made else { return code }
        code = sd_bus_set_address(made, address)
        if code >= 0 { code = sd_bus_start(made) }
        guard code >= 0 else {
            sd_bus_unref(made)
            return code
        }
        opened = made
        return code
    }

    /// One call and its answer. The closures write the arguments and read the answer; a negative number ends either.
    func call(
        _ destination: String = "org.freedesktop.systemd1", path: String, interface: String, _ member: String,
        timeout: Duration, arguments: (OpaquePointer) -> Int32 = { _ in 0 }
    ) throws(SystemdError) -> BusMessage {
        var made: OpaquePointer?
        try check(
            sd_bus_message_new_method_call(handle, &made, destination, path, interface, member), doing: member)
        guard let made else { throw SystemdError(.refused("ENOMEM"), "\(member): out of memory") }
        let message = BusMessage(owning: made)
        try check(arguments(message.pointer), doing: member)
        var error = sd_bus_error()
        defer { sd_bus_error_free(&error) }
        var answer: OpaquePointer?
        let microseconds = UInt64(clamping: timeout.components.seconds * 1_000_000)
        let code = sd_bus_call(handle, message.pointer, microseconds, &error, &answer)
        guard code >= 0, let answer else { throw Self.failure(code, error, doing: member) }
        return BusMessage(owning: answer)
    }

    func check(_ code: Int32, doing what: String) throws(SystemdError) {
        guard code < 0 else { return }
        throw SystemdError(.refused("errno \(-code)"), "\(what): \(String(cString: strerror(-code)))")
    }

    private static func failure(_ code: Int32, _ error: sd_bus_error, doing what: String) -> SystemdError {
        var error = error
        let name = kmj_bus_error_name(&error).map { String(cString: $0) } ?? ""
        let text =
            kmj_bus_error_message(&error).map { String(cString: $0) }
            ?? String(cString: strerror(code < 0 ? -code : EIO))
        let kind: SystemdError.Code =
            switch name {
            case "org.freedesktop.systemd1.NoSuchUnit", "org.freedesktop.systemd1.LoadFailed": .noSuchUnit
            case "org.freedesktop.systemd1.UnitMasked": .masked
            case "org.freedesktop.DBus.Error.AccessDenied",
                "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired":
                .accessDenied
            case "org.freedesktop.DBus.Error.Timeout", "org.freedesktop.DBus.Error.NoReply": .timedOut
            case "org.freedesktop.DBus.Error.Disconnected": .notReachable
            case "" where code == -ETIMEDOUT: .timedOut
            case "" where code == -ENOTCONN || code == -ECONNRESET: .notReachable
            default: .refused(name)
            }
        return SystemdError(kind, "\(what): \(text)")
    }
}

/// One reference to a message.
struct BusMessage: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { sd_bus_message_unref(pointer) }

    /// The next value, which is of this string-like type (`s` or `o`); nil when it is not.
    func text(_ type: Character = "s") -> String? {
        var value: UnsafePointer<CChar>?
        guard let code = type.asciiValue,
            sd_bus_message_read_basic(pointer, CChar(code), &value) > 0, let value
        else { return nil }
        return String(cString: value)
    }
}
