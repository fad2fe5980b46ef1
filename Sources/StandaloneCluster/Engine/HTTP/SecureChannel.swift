import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP2
import NIOSSL
import NIOTLS

/// A TLS connection that speaks HTTP/2 with clients that can (ALPN), so that a client's watches and requests share one
/// connection, and HTTP/1.1 with the others.
///
/// Told to quiesce, a connection lets what is asked already be answered, and closes: an HTTP/2 one within
/// `HTTP2Departure`'s periods, whatever its client does meanwhile.
struct SecureChannel: ServerChildChannel {
    typealias Stream = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    enum Connection: Sendable {
        case http1(Stream)
        case http2(NIOHTTP2Handler.AsyncStreamMultiplexer<Stream>)
    }

    struct Value: ServerChildChannelValue {
        let connection: EventLoopFuture<Connection>
        let channel: any Channel
    }

    private let context: NIOSSLContext
    private let http1: HTTP1Channel
    private let idleTimeout: TimeAmount
    private let streams: Int

    /// - Parameters:
    ///   - http1: answers the requests of both versions.
    ///   - streams: how many requests and watches one HTTP/2 connection may carry at a time; 0 offers HTTP/1.1 alone.
    init(_ http1: HTTP1Channel, tls: TLSConfiguration, streams: Int, idleTimeout: TimeAmount) throws {
        var tls = tls
        tls.applicationProtocols = streams > 0 ? ["h2", "http/1.1"] : ["http/1.1"]
        context = try NIOSSLContext(configuration: tls)
        self.http1 = http1
        self.idleTimeout = idleTimeout
        self.streams = streams
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Connection> { result in
                guard result == .negotiated("h2") else {
                    return http1.setup(channel: channel, logger: logger).map { .http1($0) }
                }
                return channel.eventLoop.makeCompletedFuture { .http2(try startHTTP2(on: channel)) }
            }
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(NIOSSLServerHandler(context: context))
            try pipeline.addHandler(HandshakePatience())
            try pipeline.addHandler(negotiation)
            return Value(connection: negotiation.protocolNegotiationResult, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.connection.get() {
            case .http1(let stream): await http1.handle(value: stream, logger: logger)
            case .http2(let streams): try await answer(streams, logger)
            }
        } catch {
            // The client left during the handshake, or said what is no HTTP/2.
            logger.debug("connection ended", metadata: ["error": "\(error)"])
            value.channel.close(promise: nil)
        }
    }

    private func answer(_ streams: NIOHTTP2Handler.AsyncStreamMultiplexer<Stream>, _ logger: Logger) async throws {
        let http1 = http1
        try await withThrowingDiscardingTaskGroup { group in
            for try await stream in streams.inbound {
                group.addTask { await http1.handle(value: stream, logger: logger) }
            }
        }
    }

    private func startHTTP2(on channel: any Channel) throws -> NIOHTTP2Handler.AsyncStreamMultiplexer<Stream> {
        let departure = HTTP2Departure(eventLoop: channel.eventLoop, idleTimeout: idleTimeout)
        let pipeline = channel.pipeline.syncOperations
        let streams = try pipeline.configureAsyncHTTP2Pipeline(
            mode: .server, streamDelegate: departure.streams, configuration: configuration
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTPServerCodec())
                return try Stream(wrappingChannelSynchronously: stream)
            }
        }
        try pipeline.addHandler(departure)
        return streams
    }

    /// As kube-apiserver has it, 256 KiB of a request may be on their way in each stream.
    private var configuration: NIOHTTP2Handler.Configuration {
        var configuration = NIOHTTP2Handler.Configuration()
        configuration.connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: streams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 128 * 1024),
            HTTP2Setting(parameter: .initialWindowSize, value: 256 * 1024),
        ]
        configuration.connection.targetWindowSize = 1024 * 1024
        configuration.stream.targetWindowSize = 256 * 1024
        // NIO ends a connection at 200 of either in half a minute. A controller that lets go of its watches, or a client
        // that says for each request how urgent it is, comes by them honestly.
        configuration.stream.streamResetFrameRateLimit.maximumCount = 5_000
        configuration.connection.controlFrameRateLimit.maximumCount = 5_000
        return configuration
    }
}

/// Closes a connection whose client takes too long over the handshake, or that is told to quiesce before it is done.
private final class HandshakePatience: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private static let limit = TimeAmount.seconds(30)
    private var timer: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: Self.limit) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        switch event {
        case is ChannelShouldQuiesceEvent: context.close(promise: nil)
        // Behind those that are told above: from out of the pipeline nobody would hear it.
        case TLSUserEvent.handshakeCompleted: context.pipeline.syncOperations.removeHandler(self, promise: nil)
        default: break
        }
    }
}
