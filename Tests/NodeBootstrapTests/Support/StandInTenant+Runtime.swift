import HTTPTransport

@testable import NodeBootstrap

/// A container runtime at the machine's socket, which answers what the agent asks one over CRI.
struct StandInRuntime: Sendable {
    var name = "containerd"
    var version = "1.6.20"
    /// Nil: it cannot tell, as before containerd 2.
    var cgroupDriver: String?
    var sandboxes: [(id: String, uid: String, name: String)] = []
    var refusesRemoval = false
    var isDown = false

    /// - Throws: what a client sees where nobody listens.
    mutating func answer(_ method: Substring, _ message: [UInt8]) throws -> HTTPResponse {
        if isDown { throw HTTPTransportError(.connectFailed, "connection refused") }
        switch method {
        case "Version": return Self.response(Self.text(2, name) + Self.text(3, version))
        case "Status":
            let ready = Self.text(1, "RuntimeReady") + [0x10, 1]
            return Self.response(Self.field(1, Self.field(1, ready)))
        case "RuntimeConfig":
            guard let cgroupDriver else { return Self.failure(12, "unknown method RuntimeConfig") }
            return Self.response(Self.field(1, [0x08, cgroupDriver == "cgroupfs" ? 1 : 0]))
        case "ListPodSandbox":
            return Self.response(
                sandboxes.flatMap { sandbox in
                    let metadata = Self.text(1, sandbox.name) + Self.text(2, sandbox.uid)
                    return Self.field(1, Self.text(1, sandbox.id) + Self.field(2, metadata))
                })
        case "StopPodSandbox": return refusesRemoval ? Self.failure(4, "deadline exceeded") : Self.response([])
        case "RemovePodSandbox":
            let id = ProtobufFields(message.dropFirst(5)).text(1)
            sandboxes.removeAll { $0.id == id }
            return Self.response([])
        default: return Self.failure(12, "unknown method \(method)")
        }
    }

    private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(content.count)] + content
    }

    private static func text(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

    private static func response(_ message: [UInt8]) -> HTTPResponse {
        HTTPResponse(
            status: 200, headers: ["grpc-status": "0"], body: [0, 0, 0, 0, UInt8(message.count)] + message)
    }

    private static func failure(_ code: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(status: 200, headers: ["grpc-status": "\(code)", "grpc-message": text])
    }
}
