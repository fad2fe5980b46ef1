import Glibc
import Logging
import ServiceLifecycle

/// An embedded API server that may be started several times for one file, as a Deployment of several replicas does.
///
/// One process serves the file. The others hand every connection on to it, so that they are as ready as it is, and
/// the first to notice its end takes over. A rolling update therefore never finds the file closed for longer than that.
package struct SharedAPIServer: Service {
    private let configuration: EmbeddedAPIServer.Configuration
    private let log: Logger

    /// How long the file may stay unserved after the process that served it has ended.
    private static let patience = Duration.milliseconds(100)

    package init(_ configuration: EmbeddedAPIServer.Configuration, log: Logger) {
        self.configuration = configuration
        self.log = log
    }

    package func run() async throws {
        let ownership = try FileOwnership("\(configuration.sqlitePath).lock")
        guard try await own(ownership) else { return }
        ownership.announce("\(configuration.bindAddress):\(configuration.port)")
        try await EmbeddedAPIServer(configuration, log: log).run()
    }

    /// Waits for the file, serving its owner's answers meanwhile. False when it is time to end instead.
    private func own(_ ownership: FileOwnership) async throws -> Bool {
        if ownership.take() { return true }
        let forwarder = TCPForwarder(address: configuration.bindAddress, port: configuration.port) {
            ownership.announced
        }
        try await forwarder.start()
        log.info("another process serves this file; handing connections on", metadata: ["to": "\(ownership.path)"])
        let isOurs = await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if ownership.take() { return true }
                try? await Task.sleep(for: Self.patience)
            }
            return false
        }
        await forwarder.stop()
        return isOurs
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

    func announce(_ address: String) {
        let bytes = Array(address.utf8)
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
