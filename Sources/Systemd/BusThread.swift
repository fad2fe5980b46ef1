import Glibc
import Synchronization

/// A thread of its own for the bus: sd-bus objects belong to one thread, and its calls block. Jobs run in order.
final class BusThread: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeUp: CountingSemaphore

    init?() {
        guard let semaphore = CountingSemaphore() else { return nil }
        wakeUp = semaphore
        let body = Body { [self] in
            while let job = next() { job() }
        }
        guard body.start() else { return nil }
    }

    /// False once closed.
    func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isAccepted = state.withLock { state in
            guard !state.isClosed else { return false }
            state.jobs.append(job)
            return true
        }
        if isAccepted { wakeUp.signal() }
        return isAccepted
    }

    /// Queued jobs still run; the thread then ends.
    func close() {
        state.withLock { $0.isClosed = true }
        wakeUp.signal()
    }

    private func next() -> (@Sendable () -> Void)? {
        while true {
            let (job, isOver) = state.withLock { state in
                state.jobs.isEmpty ? (nil, state.isClosed) : (state.jobs.removeFirst(), false)
            }
            if let job { return job }
            if isOver { return nil }
            wakeUp.wait()
        }
    }

    private final class Body: Sendable {
        private let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }

        /// Signals stay with the threads that expect them.
        func start() -> Bool {
            var blocked = sigset_t()
            var previous = sigset_t()
            sigfillset(&blocked)
            pthread_sigmask(SIG_SETMASK, &blocked, &previous)
            defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
            var thread: pthread_t = 0
            let context = Unmanaged.passRetained(self)
            let code = pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                    return nil
                }, context.toOpaque())
            if code == 0 { pthread_detach(thread) } else { context.release() }
            return code == 0
        }
    }
}

/// A POSIX counting semaphore.
final class CountingSemaphore: @unchecked Sendable {  // sem_t is made for use from many threads
    private let handle: UnsafeMutablePointer<sem_t>

    init?() {
        handle = .allocate(capacity: 1)
        guard sem_init(handle, 0, 0) == 0 else {
            handle.deallocate()
            return nil
        }
    }

    deinit {
        sem_destroy(handle)
        handle.deallocate()
    }

    func signal() { sem_post(handle) }

    func wait() { while sem_wait(handle) != 0 && errno == EINTR {} }
}
