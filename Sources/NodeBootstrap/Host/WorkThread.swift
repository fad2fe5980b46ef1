import Glibc
import Synchronization

/// A thread of its own for calls that block: SQLite, fsync, getaddrinfo. Jobs run in the order they came; letting go of
/// the thread ends it after them.
package final class WorkThread: Sendable {
    private let queue = Queue()

    package init() throws(HostError) {
        guard let wakeUp = queue.wakeUp else { throw HostError("sem_init", "", errno) }
        _ = wakeUp
        let body = ThreadBody { [queue] in
            while let job = queue.next() { job() }
        }
        let code = body.start()
        guard code == 0 else { throw HostError("pthread_create", "", code) }
    }

    deinit { queue.close() }

    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let queue = queue
        let outcome: Result<Value, any Error> = await withCheckedContinuation { continuation in
            let isAccepted = queue.append { continuation.resume(returning: Result { try body() }) }
            if !isAccepted { continuation.resume(returning: .failure(HostError("run", "", ECANCELED))) }
        }
        return try outcome.get()
    }

    private final class Queue: Sendable {
        private struct State {
            var jobs: [@Sendable () -> Void] = []
            var isClosed = false
        }

        private let state = Mutex(State())
        let wakeUp = Semaphore()

        func append(_ job: @escaping @Sendable () -> Void) -> Bool {
            let isAccepted = state.withLock { state in
                guard !state.isClosed else { return false }
                state.jobs.append(job)
                return true
            }
            if isAccepted { wakeUp?.signal() }
            return isAccepted
        }

        func close() {
            state.withLock { $0.isClosed = true }
            wakeUp?.signal()
        }

        func next() -> (@Sendable () -> Void)? {
            while true {
                let (job, isOver) = state.withLock { state in
                    state.jobs.isEmpty ? (nil, state.isClosed) : (state.jobs.removeFirst(), false)
                }
                if let job { return job }
                if isOver { return nil }
                wakeUp?.wait()
            }
        }
    }

    private final class Semaphore: @unchecked Sendable {  // sem_t is made for use from many threads
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

    private final class ThreadBody: Sendable {
        private let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }

        /// Signals stay with the threads that expect them.
        func start() -> Int32 {
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
                    Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
                    return nil
                }, context.toOpaque())
            if code == 0 { pthread_detach(thread) } else { context.release() }
            return code
        }
    }
}

/// A system call that was refused.
package struct HostError: Error, Sendable, Hashable, CustomStringConvertible {
    package let operation: String
    package let path: String
    package let code: Int32

    package init(_ operation: String, _ path: String, _ code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    package var description: String {
        "cannot \(operation)\(path.isEmpty ? "" : " \(path)"): \(String(cString: strerror(code)))"
    }
}
