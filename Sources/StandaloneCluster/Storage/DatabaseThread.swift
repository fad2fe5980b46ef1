import Glibc
import Synchronization

/// A thread of its own for calls that block. Jobs run in the order they came; whatever has gathered while one batch
/// ran is the next batch, which is what lets a writer commit many jobs at once.
final class DatabaseThread<Job: Sendable>: Sendable {
    private let queue = JobQueue<Job>()

    /// Starts the thread. `process` is called on it with one or more jobs at a time; `end` is called on it last.
    init(process: @escaping @Sendable ([Job]) -> Void, end: @escaping @Sendable () -> Void) throws(StorageError) {
        let body = ThreadBody { [queue] in
            while let jobs = queue.next() { process(jobs) }
            end()
            queue.finished.signal()
        }
        guard body.start() else { throw .database(code: 0, message: "cannot start a database thread") }
    }

    deinit { queue.close() }

    /// Queues `job`; false once the thread was told to stop.
    func submit(_ job: Job) -> Bool { queue.append(job) }

    /// Lets queued jobs finish, then ends the thread. Blocks until it has ended; a second call does nothing.
    func close() {
        if queue.close() { queue.finished.wait() }
    }
}

private final class JobQueue<Job: Sendable>: Sendable {
    private struct State {
        var pending: [Job] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeUp = Semaphore()
    let finished = Semaphore()

    func append(_ job: Job) -> Bool {
        let accepted = state.withLock { state in
            guard !state.isClosed else { return false }
            state.pending.append(job)
            return true
        }
        if accepted { wakeUp.signal() }
        return accepted
    }

    /// Everything that is queued, waiting for at least one job; nil when the queue is closed and empty.
    func next() -> [Job]? {
        while true {
            let (jobs, isClosed) = state.withLock { state in
                let jobs = state.pending
                state.pending = []
                return (jobs, state.isClosed)
            }
            if !jobs.isEmpty { return jobs }
            if isClosed { return nil }
            wakeUp.wait()
        }
    }

    /// True for the first call only.
    @discardableResult
    func close() -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if isFirst { wakeUp.signal() }
        return isFirst
    }
}

/// A POSIX counting semaphore.
private final class Semaphore: @unchecked Sendable {  // sem_t is made for use from many threads
    private let handle: UnsafeMutablePointer<sem_t>

    init() {
        handle = .allocate(capacity: 1)
        sem_init(handle, 0, 0)
    }

    deinit {
        sem_destroy(handle)
        handle.deallocate()
    }

    func signal() { sem_post(handle) }

    func wait() { while sem_wait(handle) != 0 && errno == EINTR {} }
}

/// What a new thread runs. Signals stay with the threads that expect them.
private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }

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
                Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        if code == 0 { pthread_detach(thread) }
        if code != 0 { context.release() }
        return code == 0
    }
}
