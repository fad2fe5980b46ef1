import Glibc
import HeapModule
import Sockets

/// The connections and what is under way on them. Lives on the loop's thread.
final class HTTP2Engine {
    let poller: Poller
    private let loop: HTTP2Loop
    private let resolver = Resolver()
    /// Shared by all connections: what is read and not yet looked at lives no longer than a call.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)
    private(set) var now = ContinuousClock.now

    private var byOrigin: [Origin: [HTTP2Connection]] = [:]
    private var byNumber: [UInt64: HTTP2Connection] = [:]
    private var nextNumber: UInt64 = 1
    private var entries: [UInt64: (entry: CarriedRequest, connection: HTTP2Connection)] = [:]
    /// Connections with something to move.
    private var touched: [UInt64] = []
    private var reminders = Heap<Reminder>()

    /// Connections without requests are closed after this long.
    static let idleTime = Duration.seconds(90)
    /// A request that was turned away more often than this is given up: the server means it.
    private static let mostRefusals = 3

    private struct Reminder: Comparable {
        enum Subject: Equatable { case request(UInt64), connection(UInt64) }
        let at: ContinuousClock.Instant
        let subject: Subject
        static func < (left: Reminder, right: Reminder) -> Bool { left.at < right.at }
    }

    init(_ loop: HTTP2Loop) throws(SystemCallError) {
        self.loop = loop
        poller = try Poller()
    }

    deinit { buffer.deallocate() }

    // MARK: Commands

    func begin(_ begin: HTTP2Loop.Begin) {
        guard let origin = Origin(begin.request) else {
            return begin.recipient.finish(
                .failure(HTTPTransportError(.invalidRequest, "the request needs another transport")))
        }
        let entry = CarriedRequest(serial: begin.serial, request: begin.request, recipient: begin.recipient)
        if let timeout = begin.request.timeout {
            reminders.insert(Reminder(at: now + timeout, subject: .request(begin.serial)))
        }
        place(entry, at: origin)
    }

    private func place(_ entry: CarriedRequest, at origin: Origin) {
        let connection = byOrigin[origin]?.first { $0.hasRoom } ?? open(origin)
        entries[entry.serial] = (entry, connection)
        connection.add(entry)
        touch(connection)
    }

    private func open(_ origin: Origin) -> HTTP2Connection {
        let connection = HTTP2Connection(number: nextNumber, origin: origin, engine: self)
        nextNumber += 1
        byOrigin[origin, default: []].append(connection)
        byNumber[connection.number] = connection
        remind(connection, after: HTTP2Connection.connectTime)
        let (number, loop) = (connection.number, loop)
        resolver.resolve(origin.host) { loop.send(.resolved(number, $0)) }
        return connection
    }

    func cancel(_ serial: UInt64) {
        guard let (entry, connection) = entries.removeValue(forKey: serial) else { return }
        connection.cancel(entry)
        touch(connection)
        entry.recipient.finish(.failure(HTTPTransportError(.cancelled, "the request was cancelled")))
    }

    func pay(_ serial: UInt64, _ count: Int) {
        guard let (entry, connection) = entries[serial] else { return }
        connection.pay(entry, count)
        touch(connection)
    }

    func resolved(_ number: UInt64, _ addresses: [IPAddress]) { byNumber[number]?.resolved(addresses) }

    // MARK: Connections' side

    func touch(_ connection: HTTP2Connection) { touched.append(connection.number) }

    func remind(_ connection: HTTP2Connection, after time: Duration) {
        reminders.insert(Reminder(at: now + time, subject: .connection(connection.number)))
    }

    func finish(_ entry: CarriedRequest, _ ending: HTTP2Streams.Ending) {
        guard let placed = entries.removeValue(forKey: entry.serial) else { return }
        switch ending {
        case .done: entry.recipient.finish(.success(()))
        case .failed(let error): entry.recipient.finish(.failure(error))
        case .turnedAway:
            let origin = placed.connection.origin
            guard entry.refusals < Self.mostRefusals, let request = entry.recipient.repeatable else {
                let text = "\(origin.name): the server is closing the connection"
                return entry.recipient.finish(.failure(HTTPTransportError(.connectionLost, text)))
            }
            let again = CarriedRequest(
                serial: entry.serial, request: request, recipient: entry.recipient, refusals: entry.refusals + 1)
            place(again, at: origin)
        }
    }

    /// The server has no HTTP/2: who waited goes elsewhere.
    func isOnlyHTTP1(_ connection: HTTP2Connection, _ waiting: [CarriedRequest]) {
        connection.close()
        loop.remember(HTTP1Only(connection.origin))
        for entry in waiting {
            entries[entry.serial] = nil
            entry.recipient.finish(.failure(HTTP1Only(connection.origin)))
        }
    }

    func forget(_ connection: HTTP2Connection) {
        byNumber[connection.number] = nil
        byOrigin[connection.origin]?.removeAll { $0 === connection }
        if byOrigin[connection.origin]?.isEmpty == true { byOrigin[connection.origin] = nil }
    }

    // MARK: Turns

    /// Waits for something to do, and does it.
    func turn() {
        move()
        poller.wait(touched.isEmpty ? timeToNextReminder() : .zero)
        now = .now
        poller.tell()
        remindAll()
        move()
    }

    private func move() {
        let numbers = touched
        touched = []
        for number in numbers {
            guard let connection = byNumber[number] else { continue }
            if connection.turn() { touched.append(number) }
        }
    }

    private func timeToNextReminder() -> Duration? {
        guard let next = reminders.min else { return nil }
        return max(.zero, ContinuousClock.now.duration(to: next.at))
    }

    private func remindAll() {
        while let next = reminders.min, next.at <= now {
            _ = reminders.popMin()
            switch next.subject {
            case .connection(let number): byNumber[number]?.reminded()
            case .request(let serial):
                guard let (entry, connection) = entries.removeValue(forKey: serial) else { continue }
                connection.cancel(entry)
                touch(connection)
                let text = "\(connection.origin.name): no answer in time"
                entry.recipient.finish(.failure(HTTPTransportError(.timedOut, text)))
            }
        }
    }

    /// Closes everything; what is under way fails with `error`.
    func stop(_ error: HTTPTransportError) {
        for connection in Array(byNumber.values) { connection.end(error) }
    }
}

/// A server that took no offer of HTTP/2.
struct HTTP1Only: Error, Hashable, Sendable {
    let host: String
    let port: UInt16

    init(_ origin: Origin) {
        host = origin.host
        port = origin.port
    }
}
