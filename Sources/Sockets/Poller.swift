import CLinux
import Glibc

/// Who wants to know when a descriptor can be read or written.
package protocol Pollable: AnyObject {
    func ready(_ readiness: Poller.Readiness)
}

/// epoll, edge-triggered: each readiness is told once, and holds until a call would have blocked. So nothing need be
/// said to the kernel when reading is put off for a while.
package final class Poller {
    package struct Readiness: OptionSet, Sendable {
        package let rawValue: Int
        package static let read = Readiness(rawValue: 1)
        package static let write = Readiness(rawValue: 2)

        package init(rawValue: Int) { self.rawValue = rawValue }
    }

    private let epoll: Int32
    /// Written to from other threads, to end a wait.
    package let wakeUp: Int32
    private var registered: [UInt64: any Pollable] = [:]
    private var nextToken: UInt64 = 1
    private var arrived: Int32 = 0
    private var events = [epoll_event](repeating: epoll_event(), count: 256)

    package init() throws(SystemCallError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard epoll >= 0, wakeUp >= 0, kmj_epoll_add(epoll, wakeUp, kmj_epoll_in, 0) == 0 else {
            throw SystemCallError(code: errno)
        }
    }

    deinit {
        close(epoll)
        close(wakeUp)
    }

    /// Nil when the kernel refuses; the descriptor is never polled then.
    package func add(_ descriptor: Int32, _ pollable: any Pollable) -> UInt64? {
        let token = nextToken
        nextToken += 1
        guard kmj_epoll_add(epoll, descriptor, kmj_epoll_edges, token) == 0 else { return nil }
        registered[token] = pollable
        return token
    }

    package func remove(_ token: UInt64, _ descriptor: Int32) {
        guard registered.removeValue(forKey: token) != nil else { return }
        _ = kmj_epoll_remove(epoll, descriptor)
    }

    /// Waits for news, which `tell` then tells.
    /// - Parameter timeout: nil waits for ever.
    package func wait(_ timeout: Duration?) {
        arrived = max(0, epoll_wait(epoll, &events, Int32(events.count), timeout?.milliseconds ?? -1))
    }

    package func tell() {
        for index in 0..<Int(arrived) {
            let (token, flags) = withUnsafePointer(to: events[index]) { (kmj_epoll_token($0), kmj_epoll_flags($0)) }
            if token == 0 {
                var value: UInt64 = 0
                _ = read(wakeUp, &value, 8)
                continue
            }
            var readiness: Readiness = []
            if flags & ~kmj_epoll_out != 0 { readiness.insert(.read) }
            if flags & (kmj_epoll_out | kmj_epoll_broken) != 0 { readiness.insert(.write) }
            registered[token]?.ready(readiness)
        }
    }
}
