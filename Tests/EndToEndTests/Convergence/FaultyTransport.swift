import HTTPTransport
import KubeObjects
import Synchronization

@testable import kamaji_manager

/// What goes wrong between a manager and its API server, by the dice: busy and failing servers, conflicts, answers that
/// are lost after the write was done, watches that break, expire, dawdle or end in the middle of a line.
final class FaultyTransport: HTTPTransport {
    enum Fault: String, CaseIterable, Sendable {
        case internalError, tooManyRequests, conflict, refused, lostAnswer, droppedWatch, expiredWatch, slowBody,
            halfLine
    }

    private let base: any HTTPTransport
    private let state: Mutex<State>

    private struct State {
        var generator: SeededGenerator
        var counts: [Fault: Int] = [:]
        var streams = 0
    }

    /// One request in so many meets a fault.
    private static let rarity = 6

    init(_ base: any HTTPTransport, seed: UInt64) {
        self.base = base
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    var counts: [Fault: Int] { state.withLock { $0.counts } }

    private func draw(_ faults: [Fault]) -> Fault? {
        state.withLock { state in
            guard Int.random(in: 1...Self.rarity, using: &state.generator) == 1,
                let fault = faults.randomElement(using: &state.generator)
            else { return nil }
            state.counts[fault, default: 0] += 1
            return fault
        }
    }

    /// Streams are few and last: the first ones all break, each in its own way, later ones every other time.
    private func drawForStream() -> Fault? {
        let faults: [Fault] = [.droppedWatch, .expiredWatch, .slowBody, .halfLine, .internalError, .refused]
        return state.withLock { state in
            state.streams += 1
            guard state.streams <= 3 * faults.count || Bool.random(using: &state.generator) else { return nil }
            let fault = faults[state.streams % faults.count]
            state.counts[fault, default: 0] += 1
            return fault
        }
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        // etcd's answers are gRPC; the faults here are those of an API server.
        guard request.version == .negotiated else { return try await base.send(request) }
        let mayConflict = request.method == "PATCH" || request.method == "PUT"
        switch draw([.internalError, .tooManyRequests, .refused, .lostAnswer] + (mayConflict ? [.conflict] : [])) {
        case .internalError: return Self.status(500, "InternalError")
        case .tooManyRequests: return Self.status(429, "TooManyRequests", headers: ["Retry-After": "0"])
        case .conflict: return Self.status(409, "Conflict")
        case .refused: throw HTTPTransportError(.connectFailed, "fault: connection refused")
        case .lostAnswer:
            _ = try await base.send(request)
            throw HTTPTransportError(.connectionLost, "fault: the connection was lost before the answer came")
        default: return try await base.send(request)
        }
    }

    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        let fault = drawForStream()
        switch fault {
        case .internalError:
            let answer = Self.status(500, "InternalError")
            return HTTPStreamingResponse(
                status: answer.status, headers: answer.headers, body: Self.body(answer.body))
        case .refused: throw HTTPTransportError(.connectFailed, "fault: connection refused")
        case .expiredWatch:
            let event: JSON = ["type": "ERROR", "object": Self.statusObject(410, "Expired")]
            return HTTPStreamingResponse(
                status: 200, headers: ["Content-Type": "application/json"],
                body: Self.body(event.encoded() + [10]))
        default: break
        }
        let answer = try await base.stream(request)
        return HTTPStreamingResponse(
            status: answer.status, headers: answer.headers, body: Self.disturbed(answer.body, by: fault))
    }

    /// A body that breaks after its first chunk, or comes byte by byte.
    private static func disturbed(_ body: HTTPBody, by fault: Fault?) -> HTTPBody {
        guard let fault, [.droppedWatch, .halfLine, .slowBody].contains(fault) else { return body }
        let reader = DisturbedReader(body, fault)
        return HTTPBody { try await reader.next() }
    }

    private actor DisturbedReader {
        private var iterator: HTTPBody.Iterator
        private let fault: Fault
        private var buffered: [UInt8] = []
        private var isBroken = false
        private var delivered = 0
        private static let slowBytes = 5_000

        init(_ body: HTTPBody, _ fault: Fault) {
            iterator = body.makeAsyncIterator()
            self.fault = fault
        }

        func next() async throws -> [UInt8]? {
            if isBroken {
                if fault == .droppedWatch { return nil }
                throw HTTPTransportError(.connectionLost, "fault: the peer closed its half in the middle of a line")
            }
            if buffered.isEmpty {
                var iterator = self.iterator
                guard let chunk = try await iterator.next() else { return nil }
                self.iterator = iterator
                buffered = chunk
            }
            switch fault {
            case .slowBody:
                // So slow that the server gives up in the end.
                delivered += 1
                isBroken = delivered == Self.slowBytes
                return [buffered.removeFirst()]
            case .halfLine:
                isBroken = true
                return Array(buffered.prefix(buffered.count / 2))
            default:
                isBroken = true
                return buffered
            }
        }
    }

    /// A body of one chunk.
    private static func body(_ chunk: [UInt8]) -> HTTPBody {
        let isRead = Stop()
        return HTTPBody {
            defer { isRead.mark() }
            return isRead.isMarked ? nil : chunk
        }
    }

    private static func status(_ code: Int, _ reason: String, headers: HTTPHeaders = [:]) -> HTTPResponse {
        var headers = headers
        headers["Content-Type"] = "application/json"
        return HTTPResponse(status: code, headers: headers, body: statusObject(code, reason).encoded())
    }

    private static func statusObject(_ code: Int, _ reason: String) -> JSON {
        [
            "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": JSON(code), "reason": .string(reason),
            "message": "a fault of the test",
        ]
    }
}
