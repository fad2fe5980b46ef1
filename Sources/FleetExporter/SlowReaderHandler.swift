import Glibc
import NIOCore
import NIOHTTPTypes

/// Closes a connection whose peer takes too long to read an answer: it would hold the answer in memory for as long as it
/// likes.
final class SlowReaderHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let patience: TimeAmount
    private var deadline: Scheduled<Void>?
    /// Answers of which not everything is with the socket.
    private var unread = 0

    init(_ patience: TimeAmount) { self.patience = patience }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head:
            unread += 1
            if unread == 1 { wait(context.channel) }
            context.write(data, promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            // Pieces leave in their order: once the last is with the socket, all are.
            let written = promise ?? context.eventLoop.makePromise(of: Void.self)
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let channel = context.channel
            written.futureResult.whenComplete { _ in bound.value.finish(channel) }
            context.write(data, promise: written)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    private func wait(_ channel: any Channel) {
        deadline = channel.eventLoop.scheduleTask(in: patience) {
            // A reset: else the system would keep what it has of the answer for as long as the peer likes.
            let socket = channel as? any SocketOptionProvider
            _ = socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            channel.close(mode: .all, promise: nil)
        }
    }

    private func finish(_ channel: any Channel) {
        unread = max(0, unread - 1)
        deadline?.cancel()
        deadline = nil
        if unread > 0, channel.isActive { wait(channel) }
    }
}
