import Glibc

/// A blocking socket; what fails ends what it is for.
struct Socket: Sendable {
    let descriptor: Int32

    static func listening() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isDone = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 512) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isDone else { throw BenchError("cannot listen") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// Asks the server for a connection; nil when it refuses or is not there.
    /// - Parameter timeout: of each read and write, in seconds; 0 waits for ever.
    static func dialled(_ path: String, _ port: UInt16, timeout: Int = 0) -> Socket? {
        let socket = Socket(descriptor: Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(socket.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        guard result == 0,
            socket.write(Array("CONNECT 127.0.0.1:\(port) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)[...]),
            // No target here speaks first, so what comes is the head.
            case let count = socket.read(&buffer), count > 0,
            String(decoding: buffer[..<count], as: UTF8.self).contains(" 200 ")
        else {
            socket.close()
            return nil
        }
        return socket
    }

    func read(_ buffer: inout [UInt8]) -> Int { recv(descriptor, &buffer, buffer.count, 0) }

    func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = send(
                    descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    func readNumber() -> Int? {
        var number: UInt64 = 0
        let count = withUnsafeMutableBytes(of: &number) {
            recv(descriptor, $0.baseAddress, 8, Int32(MSG_WAITALL))
        }
        return count == 8 ? Int(truncatingIfNeeded: number) : nil
    }

    func writeNumber(_ number: Int) -> Bool { write(withUnsafeBytes(of: UInt64(number)) { Array($0) }[...]) }

    func close() { Glibc.close(descriptor) }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Runs blocking work on a thread of its own.
func detach(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let code = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
            return nil
        }, Unmanaged.passRetained(Work(body)).toOpaque())
    if code == 0 { pthread_detach(thread) }
}

func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in detach { continuation.resume(returning: body()) } }
}
