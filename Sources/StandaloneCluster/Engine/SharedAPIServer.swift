import Glibc
import Logging
import ServiceLifecycle

/// An embedded API server that may be started several times for one file, as a Deployment of several replicas does.
///
/// One process serves the file. The others hand every connection on to it, so that they are as ready as it is, and
/// the first to notice its end takes over. What connects meanwhile is held until it has: nobody is refused while one
/// of them is there.
package struct SharedAPIServer: Service {
    private let configuration: EmbeddedAPIServer.Configuration
    private let log: Logger

    /// Between two looks whether the process that served the file has ended.
    private static let period = Duration.milliseconds(20)
    /// How long a connection is held while nobody serves the file.
    private static let handover = Duration.seconds(10)
    /// How long connections that are handed on to a server that stays may go on.
    private static let draining = Duration.seconds(2)
    /// How long what is on its way to a server that leaves may take.
    private static let parting = Duration.milliseconds(250)

    package init(_ configuration: EmbeddedAPIServer.Configuration, log: Logger) {
        self.configuration = configuration
        self.log = log
    }

    package func run() async throws {
        let ownership = try FileOwnership("\(configuration.sqlitePath).lock")
        if ownership.take() { return try await serve(configuration, ownership) }
        let forwarder = TCPForwarder(
            address: configuration.bindAddress, port: configuration.port, patience: Self.handover
        ) { ownership.announced }
        try await forwarder.start()
        log.info("another process serves this file; handing connections on", metadata: ["to": "\(ownership.path)"])
        do {
            if await own(ownership) {
                var inner = configuration
                // The usual one stays the forwarder's: given up, even for a moment, it would refuse somebody.
                inner.innerPort = 0
                try await serve(inner, ownership)
            }
        } catch {
            await forwarder.stop()
            throw error
        }
        await forwarder.stop()
        // The server has answered everybody and closed; what it said may still be on its way through here.
        await forwarder.drained(within: Self.draining)
    }

    private func serve(_ configuration: EmbeddedAPIServer.Configuration, _ ownership: FileOwnership) async throws {
        var configuration = configuration
        // Of a process that was killed, its address may still stand there.
        ownership.announce(nil)
        configuration.leave = {
            ownership.announce(nil)
            try? await Task.sleep(for: Self.parting)
        }
        let server = try EmbeddedAPIServer(configuration, log: log)
        let address = configuration.bindAddress
        async let served: Void = server.run()
        if let port = try? await server.ready() { ownership.announce("\(address):\(port)") }
        try await served
    }

    /// Waits for the file. False when it is time to end instead.
    private func own(_ ownership: FileOwnership) async -> Bool {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if ownership.take() { return true }
                try? await Task.sleep(for: Self.period)
            }
            return false
        }
    }
}

/// Which process serves a file: the one that holds the lock of a second file beside it, and says there where.
private final class FileOwnership: Sendable {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws(EmbeddedAPIServerError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw EmbeddedAPIServerError("--sqlite-path: cannot open \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Takes the file unless another process has it. The kernel gives it back when this process ends, however it does.
    func take() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// Says where the owner listens; nil takes that back.
    func announce(_ address: String?) {
        let bytes = Array((address ?? "").utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// Where the owner listens; nil while it has not said so.
    var announced: TCPForwarder.Target? {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return nil }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else {
            return nil
        }
        return TCPForwarder.Target(host: String(text[..<colon]), port: port)
    }
}
