import Glibc

/// A thread of its own for what blocks, one call after the other; it lives until this object goes.
///
/// Processes are spawned on one of these for another reason too: Linux ends a child that asked for it when the thread
/// that made it ends, so that thread has to live as long as the runtime.
final class RuntimeThread: Sendable {
    private let thread: DatabaseThread<@Sendable () -> Void>

    init() throws {
        thread = try DatabaseThread(process: { jobs in for job in jobs { job() } }, end: {})
    }

    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let isQueued = thread.submit { continuation.resume(with: Swift.Result { try body() }) }
            if !isQueued { continuation.resume(throwing: CancellationError()) }
        }
    }
}

/// A thread for one blocking call that may last as long as a process does: its stack is small, there are many.
enum WaitingThread {
    private static let stackSize = 256 << 10

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// False when the machine has no thread left.
    static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Signals stay with the threads that expect them.
        var blocked = sigset_t()
        var previous = sigset_t()
        sigfillset(&blocked)
        pthread_sigmask(SIG_SETMASK, &blocked, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        let body = Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { body in
                guard let body else { return nil }
                Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        if code != 0 { body.release() }
        return code == 0
    }
}
