import NIOCore
import NIOHTTP2

/// Ends an HTTP/2 connection in good manners: when it has been idle for too long, or is told to quiesce.
///
/// The client hears that this connection takes no new requests. What it sends before it can have heard is still
/// answered. The connection is closed when nothing is left to answer, and in any case at the end of `grace`: neither an
/// answer to a PING nor the reading of a watch to its end can be waited for, as a client that keeps an unused
/// connection does not look at it, and one that has stopped reading takes no end.
final class HTTP2Departure: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// How long a client may take to hear that no more requests are taken.
    static let notice = TimeAmount.milliseconds(500)
    /// How long, from the first word on, answers that are being given may take.
    static let grace = TimeAmount.seconds(5)

    private let eventLoop: any EventLoop
    private let idleTimeout: TimeAmount
    private var context: ChannelHandlerContext?
    private var timers: [Scheduled<Void>] = []
    private var idleTimer: Scheduled<Void>?
    private var plan = DeparturePlan()
    private let ping = HTTP2PingData(withInteger: .random(in: .min ... .max))

    init(eventLoop: any EventLoop, idleTimeout: TimeAmount) {
        self.eventLoop = eventLoop
        self.idleTimeout = idleTimeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        awaitIdleness()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        idleTimer?.cancel()
        for timer in timers { timer.cancel() }
        timers = []
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ping(let data, ack: true) = unwrapInboundIn(data).payload, data == ping { carryOut(plan.hear()) }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: leave()
        // A client that will send nothing more asks for nothing more.
        case ChannelEvent.inputClosed: context.close(promise: nil)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What crosses the end of a stream on its way is an error of that stream alone.
        if error is NIOHTTP2Errors.StreamError || error is NIOHTTP2Errors.NoSuchStream { return }
        context.close(promise: nil)
    }

    private func leave() { carryOut(plan.leave()) }

    private func carryOut(_ step: DeparturePlan.Step) {
        guard let context else { return }
        switch step {
        case .nothing: break
        case .announce:
            announce(context)
            context.writeAndFlush(
                wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: .ping(ping, ack: false))), promise: nil)
            after(Self.notice) { $0.carryOut($0.plan.hear()) }
            after(Self.grace) { $0.carryOut(.close) }
        case .refuse(let last, let closes):
            say(last)
            if closes { close() }
        case .close: close()
        }
    }

    /// Past NIO's own HTTP/2, which takes a connection that has said goodbye for closed as soon as nothing is open on it,
    /// and a request that was on its way then for a fault of its client's.
    private func announce(_ context: ChannelHandlerContext) {
        let below = try? context.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self)
        below?.writeAndFlush(NIOAny(ByteBuffer(bytes: Self.lastCall)), promise: nil)
    }

    /// GOAWAY (RFC 9113, 6.8) without an error that names the greatest of all streams as the last.
    private static let lastCall: [UInt8] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]

    private func say(_ last: HTTP2StreamID) {
        let frame = HTTP2Frame(
            streamID: .rootStream, payload: .goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil))
        context?.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    /// Behind what this turn of the loop still writes: the frame that ended the last stream is on its way here.
    private func close() {
        let channel = context?.channel
        eventLoop.execute { channel?.close(promise: nil) }
    }

    private func awaitIdleness() {
        idleTimer?.cancel()
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        idleTimer = eventLoop.scheduleTask(in: idleTimeout) { own.value.leave() }
    }

    private func after(_ period: TimeAmount, _ body: @escaping @Sendable (HTTP2Departure) -> Void) {
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        timers.append(eventLoop.scheduleTask(in: period) { body(own.value) })
    }

    // MARK: Streams

    /// Tells this handler of streams as they come and go, on its loop.
    var streams: StreamCount { StreamCount(departure: NIOLoopBound(self, eventLoop: eventLoop)) }

    struct StreamCount: NIOHTTP2StreamDelegate, Sendable {
        fileprivate let departure: NIOLoopBound<HTTP2Departure>

        func streamCreated(_ id: HTTP2StreamID, channel: any Channel) {
            departure.value.plan.open(id)
            departure.value.idleTimer?.cancel()
        }

        func streamClosed(_ id: HTTP2StreamID, channel: any Channel) {
            let departure = departure.value
            let step = departure.plan.end()
            if departure.plan.isIdle { departure.awaitIdleness() }
            departure.carryOut(step)
        }
    }
}

/// The order of a connection's end, as values.
struct DeparturePlan {
    enum Step: Equatable {
        case nothing
        /// Say that no new request is wanted, and ask whether that was heard.
        case announce
        /// Say which request was the last one taken, and close when all of them are answered.
        case refuse(after: HTTP2StreamID, closes: Bool)
        case close
    }

    private enum Phase { case serving, announced, refusing }

    private var phase = Phase.serving
    private var open = 0
    private var last = HTTP2StreamID.rootStream

    /// Whether it has nothing to answer and is not on its way out.
    var isIdle: Bool { phase == .serving && open == 0 }

    mutating func open(_ id: HTTP2StreamID) {
        open += 1
        last = max(last, id)
    }

    mutating func end() -> Step {
        open -= 1
        return phase == .refusing && open == 0 ? .close : .nothing
    }

    mutating func leave() -> Step {
        guard phase == .serving else { return .nothing }
        phase = .announced
        return .announce
    }

    /// The client has heard the announcement, or has had its time to.
    mutating func hear() -> Step {
        guard phase == .announced else { return .nothing }
        phase = .refusing
        return .refuse(after: last, closes: open == 0)
    }
}
