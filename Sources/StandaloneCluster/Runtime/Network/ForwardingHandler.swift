import NIOCore

/// One end of a forwarded connection: hands what it reads to the other end, reads only as fast as that one can write,
/// and passes on the end of each direction by itself.
///
/// Both ends live on one event loop.
final class ForwardingHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var partner: ForwardingHandler?
    private var context: ChannelHandlerContext?
    private var isReadPending = false
    private var hasReadEnd = false
    private var hasWrittenEnd = false
    private var isClosing = false

    private init() {}

    /// The two ends of one connection. The second one is read from when the first has become active.
    static func pair() -> (ForwardingHandler, ForwardingHandler) {
        let (first, second) = (ForwardingHandler(), ForwardingHandler())
        first.partner = second
        second.partner = first
        return (first, second)
    }

    // MARK: What this end sees

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        partner = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        partner?.startReading()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { partner?.write(unwrapInboundIn(data)) }

    func channelReadComplete(context: ChannelHandlerContext) { partner?.context?.flush() }

    func read(context: ChannelHandlerContext) {
        if partner?.context?.channel.isWritable ?? true {
            context.read()
        } else {
            isReadPending = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { partner?.resumeReading() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            hasReadEnd = true
            partner?.writeEnd()
            closeWhenDone()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        partner?.drainAndClose()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        partner?.drainAndClose()
        context.close(promise: nil)
    }

    // MARK: What the other end asks for

    private func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

    private func startReading() {
        guard let channel = context?.channel else { return }
        channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
    }

    private func resumeReading() {
        guard isReadPending, let context else { return }
        isReadPending = false
        context.read()
    }

    /// Ends this direction behind everything that was written before.
    private func writeEnd() {
        guard let context, !hasWrittenEnd else { return }
        hasWrittenEnd = true
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { [self] _ in
            self.context?.close(mode: .output, promise: nil)
            closeWhenDone()
        }
    }

    /// Closes once both directions have ended.
    private func closeWhenDone() {
        if hasReadEnd, hasWrittenEnd { drainAndClose() }
    }

    /// Closes behind everything that was written before: the other end may be gone long before it has all arrived.
    private func drainAndClose() {
        guard let context, !isClosing else { return }
        isClosing = true
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { [self] _ in
            self.context?.close(promise: nil)
        }
    }
}
