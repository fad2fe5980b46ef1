import NIOCore
import NIOPosix
import Synchronization

/// Listens on one address and port, and carries every connection to a target that is asked for when it comes.
package final class TCPForwarder: Sendable {
    /// Where connections go.
    package struct Target: Sendable, Hashable, CustomStringConvertible {
        /// An IP address, or a name to be looked up at each connection.
        package let host: String
        package let port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        package var description: String { "\(host):\(port)" }
    }

    private enum State {
        case idle
        case listening(any Channel)
    }

    private static let backlog: Int32 = 256
    private static let retryPeriod = TimeAmount.milliseconds(20)
    private static let drainPeriod = Duration.milliseconds(10)
    private static let connectTimeout = TimeAmount.seconds(10)

    let address: String
    private let wantedPort: Int
    private let patience: TimeAmount
    private let target: @Sendable () -> Target?
    private let state = Mutex(State.idle)
    private let carried = Atomic(0)

    /// - Parameters:
    ///   - port: 0 takes any free one.
    ///   - patience: For how long a connection is held, and `target` asked again, when there is no target or it takes
    ///     no connection: what served it is just being replaced.
    ///   - target: Asked for each connection, on a thread that must not be kept waiting; nil refuses it.
    package init(
        address: String, port: Int, patience: Duration = .zero, target: @escaping @Sendable () -> Target?
    ) {
        self.address = address
        self.patience = TimeAmount(patience)
        wantedPort = port
        self.target = target
    }

    /// The port that is listened on; nil while nothing is.
    package var port: Int? {
        state.withLock { state in
            guard case .listening(let channel) = state else { return nil }
            return channel.localAddress?.port
        }
    }

    /// Listens from its return on. Does nothing when it does so already.
    package func start() async throws(BindError) {
        guard port == nil else { return }
        let (target, patience) = (target, patience)
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] client in
                carried.add(1, ordering: .relaxed)
                client.closeFuture.whenComplete { _ in self.carried.subtract(1, ordering: .relaxed) }
                return Self.connect(client, to: target, until: .now() + patience)
            }
        let listener: any Channel
        do {
            listener = try await bootstrap.bind(host: address, port: wantedPort).get()
        } catch {
            throw BindError(address: address, port: wantedPort, cause: error)
        }
        let isSecond = state.withLock { state in
            guard case .idle = state else { return true }
            state = .listening(listener)
            return false
        }
        if isSecond { try? await listener.close().get() }
    }

    /// The port is free again when this returns. Connections that stand go on until one of their sides ends them.
    package func stop() async {
        let listener = state.withLock { state -> (any Channel)? in
            guard case .listening(let channel) = state else { return nil }
            state = .idle
            return channel
        }
        try? await listener?.close().get()
    }

    /// Returns once no connection is left, or after `limit`. What its target answered last is then with the client.
    package func drained(within limit: Duration) async {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while carried.load(ordering: .relaxed) > 0, clock.now < deadline {
            guard (try? await clock.sleep(for: Self.drainPeriod)) != nil else { return }
        }
    }

    /// A client is read from once this future succeeds; it is closed when it fails.
    private static func connect(
        _ client: any Channel, to target: @escaping @Sendable () -> Target?, until deadline: NIODeadline
    ) -> EventLoopFuture<Void> {
        let loop = client.eventLoop
        return connect(client, to: target()).flatMapError { error in
            guard NIODeadline.now() + retryPeriod < deadline else { return loop.makeFailedFuture(error) }
            return loop.flatScheduleTask(in: retryPeriod) { connect(client, to: target, until: deadline) }.futureResult
        }
    }

    private static func connect(_ client: any Channel, to target: Target?) -> EventLoopFuture<Void> {
        guard let target else { return client.eventLoop.makeFailedFuture(NoTarget()) }
        // On the client's own loop, so that the two halves may call each other.
        return ClientBootstrap(group: client.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(connectTimeout)
            .connect(host: target.host, port: target.port)
            .flatMapThrowing { server in
                let (near, far) = ForwardingHandler.pair()
                do {
                    try client.pipeline.syncOperations.addHandler(near)
                    try server.pipeline.syncOperations.addHandler(far)
                } catch {
                    server.close(promise: nil)
                    throw error
                }
            }
    }

    private struct NoTarget: Error {}
}

/// Why a port cannot be listened on.
package struct BindError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(address: String, port: Int, cause: any Error) {
        let way =
            switch (cause as? IOError)?.errnoCode {
            case EADDRINUSE: "another process or Service listens there: end it, or choose another port"
            case EACCES, EPERM: "ports below 1024 need CAP_NET_BIND_SERVICE"
            case EADDRNOTAVAIL: "the address is not one of this machine's"
            default: "\(cause)"
            }
        description = "cannot listen on \(address):\(port): \(way)"
    }
}
