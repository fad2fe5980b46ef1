import Glibc
import Synchronization

/// Looks names up. `getaddrinfo` blocks for as long as it pleases, so each lookup has a thread for its life; no more
/// than a few at a time, the rest waits its turn.
package final class Resolver: Sendable {
    package typealias Answer = @Sendable ([IPAddress]) -> Void

    private struct Lookup: Sendable {
        let host: String
        let answer: Answer
    }

    private struct State {
        var waiting: [Lookup] = []
        var running = 0
    }

    private static let maxThreads = 4
    /// Lookups that wait; more are answered with nothing at once.
    private static let maxWaiting = 256

    private let state = Mutex(State())

    package init() {}

    /// - Parameter answer: called on another thread, once; with nothing when the name has no address.
    package func resolve(_ host: String, _ answer: @escaping Answer) {
        if let address = IPAddress(host) { return answer([address]) }
        let lookup = Lookup(host: host, answer: answer)
        enum Outcome { case start, wait, refuse }
        let outcome: Outcome = state.withLock { state in
            if state.running < Self.maxThreads {
                state.running += 1
                return .start
            }
            guard state.waiting.count < Self.maxWaiting else { return .refuse }
            state.waiting.append(lookup)
            return .wait
        }
        switch outcome {
        case .start: start(lookup)
        case .wait: break
        case .refuse: answer([])
        }
    }

    private func start(_ first: Lookup) {
        let code = SystemThread.start {
            var next: Lookup? = first
            while let lookup = next {
                lookup.answer(Self.addresses(of: lookup.host))
                next = self.state.withLock { state in
                    if state.waiting.isEmpty {
                        state.running -= 1
                        return nil
                    }
                    return state.waiting.removeFirst()
                }
            }
        }
        guard code != 0 else { return }
        state.withLock { $0.running -= 1 }
        first.answer([])
    }

    private static func addresses(of host: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [IPAddress] = []
        var entry = list
        while let current = entry?.pointee {
            entry = current.ai_next
            guard let address = current.ai_addr, let value = read(address, current.ai_family) else { continue }
            if !found.contains(value) { found.append(value) }
        }
        return found
    }

    private static func read(_ address: UnsafeMutablePointer<sockaddr>, _ family: Int32) -> IPAddress? {
        switch family {
        case AF_INET:
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin_addr) { IPAddress(bytes: Array($0)) }
            }
        case AF_INET6:
            address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin6_addr) { IPAddress(bytes: Array($0)) }
            }
        default: nil
        }
    }
}
