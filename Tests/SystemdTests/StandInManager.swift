import CLibSystemd
import Glibc
import Synchronization

/// A stand-in for systemd's manager at a socket of its own: it knows units by name, and a job of each has the end that a
/// test gave it. It speaks D-Bus through the same library, from the other side.
final class StandInManager: @unchecked Sendable {  // what changes after start is behind the mutex
    let address: String
    private let path: String
    private let listener: Int32
    let calls = Mutex<[String]>([])
    private let results: [String: String]
    private let properties: [String: String]

    /// - Parameters:
    ///   - results: how each unit's jobs end.
    ///   - properties: of every unit, those that are texts.
    init?(results: [String: String], properties: [String: String]) {
        self.results = results
        self.properties = properties
        path = "/tmp/kamaji-bus-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        address = "unix:path=\(path)"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let isBound = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound, listen(listener, 1) == 0 else { return nil }
        var thread: pthread_t = 0
        guard
            pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    Unmanaged<StandInManager>.fromOpaque(context).takeRetainedValue().serve()
                    return nil
                }, Unmanaged.passRetained(self).toOpaque()) == 0
        else { return nil }
        pthread_detach(thread)
    }

    private func serve() {
        let peer = accept(listener, nil, nil)
        close(listener)
        unlink(path)
        var bus: OpaquePointer?
        guard peer >= 0, sd_bus_new(&bus) >= 0, let bus else { return }
        defer { sd_bus_flush_close_unref(bus) }
        sd_bus_set_fd(bus, peer, peer)
        sd_bus_set_server(bus, 1, sd_id128_t(qwords: (1, 2)))
        sd_bus_set_anonymous(bus, 1)
        sd_bus_add_filter(
            bus, nil,
            { message, context, _ in
                guard let message, let context else { return 0 }
                return Unmanaged<StandInManager>.fromOpaque(context).takeUnretainedValue().answer(message)
            }, Unmanaged.passUnretained(self).toOpaque())
        guard sd_bus_start(bus) >= 0 else { return }
        while true {
            let code = sd_bus_process(bus, nil)
            if code < 0 { return }
            if code == 0, sd_bus_wait(bus, UInt64.max) < 0 { return }
        }
    }

    private static func read(_ message: OpaquePointer) -> String {
        var text: UnsafePointer<CChar>?
        guard sd_bus_message_read_basic(message, CChar(UInt8(ascii: "s")), &text) > 0, let text else { return "" }
        return String(cString: text)
    }

    private static func append(_ message: OpaquePointer, _ type: Character, _ text: String) {
        _ = text.withCString { sd_bus_message_append_basic(message, CChar(type.asciiValue ?? 0), $0) }
    }

    private func answer(_ message: OpaquePointer) -> Int32 {
        guard let member = sd_bus_message_get_member(message).map({ String(cString: $0) }) else { return 0 }
        let first = Self.read(message)
        calls.withLock { $0.append(first.isEmpty ? member : "\(member) \(first)") }
        if first == "masked.service", member == "StartUnit" {
            refuse(message)
            return 1
        }
        var made: OpaquePointer?
        guard sd_bus_message_new_method_return(message, &made) >= 0, let reply = made else { return -1 }
        defer { sd_bus_message_unref(reply) }
        let bus = sd_bus_message_get_bus(message)
        switch member {
        case "LoadUnit": Self.append(reply, "o", "/unit/x")
        case "Get":
            let name = Self.read(message)
            let types = [
                "MainPID": "u", "NRestarts": "u", "ExecMainStatus": "i", "NeedDaemonReload": "b", "InvocationID": "ay",
            ]
            let type = types[name] ?? "s"
            sd_bus_message_open_container(reply, CChar(UInt8(ascii: "v")), type)
            switch type {
            case "s": Self.append(reply, "s", properties[name] ?? "")
            case "ay": sd_bus_message_append_array(reply, CChar(UInt8(ascii: "y")), [0x07, 0xAB] as [UInt8], 2)
            default:
                var value: UInt32 = type == "b" ? 1 : 7
                sd_bus_message_append_basic(reply, CChar(type.utf8.first ?? 0), &value)
            }
            sd_bus_message_close_container(reply)
        case "StartUnit", "StopUnit", "RestartUnit":
            // The end of the job is told before the call is answered, as may happen.
            var signal: OpaquePointer?
            sd_bus_message_new_signal(
                bus, &signal, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "JobRemoved")
            if let signal {
                var id: UInt32 = 1
                sd_bus_message_append_basic(signal, CChar(UInt8(ascii: "u")), &id)
                Self.append(signal, "o", "/job/\(calls.withLock { $0.count })")
                Self.append(signal, "s", first)
                Self.append(signal, "s", results[first] ?? "done")
                sd_bus_send(bus, signal, nil)
                sd_bus_message_unref(signal)
            }
            Self.append(reply, "o", "/job/\(calls.withLock { $0.count })")
        default: break
        }
        return sd_bus_send(bus, reply, nil) < 0 ? -1 : 1
    }

    private func refuse(_ message: OpaquePointer) {
        var error = sd_bus_error()
        sd_bus_error_set(&error, "org.freedesktop.systemd1.UnitMasked", "Unit masked.service is masked.")
        sd_bus_reply_method_error(message, &error)
        sd_bus_error_free(&error)
    }
}
