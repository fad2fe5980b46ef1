import NIOCore
import NIOPosix

/// Lets connections in until it is closed, and knows when the last one that came in has been handed over.
///
/// A connection that NIO has accepted while its server's stream of connections ends is owned by nobody, and that NIO
/// answers with a crash. So the door is closed first, and the stream ended when nobody stands between.
actor ServerDoor {
    private let loops: MultiThreadedEventLoopGroup
    private var listener: (any Channel)?
    private var isClosed = false

    init(_ loops: MultiThreadedEventLoopGroup) { self.loops = loops }

    /// Takes the listening channel, which accepts already.
    func open(_ listener: any Channel) async {
        self.listener = listener
        if isClosed { await close() }
    }

    /// Accepts nobody any more. Returns when whoever was accepted before has reached the server.
    func close() async {
        isClosed = true
        guard let listener else { return }
        try? await listener.setOption(.autoRead, value: false).get()
        // Accepted on the listener's loop, made ready on one of its own, handed over on the listener's: twice, for the
        // one that was accepted while the option was on its way.
        for _ in 0..<2 {
            try? await listener.eventLoop.submit {}.get()
            for loop in loops.makeIterator() { try? await loop.submit {}.get() }
        }
        try? await listener.eventLoop.submit {}.get()
    }
}
