import NIOCore
import NIOPosix

/// Gathers what comes in until its sender ends.
private final class Gatherer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var bytes = ByteBuffer()
    private var onEnd: ((ChannelHandlerContext, ByteBuffer) -> Void)?

    init(onEnd: @escaping (ChannelHandlerContext, ByteBuffer) -> Void) { self.onEnd = onEnd }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        bytes.writeBuffer(&part)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { end(context) }
    }

    func channelInactive(context: ChannelHandlerContext) { end(context) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func end(_ context: ChannelHandlerContext) {
        onEnd?(context, bytes)
        onEnd = nil
    }
}

/// A TCP server that reads to the end of its client's half, and only then answers: its name, then what it has read.
struct NamedEcho: Sendable {
    private let channel: any Channel
    let port: Int

    init(_ name: String, on address: String, port: Int = 0) async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { client in
                client.eventLoop.makeCompletedFuture {
                    let gatherer = Gatherer { context, bytes in
                        var answer = ByteBuffer(string: "\(name):")
                        answer.writeImmutableBuffer(bytes)
                        let client = context.channel
                        client.writeAndFlush(answer).whenComplete { _ in client.close(promise: nil) }
                    }
                    try client.pipeline.syncOperations.addHandler(gatherer)
                }
            }
            .bind(host: address, port: port).get()
        self.port = channel.localAddress?.port ?? 0
    }

    func stop() async throws { try await channel.close().get() }
}

/// Sends `text`, ends its half of the connection and gives all that comes back. Throws when there is nobody to connect to.
func exchange(_ text: String, with address: String, _ port: Int) async throws -> String {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let answer = loop.makePromise(of: String.self)
    let channel: any Channel
    do {
        channel = try await ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { server in
                server.eventLoop.makeCompletedFuture {
                    let gatherer = Gatherer { _, bytes in answer.succeed(String(buffer: bytes)) }
                    try server.pipeline.syncOperations.addHandler(gatherer)
                }
            }
            .connect(host: address, port: port).get()
    } catch {
        answer.fail(error)
        throw error
    }
    // A peer that has closed already is told by the empty answer.
    try? await channel.writeAndFlush(ByteBuffer(string: text)).get()
    try? await channel.close(mode: .output).get()
    let received = try await answer.futureResult.get()
    try? await channel.close().get()
    return received
}
