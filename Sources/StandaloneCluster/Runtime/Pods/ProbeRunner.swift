import KubeObjects
import NIOCore
import NIOPosix
import NIOSSL

/// Asks a container's probes. An answer is yes or no; what could not be asked is a no.
struct ProbeRunner: Sendable {
    /// Certificates are not checked, as kubelet does not.
    private let tls: NIOSSLContext
    private let group: MultiThreadedEventLoopGroup
    /// Runs a command beside the container and gives its exit code; nil when it cannot be run.
    typealias Execute = @Sendable (_ command: [String], _ timeout: Duration) async -> Int32?

    init() throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.trustRoots = .certificates([])
        tls = try NIOSSLContext(configuration: configuration)
        group = .singleton
    }

    func ask(_ probe: Probe, execute: Execute) async -> Bool {
        switch probe.action {
        case .exec(let command): return await execute(command, probe.timeout) == 0
        case .tcp(let host, let port):
            return await connect(host, port, isSecure: false, sending: nil, within: probe.timeout) != nil
        case .http(let host, let port, let path, let isSecure, let headers):
            let request = Self.request(host: host, port: port, path: path, headers: headers)
            let head = await connect(host, port, isSecure: isSecure, sending: request, within: probe.timeout)
            return head.flatMap(Self.statusCode).map { (200..<400).contains($0) } ?? false
        }
    }

    static func request(host: String, port: Int, path: String, headers: [String: String]) -> String {
        var lines = ["Host: \(host):\(port)", "User-Agent: kube-probe/1.36", "Accept: */*", "Connection: close"]
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            lines.removeAll { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            lines.append("\(name): \(value)")
        }
        let target = path.hasPrefix("/") ? path : "/" + path
        let text = (["GET \(target) HTTP/1.1"] + lines).map { line in
            String(String.UnicodeScalarView(line.unicodeScalars.filter { $0.value >= 0x20 })) + "\r\n"
        }
        return text.joined() + "\r\n"
    }

    /// The code in `HTTP/1.1 200 OK`.
    static func statusCode(_ head: String) -> Int? {
        let words = head.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), words[1].count == 3 else { return nil }
        return Int(words[1])
    }

    /// The first line of what comes back; empty when nothing was sent and the connection stands; nil on any failure.
    private func connect(
        _ host: String, _ port: Int, isSecure: Bool, sending request: String?, within timeout: Duration
    ) async -> String? {
        let tls = tls
        let loop = group.any()
        let answer = loop.makePromise(of: String.self)
        let patience = TimeAmount(timeout)
        let deadline = loop.scheduleTask(in: patience) { answer.fail(ProbeTimeout()) }
        let connection = ClientBootstrap(group: loop)
            .connectTimeout(patience)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if isSecure {
                        let handler = try NIOSSLClientHandler(context: tls, serverHostname: nil)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(FirstLineHandler(request, answer))
                }
            }
            .connect(host: host, port: port)
        connection.whenFailure { answer.fail($0) }
        let line = try? await answer.futureResult.get()
        deadline.cancel()
        connection.whenSuccess { $0.close(promise: nil) }
        return line
    }
}

private struct ProbeTimeout: Error {}

/// Sends a request and keeps the first line of the answer.
private final class FirstLineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let limit = 4096
    private let request: String?
    private let answer: EventLoopPromise<String>
    private var line: [UInt8] = []

    init(_ request: String?, _ answer: EventLoopPromise<String>) {
        self.request = request
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        if let request {
            context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: request)), promise: nil)
        } else {
            answer.succeed("")
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        line += unwrapInboundIn(data).readableBytesView
        if let end = line.firstIndex(where: { $0 == 0x0A }) {
            answer.succeed(String(decoding: line[..<end], as: UTF8.self))
        } else if line.count > Self.limit {
            answer.fail(ProbeTimeout())
        }
    }

    func channelInactive(context: ChannelHandlerContext) { answer.fail(ProbeTimeout()) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }
}
